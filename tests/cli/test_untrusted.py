"""Files made to do harm: each is refused with a message, within a stated amount of memory."""

import gzip
import json
import lzma
import os
import struct
import unittest
import zlib

from program import SANITIZED, TABLE, ProgramTest, at_most

# MiB: what docs/files.md and docs/data.md allow, and the program itself.
MODEL_LIMIT = 1024
TABLE_LIMIT = 2048


def read_model(path):
    """The header of a safetensors file, and its data."""
    content = path.read_bytes()
    length, = struct.unpack_from("<Q", content)
    return json.loads(content[8:8 + length]), content[8 + length:]


def framed(header, data=b""):
    if not isinstance(header, (bytes, str)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header)) + header + data


class UntrustedModelTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()
        self.model = self.folder / "model/model.safetensors"
        self.header, self.data = read_model(self.model)
        for name in ("ebb.checksum.header", "ebb.checksum.data"):
            del self.header["__metadata__"][name]

    def refuse(self, content, *expected, code=3):
        if content is not None:
            self.model.write_bytes(content)
        result = self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "-",
                          "--threads", "1", code=code, **at_most(MODEL_LIMIT))
        self.assertEqual(result.stdout, "")
        for text in ("model.safetensors", *expected):
            self.assertIn(text, result.stderr)
        self.assertLess(len(result.stderr), 2000)

    def with_metadata(self, name, text):
        header = json.loads(json.dumps(self.header))
        header["__metadata__"][name] = text
        return framed(header, self.data)

    def test_the_file_is_read_without_checksums(self):
        self.model.write_bytes(framed(self.header, self.data))
        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "-")

    def test_a_file_of_a_terabyte(self):
        os.truncate(self.model, 1 << 40)
        self.refuse(None, "the data has")
        self.model.write_bytes(b"")
        os.truncate(self.model, 1 << 40)
        self.refuse(None, "header")

    def test_headers(self):
        tensor = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
        many_texts = ",".join(f'"{i}":""' for i in range(1_000_000))
        many_tensors = ",".join(f'"{i}":{tensor}' for i in range(300_000))
        for name, content, expected in [
            ("length", struct.pack("<Q", 1 << 63) + b"{}", "states a header of"),
            ("levels", framed("[" * 50_000_000), "an array"),
            ("objects", framed('{"a":' * 5_000_000), "an object"),
            ("texts", framed('{"__metadata__":{' + many_texts + "}}"), "more than 100000 texts"),
            ("tensors", framed("{" + many_tensors + "}"), "more than 100000 tensors"),
            ("name", framed('{"' + "a" * 50_000_000 + '":1}'), "the number 1"),
            ("size", framed({"a": {"dtype": "F32", "shape": [1 << 61],
                                   "data_offsets": [0, 1 << 63]}}), "below 2^63"),
            ("overlap", framed({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},
                                "b": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}},
                               b"123456"), "without gap or overlap"),
        ]:
            with self.subTest(name):
                self.refuse(content, expected)

    def test_json_within_the_metadata(self):
        pipeline = self.header["__metadata__"]["pipeline"]
        for name, key, text, expected in [
            ("levels", "pipeline", "[" * 200_000 + "]" * 200_000, "deeper than 32 levels"),
            ("levels of metrics", "metrics", "[" * 200_000 + "]" * 200_000,
             "deeper than 32 levels"),
            ("empty arrays", "pipeline", "[" + "[]," * 10_000_000 + "[]]", "of memory"),
            ("keys of metrics", "metrics",
             "{" + ",".join(f'"{i}":0' for i in range(1_000_000)) + "}", "of memory"),
            ("key twice", "pipeline", pipeline[:-1] + ',"target":"x"}', '"target" stands twice'),
            ("no JSON", "pipeline", pipeline[:-1], "not JSON"),
            ("key of settings", "config", ".".join(["a"] * 1_000_000) + " = 1", "more than 8 parts"),
            ("settings", "config", "a = 0\n" * 1_000_000, "has 6000000 bytes"),
        ]:
            with self.subTest(name):
                self.refuse(self.with_metadata(key, text), f'"{key}"', expected)


