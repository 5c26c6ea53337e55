#!/usr/bin/env python3
"""Writes a large table of made-up customers with the dirt of real ones, to time how tables are prepared.

    bench/make_dirty_table.py [--rows 5000000] [--seed 0] [--out dirty.csv]

30 columns: id, 20 numbers with two decimals (n0 to n19, the first of them with most to say about the
label), 8 categories of 2 to 200 levels (c0 to c7) and the label churn. 3 % of the numbers and 2 % of the
categories are missing, 1 in 2000 numbers is far out, and 1 % of the rows repeat an earlier row exactly.
193 bytes a row. The same seed gives the same bytes with the same version of NumPy, which it needs.
"""

import argparse
import sys

try:
    import numpy
except ImportError:
    sys.exit("This needs NumPy in the Python that runs it: python3 -m venv venv && venv/bin/pip install numpy")

NUMBERS = 20
LEVELS = (2, 3, 5, 8, 12, 30, 80, 200)
MISSING_NUMBERS, MISSING_CATEGORIES = 0.03, 0.02
OUTLIERS, REPEATED = 1 / 2000, 0.01
CHUNK = 100_000  # rows made at a time; a repeated row stands among the chunk's rows
WORDS = ("north", "south", "east", "west", "gold", "basic", "card", "cash", "app", "web")


def texts_of_cents():
    """The spelling of 0, 1, ... hundredths, by their number; the last stands for a missing value."""
    return numpy.array([f"{cents // 100}.{cents % 100:02d}" for cents in range(1_000_000)] + [""], dtype=object)


def level_names(count):
    return numpy.array([f"{WORDS[level % len(WORDS)]}{level // len(WORDS)}" for level in range(count)] + [""],
                       dtype=object)


def draw_numbers(generator, rows):
    """Numbers in hundredths, [NUMBERS, rows], and for each row what they say about the label."""
    gaussians = generator.standard_normal((NUMBERS, rows))
    weights = 0.6 * 0.85 ** numpy.arange(NUMBERS)
    scales = 40 + 15 * numpy.arange(NUMBERS)
    cents = numpy.rint(100 * (scales[:, None] * numpy.exp(0.5 * gaussians)))
    is_outlier = generator.random((NUMBERS, rows)) < OUTLIERS
    cents = numpy.where(is_outlier, 10 * cents, cents)
    return numpy.minimum(cents, 999_999).astype(numpy.int64), weights @ gaussians


def make_rows(generator, first_id, rows, cents_texts, names):
    """The lines of so many rows."""
    cents, evidence = draw_numbers(generator, rows)
    cents[generator.random(cents.shape) < MISSING_NUMBERS] = len(cents_texts) - 1
    columns = [map(str, range(first_id, first_id + rows)), *cents_texts[cents]]
    for levels in names:
        popularity = 1 / (1 + numpy.arange(len(levels) - 1))
        codes = generator.choice(len(levels) - 1, size=rows, p=popularity / popularity.sum())
        evidence += 0.2 * (codes % 3 - 1)
        codes[generator.random(rows) < MISSING_CATEGORIES] = len(levels) - 1
        columns.append(levels[codes])
    is_churned = evidence + generator.logistic(size=rows) > 1.5
    columns.append(numpy.where(is_churned, "1", "0"))
    lines = [",".join(fields) for fields in zip(*columns)]
    for row in numpy.flatnonzero(generator.random(rows - 1) < REPEATED) + 1:
        lines[row] = lines[generator.integers(row)]
    return lines


def write_table(out, rows, seed=0):
    """Writes header and rows to a file that is open for text."""
    generator = numpy.random.default_rng(seed)
    cents_texts, names = texts_of_cents(), [level_names(count) for count in LEVELS]
    header = ["id", *(f"n{i}" for i in range(NUMBERS)), *(f"c{i}" for i in range(len(LEVELS))), "churn"]
    out.write(",".join(header) + "\n")
    for first in range(0, rows, CHUNK):
        lines = make_rows(generator, 1_000_000 + first, min(CHUNK, rows - first), cents_texts, names)
        out.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="-", help="file, - for standard output")
    arguments = parser.parse_args()
    if arguments.out == "-":
        write_table(sys.stdout, arguments.rows, arguments.seed)
    else:
        with open(arguments.out, "w", encoding="utf-8") as out:
            write_table(out, arguments.rows, arguments.seed)


if __name__ == "__main__":
    main()
