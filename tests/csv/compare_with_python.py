"""The CSV reader against Python's csv module, on generated dirty files.

    compare_with_python.py PROGRAM [FILES [SEED]]

PROGRAM is print_cells.cpp, built. `expected` is the model: Python's csv module in strict mode, and
beside it, each in its own step, where ebb differs on purpose.
"""

import csv
import json
import random
import re
import subprocess
import sys

BATCH = 500

PIECES = ["a", "bc", "0", "1.5", "-7", "é", "客户", "NA", "#", "'", "\\", " ", "  ", "\t", '"', '""',
          "\n", "\r\n", "\r", ",", ";", "|", "\ufeff"]
CLEAN = [piece for piece in PIECES if not set(piece) & set('"\n\r,;|\t')]


def padding_of(delimiter):
    return " \r" if delimiter == "\t" else " \t\r"


# The model.

class Refused(Exception):
    """What ebb must refuse; its argument says why."""


def decoded(content):
    """Differs: text is UTF-8 without NUL, and a byte order mark is skipped."""
    if b"\0" in content:
        raise Refused("a NUL byte")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None
    return text.removeprefix("\ufeff")


def trimmed(text, delimiter):
    """Differs: blanks, tabs and carriage returns around a field do not belong to it."""
    padding = padding_of(delimiter)
    field = re.compile(rf'[{padding}]*(?:(?P<quoted>"(?:[^"]|"")*(?:"|\Z))(?P<rest>[^{delimiter}\n]*)'
                       rf'|(?P<plain>[^{delimiter}\n]*))')
    out = []
    position = 0
    while True:
        match = field.match(text, position)
        if match["quoted"] is not None:
            if "\r" in match["rest"].strip(padding):
                raise Refused("text after a closing quote")
            out.append(match["quoted"] + match["rest"].rstrip(padding))
        else:
            plain = match["plain"].strip(padding)
            if "\r" in plain:
                # Differs: a lone carriage return ends no line.
                raise Refused("a carriage return within a field")
            out.append(plain)
        position = match.end()
        if position == len(text):
            return "".join(out)
        out.append(text[position])
        position += 1


def parsed(text, delimiter):
    """Rows as Python reads them, each with the line on which it begins."""
    reader = csv.reader(re.findall(r"[^\n]*\n|[^\n]+\Z", text), delimiter=delimiter, strict=True)
    rows = []
    try:
        before = 0
        for row in reader:
            if row:  # Differs: a blank line is no row.
                rows.append((before + 1, row))
            before = reader.line_num
    except csv.Error as error:
        raise Refused(str(error)) from None
    return rows


def expected(content, delimiter):
    """The rows that ebb must read, header first, and the lines of all but the header."""
    rows = parsed(trimmed(decoded(content), delimiter), delimiter)
    if not rows:
        raise Refused("no header")
    header = rows[0][1]
    if "" in header or len(set(header)) < len(header):
        raise Refused("a header without a name, or with one twice")
    if any(len(row) != len(header) for _, row in rows):
        raise Refused("a ragged row")
    return {"rows": [row for _, row in rows], "lines": [line for line, _ in rows[1:]]}


# The files.

def random_text(rng, pieces, most):
    return "".join(rng.choice(pieces) for _ in range(rng.randrange(most + 1)))


def random_field(rng, delimiter):
    kind = rng.random()
    if kind < 0.45:
        text = random_text(rng, CLEAN, 3)
    elif kind < 0.8:
        text = '"' + random_text(rng, PIECES, 5).replace('"', '""') + '"'
    elif kind < 0.9:
        text = random_text(rng, CLEAN, 1) + 'x"' + random_text(rng, CLEAN, 2)
    else:
        text = ""
    if rng.random() < 0.2:
        blanks = [blank for blank in padding_of(delimiter) if blank != "\r"]
        text = random_text(rng, blanks, 2) + text + random_text(rng, blanks, 2)
    return text


def random_header(rng, columns):
    names = [rng.choice(["c", "列 ", 'x"'])[:rng.randrange(1, 3)] + str(i) for i in range(columns)]
    return [f'"{name.replace(chr(34), chr(34) * 2)}"' if rng.random() < 0.3 else name
            for name in names]


def random_table(rng, delimiter):
    line_end = rng.choice(["\n", "\r\n"])
    columns = rng.randrange(1, 5)
    rows = [random_header(rng, columns)]
    for _ in range(rng.randrange(8)):
        row = [random_field(rng, delimiter) for _ in range(columns)]
        if rng.random() < 0.02:
            row = row[:-1] or row * 2
        rows.append(row)
    lines = []
    for row in rows:
        lines.append(delimiter.join(row) + line_end)
        if rng.random() < 0.05:
            lines.append(rng.choice(["", " ", " \t"]) + line_end)
    text = "".join(lines)
    if rng.random() < 0.3:
        text = text.removesuffix(line_end)
    return ("\ufeff" if rng.random() < 0.2 else "") + text


def damaged(rng, content):
    """A few bytes removed, repeated or put in, anywhere."""
    for _ in range(rng.randrange(1, 4)):
        begin = rng.randrange(len(content) + 1)
        end = min(len(content), begin + rng.randrange(4))
        new = rng.choice([b"", content[begin:end] * 2, rng.choice(PIECES).encode(), b'"', b"\n",
                          b"\0", b"\xff", b"\xe4\xbd", b"\r"])
        content = content[:begin] + new + content[end:]
    return content


def random_file(rng):
    delimiter = rng.choice(",;|\t")
    content = random_table(rng, delimiter).encode()
    if rng.random() < 0.3:
        content = damaged(rng, content)
    if rng.random() < 0.03:
        content = random_text(rng, PIECES, 12).encode()
    if content.startswith((b"PK\3\4", b"\x1f\x8b", b"\xfd7zXZ\0")):
        return random_file(rng)  # an archive by its first bytes
    return delimiter, rng.choice([64, 100, 4096]), content


# The comparison.

def answers(program, files):
    request = b"".join(b"%d %d %d\n" % (ord(delimiter), block, len(content)) + content
                       for delimiter, block, content in files)
    lines = subprocess.run([program], input=request, capture_output=True, check=True).stdout
    return [json.loads(line) for line in lines.decode().splitlines()]


def main():
    program, count, seed = (sys.argv[1:] + ["10000", "20240229"][len(sys.argv) - 2:])[:3]
    rng = random.Random(int(seed))
    read = refused = 0
    for begin in range(0, int(count), BATCH):
        files = [random_file(rng) for _ in range(min(BATCH, int(count) - begin))]
        got = answers(program, files)
        assert len(got) == len(files), f"{len(got)} answers to {len(files)} files"
        for (delimiter, block, content), answer in zip(files, got):
            try:
                model = expected(content, delimiter)
                read += 1
            except Refused as reason:
                model = {"error": str(reason)}
                refused += 1
            if answer != model and not ("error" in answer and "error" in model):
                sys.exit(f"delimiter {delimiter!r}, blocks of {block}:\n{content!r}\n"
                         f"expected {model}\ngot      {answer}")
    print(f"{read} files read as Python reads them, {refused} refused")
    assert min(read, refused) >= int(count) // 10, "the files are too much of one sort"


if __name__ == "__main__":
    main()
