#!/usr/bin/env python3
"""Splits a CSV into training and held-out rows, stratified by the label and seeded.

usage: split_table.py --data T.csv --target COLUMN --train OUT.csv --heldout OUT.csv
                      [--fraction 0.2] [--seed 0]
"""

import argparse
import csv
import random

from csv_output import write_table


def heldout_rows(labels, fraction, seed):
    """Row numbers to hold out: the given fraction of every class, drawn at random."""
    by_class = {}
    for row, label in enumerate(labels):
        by_class.setdefault(label, []).append(row)
    draw = random.Random(seed)
    chosen = set()
    for label in sorted(by_class):
        rows = by_class[label]
        chosen.update(draw.sample(rows, round(fraction * len(rows))))
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--heldout", required=True)
    parser.add_argument("--fraction", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    with open(options.data, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    if options.target not in header:
        parser.error(f"{options.data} has no column {options.target!r}; it has {', '.join(header)}")
    target = header.index(options.target)
    heldout = heldout_rows([row[target] for row in rows], options.fraction, options.seed)
    write_table(options.train, header, (row for n, row in enumerate(rows) if n not in heldout))
    write_table(options.heldout, header, (row for n, row in enumerate(rows) if n in heldout))
    print(f"{len(rows) - len(heldout)} training rows, {len(heldout)} held out")


if __name__ == "__main__":
    main()
