#!/usr/bin/env python3
"""Writes a table of random customers with the columns of a real one, row by row.

    bench/make_table.py --like wa_churn.csv --rows 1000000 --out table.csv

Texts and numbers of few values are drawn from those that the real column has, as often as they
occur; other numbers are uniform in its range, with its decimals. The same seed gives the same bytes.
"""

import argparse
import collections
import csv
import random
import sys

FEW = 64  # distinct values up to which a column's own values are drawn


def decimals(text):
    return len(text.partition(".")[2])


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def make_drawer(generator, values):
    """A function of a count that gives so many random values like `values`, as texts."""
    present = [value for value in values if value != ""]
    counts = collections.Counter(values)
    if len(counts) <= FEW or not all(is_number(value) for value in present):
        texts, weights = list(counts), list(counts.values())
        return lambda count: generator.choices(texts, weights, k=count)
    low, high = min(map(float, present)), max(map(float, present))
    places = max(map(decimals, present))
    missing = 1 - len(present) / len(values)

    def draw(count):
        numbers = (f"{generator.uniform(low, high):.{places}f}" for _ in range(count))
        if missing == 0:
            return list(numbers)
        return ["" if generator.random() < missing else number for number in numbers]

    return draw


def write_table(like, rows, out, seed=0, chunk=10_000):
    """Writes `rows` rows with the header of the file `like` to the open file `out`."""
    with open(like, newline="", encoding="utf-8") as file:
        header, *records = csv.reader(file)
    generator = random.Random(seed)
    drawers = [make_drawer(generator, column) for column in zip(*records)]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    while rows > 0:
        count = min(rows, chunk)
        writer.writerows(zip(*(draw(count) for draw in drawers)))
        rows -= count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--like", required=True, help="CSV file whose columns to imitate")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="-", help="file, - for standard output")
    arguments = parser.parse_args()
    if arguments.out == "-":
        write_table(arguments.like, arguments.rows, sys.stdout, arguments.seed)
    else:
        with open(arguments.out, "w", newline="", encoding="utf-8") as out:
            write_table(arguments.like, arguments.rows, out, arguments.seed)


if __name__ == "__main__":
    main()
