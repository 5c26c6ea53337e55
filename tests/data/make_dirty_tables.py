#!/usr/bin/env python3
"""Remakes dirty_tables.json: python3 make_dirty_tables.py > dirty_tables.json

Random tables written by Python's csv module in every dialect that ebb reads, with the cells that must come
back and the line on which each row begins.
"""
import csv
import io
import json
import random

PIECES = ["a", "é", "客户", "0", "1.5", "-7", " ", '"', '""', ",", ";", "|", "\t", "\n", "\r\n", "NA", "#", "'", "\\"]


def cell(rng, quoting):
    text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(5)))
    # Blanks at the ends of a field without quotes are cut off.
    return text if quoting == csv.QUOTE_ALL else text.strip(" \t\r\n")


def table(rng):
    delimiter = rng.choice(",;|\t")
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    line_end = rng.choice(["\n", "\r\n"])
    columns = rng.randrange(1, 6)
    header = [f"列{i}" if rng.random() < 0.3 else f"c{i}" for i in range(columns)]
    rows = [[cell(rng, quoting) for _ in range(columns)] for _ in range(rng.randrange(1, 12))]
    if delimiter == "\t" or columns > 1:
        # A row of blanks only would be a blank line in no dialect but these two.
        for row in rows:
            if not any(row):
                row[0] = "x"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerow(header)
    lines = []
    for row in rows:
        lines.append(1 + out.getvalue().count("\n"))
        writer.writerow(row)
    text = out.getvalue()
    if rng.random() < 0.3:
        text = text[:-len(line_end)]
    if rng.random() < 0.3:
        text = "\ufeff" + text
    return {"delimiter": delimiter, "text": text, "header": header, "rows": rows, "lines": lines}


def main():
    rng = random.Random(20240229)
    print("[" + ",\n".join(json.dumps(table(rng), ensure_ascii=False) for _ in range(150)) + "]")


if __name__ == "__main__":
    main()