class UntrustedSettingsTest(ProgramTest):
    def test_settings(self):
        for name, text, expected, code in [
            ("key", ".".join(["a"] * 1_000_000) + " = 1", "settings.toml:1:16: a key of more", 3),
            ("lists", "a = " + "[" * 1_000_000, "settings.toml:1:", 3),
            ("tables", "a = " + "{a=" * 1_000_000, "settings.toml:1:", 3),
            ("letters", "\u00e9 = 1", "settings.toml:1:1:", 3),
            ("sign", "[@model]", "settings.toml: not TOML", 3),
            ("size", "#" * 5_000_000, "expected at most 4194304", 4),
            ("values", "a = [" + "0," * 2_000_000 + "]", '"a"', 3),
            ("empty lists", "a = [" + "[]," * 1_300_000 + "]", '"a"', 3),
        ]:
            with self.subTest(name):
                config = self.write("settings.toml", text)
                result = self.ebb("train", "--config", config, "--data", TABLE, "--target", "churn",
                                  "--out", "model", code=code, **at_most(MODEL_LIMIT))
                self.assertIn(expected, result.stderr)


def xz_of_largest_dictionary(text):
    """An .xz file that asks for a dictionary of 4 GiB to unpack a short text."""
    content = bytearray(lzma.compress(text.encode()))
    header = 12
    size = 4 * (content[header] + 1)
    assert content[header + 2] == 0x21, "the first filter is LZMA2"
    content[header + 4] = 40
    struct.pack_into("<I", content, header + size - 4,
                     zlib.crc32(content[header:header + size - 4]))
    return bytes(content)


class UntrustedTableTest(ProgramTest):
    def test_tables(self):
        text = TABLE.read_text()
        header = text.splitlines()[0]
        wide = ",".join(f"x{i}" for i in range(10_000)) + ",churn\n"
        lines = gzip.compress(b"\n" * 100_000_000, 1)
        rows = gzip.compress((header + "\n").encode() + b"," * 11 + (b"\n" + b"," * 11) * 8_000_000,
                             1)
        for name, content, expected in [
            ("short rows", wide + "1\n" * 2_000_000, "bad:2: the row has 1 field, expected 10001"),
            ("columns", ",".join(f"x{i}" for i in range(1_000_000)) + "\n1\n", "1000000 columns"),
            ("nameless columns", "," * 60_000_000 + "\n", "60000001 columns"),
            ("blank lines", "\n" * 100_000_000, "the file is empty"),
            ("blank lines, compressed", lines, "compressed bytes have become"),
            ("rows, compressed", rows, "compressed bytes have become"),
            ("dictionary", xz_of_largest_dictionary(text), "at most 134217728 are given"),
            ("long value", with_long_value(text), "is not a number"),
        ]:
            with self.subTest(name):
                data = self.write("bad", content)
                result = self.ebb("train", "--data", data, "--target", "churn", "--out", "model",
                                  "--dry-run", "--threads", "1", code=3, **at_most(TABLE_LIMIT))
                self.assertIn(expected, result.stderr)
                self.assertLess(len(result.stderr), 2000)

    @unittest.skipIf(SANITIZED, "memory is not limited")
    def test_a_table_larger_than_memory(self):
        header = ",".join(f"x{i}" for i in range(100)) + ",churn\n"
        data = self.write("large.csv", header + ("7," * 100 + "1\n") * 200_000)
        result = self.ebb("train", "--data", data, "--target", "churn", "--dry-run", "--threads",
                          "1", code=3, **at_most(192))
        self.assertIn("not enough memory", result.stderr)


def with_long_value(text):
    """A number column with one text of 50 MB in it."""
    header, *rows = text.splitlines()
    column = header.split(",").index("mean_basket")
    cells = rows[7].split(",")
    cells[column] = "x" * 50_000_000
    rows[7] = ",".join(cells)
    return "\n".join([header, *rows]) + "\n"


if __name__ == "__main__":
    unittest.main()
