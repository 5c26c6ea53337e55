#!/usr/bin/env python3
"""Reads data frames out of an R lazy-load database and writes them as CSV; needs no R.

usage: read_modeldata.py FOLDER/Rdata NAME=OUT.csv...

Debian's r-cran-modeldata keeps its tables in two files:
  Rdata.rdx  gzip of a serialised R list; its `variables` maps name -> (offset, length) in Rdata.rdb
  Rdata.rdb  chunks: 4-byte big-endian unpacked size, type byte 'Z', raw LZMA2 stream of a serialised object
Serialised objects are R's XDR format, versions 2 and 3 (R Internals, "Serialization Formats").
"""

import gzip
import lzma
import math
import struct
import sys

from csv_output import write_table

NIL, GLOBAL_ENV, BASE_ENV, EMPTY_ENV, MISSING_ARGUMENT = 254, 253, 241, 242, 251
REFERENCE, ALTREP, NAMESPACE, PERSISTENT = 255, 238, 249, 247
SYMBOL, PAIR_LIST, CHARACTERS, LOGICAL, INTEGER, REAL, STRINGS, LIST = 1, 2, 9, 10, 13, 14, 16, 19

NA_INTEGER = -(2**31)
NA_REAL_LOW_WORD = 1954  # R marks its missing double by this payload in a NaN


class Vector:
    """An R vector: its values (None where NA) and its attributes by name."""

    def __init__(self, values, attributes=None):
        self.values = values
        self.attributes = attributes or {}

    def attribute(self, name):
        found = self.attributes.get(name)
        return found.values if found else []

    def named(self, name):
        """The element of a named list."""
        names = self.attribute("names")
        if name not in names:
            raise KeyError(f"no {name!r}; there are {', '.join(map(str, names))}")
        return self.values[names.index(name)]


class Unserializer:
    """Reads one serialised object from bytes."""

    def __init__(self, data):
        self.data = data
        self.position = 0
        self.references = []  # symbols and environments, in the order met; referred to by number

    def take(self, size):
        start, self.position = self.position, self.position + size
        if self.position > len(self.data):
            raise ValueError(f"serialised object ends at byte {len(self.data)}, {self.position} needed")
        return self.data[start : self.position]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def read(self):
        if self.take(2) != b"X\n":
            raise ValueError("not a serialised R object in XDR format")
        version = self.integer()
        self.take(8)  # versions of R: the writer's and the oldest that can read it
        if version == 3:
            self.take(self.integer())  # the native encoding; every string names its own
        elif version != 2:
            raise ValueError(f"serialisation version {version}; 2 and 3 can be read")
        return self.item()

    def item(self):
        flags = self.integer()
        kind = flags & 0xFF
        has_attributes, has_tag = bool(flags & 0x200), bool(flags & 0x400)
        if kind in (NIL, GLOBAL_ENV, BASE_ENV, EMPTY_ENV, MISSING_ARGUMENT):
            return None
        if kind == REFERENCE:
            return self.references[(flags >> 8 or self.integer()) - 1]
        if kind == SYMBOL:
            self.references.append(self.item())
            return self.references[-1]
        if kind in (NAMESPACE, PERSISTENT):
            self.take(4)
            self.references.append([self.item() for _ in range(self.integer())])
            return self.references[-1]
        if kind == PAIR_LIST:
            return self.pair_list(has_attributes, has_tag)
        if kind == CHARACTERS:
            return self.characters(flags)
        if kind == ALTREP:
            return self.alternative()
        vector = Vector(self.values(kind))
        if has_attributes:
            vector.attributes = self.item()
        return vector

    def values(self, kind):
        count = self.integer()
        if count == -1:  # longer than 2^31 - 1
            count = (self.integer() << 32) + self.integer()
        if kind in (LOGICAL, INTEGER):
            raw = struct.unpack(f">{count}i", self.take(4 * count))
            if kind == LOGICAL:
                return [None if v == NA_INTEGER else bool(v) for v in raw]
            return [None if v == NA_INTEGER else v for v in raw]
        if kind == REAL:
            return [self.real() for _ in range(count)]
        if kind in (STRINGS, LIST):
            return [self.item() for _ in range(count)]
        raise ValueError(f"R object type {kind} is not supported")

    def real(self):
        raw = self.take(8)
        value = struct.unpack(">d", raw)[0]
        is_na = math.isnan(value) and struct.unpack(">I", raw[4:])[0] == NA_REAL_LOW_WORD
        return None if is_na else value

    def characters(self, flags):
        size = self.integer()
        if size == -1:
            return None
        is_latin1 = bool(flags >> 12 & 0x4)
        return self.take(size).decode("latin-1" if is_latin1 else "utf-8")

    def pair_list(self, has_attributes, has_tag):
        """A chain of pairs, as a dict by tag (attributes), or by position where untagged."""
        pairs = {}
        while True:
            if has_attributes:
                self.item()
            tag = self.item() if has_tag else len(pairs)
            pairs[tag] = self.item()
            flags = self.integer()
            if flags & 0xFF == NIL:
                return pairs
            if flags & 0xFF != PAIR_LIST:
                raise ValueError(f"R object type {flags & 0xFF} at the end of a pair list")
            has_attributes, has_tag = bool(flags & 0x200), bool(flags & 0x400)

    def alternative(self):
        """A compact form: an arithmetic sequence, or a wrapper around an ordinary vector."""
        name = self.item()[0]
        state = self.item()
        attributes = self.item() or {}
        if name in ("compact_intseq", "compact_realseq"):
            count, first, step = state.values
            number = int if name == "compact_intseq" else float
            return Vector([number(first + i * step) for i in range(int(count))], attributes)
        if name.startswith("wrap_"):
            return Vector(state.values[0].values, attributes or state.values[0].attributes)
        raise ValueError(f"R compact form {name!r} is not supported")


def read_index(path):
    with gzip.open(path, "rb") as file:
        return Unserializer(file.read()).read().named("variables")


def read_chunk(database, offset, length):
    chunk = database[offset : offset + length]
    size, kind = struct.unpack(">Ic", chunk[:5])
    if kind != b"Z":
        raise ValueError(f"chunk at byte {offset} has compression {kind!r}; only 'Z' (LZMA2) is known")
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 64 << 20}]  # R's preset 9 uses 64 MiB
    unpacked = lzma.decompress(chunk[5:], lzma.FORMAT_RAW, filters=filters)
    if len(unpacked) != size:
        raise ValueError(f"chunk at byte {offset} unpacks to {len(unpacked)} bytes, {size} expected")
    return Unserializer(unpacked).read()


def field(value):
    """A value as text: empty where missing, whole numbers without a decimal point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        short = f"{value:.15g}"
        return short if float(short) == value else repr(value)
    return str(value)


def column(vector):
    if "factor" in vector.attribute("class"):
        levels = vector.attribute("levels")
        return ["" if code is None else field(levels[code - 1]) for code in vector.values]
    return [field(value) for value in vector.values]


def write_csv(frame, path):
    if "data.frame" not in frame.attribute("class"):
        raise ValueError(f"not a data frame but {frame.attribute('class')}")
    write_table(path, frame.attribute("names"), zip(*map(column, frame.values)))


def main(arguments):
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return
    if len(arguments) < 2 or not all("=" in request for request in arguments[1:]):
        sys.exit(__doc__)
    index = read_index(arguments[0] + ".rdx")
    with open(arguments[0] + ".rdb", "rb") as file:
        database = file.read()
    for request in arguments[1:]:
        name, path = request.split("=", 1)
        write_csv(read_chunk(database, *index.named(name).values), path)


if __name__ == "__main__":
    main(sys.argv[1:])
