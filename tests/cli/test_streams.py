"""Tables from pipes, tables larger than the memory, and names of any kind."""

import os
import shlex
import subprocess
import threading
import unittest
from pathlib import Path

from program import PROGRAM, TABLE, ProgramTest, at_most

MESSAGE = "a record longer than 67108864 bytes begins here"


class PipeTest(ProgramTest):
    def fifo(self, name="table fifo"):
        """A pipe with a name, into which the table is written once somebody reads."""
        path = self.folder / name
        os.mkfifo(path)
        writer = threading.Thread(target=lambda: path.write_bytes(TABLE.read_bytes()))
        writer.start()
        self.addCleanup(writer.join)
        return path

    def from_stdin(self, *arguments, **options):
        return self.ebb(*arguments, input=TABLE.read_text(), **options)

    def test_training(self):
        self.train(out="file")
        self.train(out="fifo", data=self.fifo())
        self.from_stdin(*self.train_arguments("stdin", "-"))
        self.assertEqual(self.model_bytes("fifo"), self.model_bytes("file"))
        self.assertEqual(self.model_bytes("stdin"), self.model_bytes("file"))
        # The same again from the settings that were kept.
        again = ["train", "--config", "stdin/config.toml", "--out", "again"]
        self.from_stdin(*again)
        self.assertEqual(self.model_bytes("again"), self.model_bytes("file"))
        self.assertIn("standard input", self.ebb(*again[:-1], "none", input="", code=3).stderr)

    def test_standard_input_is_read_from_where_it_stands(self):
        self.train()
        before = b"what another program has read\n"
        file = self.write("table.txt", before + TABLE.read_bytes())
        command = ["predict", "--model", "model", "--out", "-", "--data"]
        with open(file, "rb", buffering=0) as stdin:
            stdin.seek(len(before))
            self.assertEqual(self.ebb(*command, "-", stdin=stdin).stdout,
                             self.ebb(*command, TABLE).stdout)

    def test_two_tables_cannot_both_be_standard_input(self):
        message = self.from_stdin(*self.train_arguments(data="-"), "--test-data", "-", code=2).stderr
        self.assertIn("--data and --test-data", message)
        self.assertIn("standard input", message)

    def test_scoring_and_measuring(self):
        self.train()
        for command in (["predict", "--model", "model", "--out", "-"],
                        ["evaluate", "--model", "model"]):
            expected = self.ebb(*command, "--data", TABLE).stdout
            self.assertEqual(self.ebb(*command, "--data", self.fifo(command[0])).stdout, expected)
            self.assertEqual(self.from_stdin(*command, "--data", "-").stdout, expected)
            message = self.ebb(*command, "--data", "-", input="a,b\n1,2\n", code=3).stderr
            self.assertIn("standard input: column", message)


class LargeTableTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()

    def give(self, shell, command, *, limit, code=0):
        """Gives a command of ebb what a shell command writes, within `limit` MiB."""
        with subprocess.Popen(shell, shell=True, stdout=subprocess.PIPE, cwd=self.folder) as source:
            result = self.ebb(command, "--model", "model", "--data", "-", "--out", "out.csv",
                              "--threads", "1", code=code, stdin=source.stdout, **at_most(limit))
            source.stdout.close()
            source.wait()
        return result

    def predict(self, shell, *, limit, code=0):
        return self.give(shell, "predict", limit=limit, code=code)

    def test_memory_does_not_grow_with_the_table(self):
        # 42 MB; held as a whole it would take more than the limit lets it grow.
        self.write("rows.csv", "\n".join(TABLE.read_text().splitlines()[1:]) + "\n")
        repeat = f"head -n 1 {shlex.quote(str(TABLE))}; for i in $(seq 1500); do cat rows.csv; done"
        self.assertIn("600,000 customers scored", self.predict(repeat, limit=208).stdout)
        self.assertIn("600,000 rows: ", self.give(repeat, "prepare", limit=128).stdout)

    def test_a_line_of_a_gigabyte(self):
        header = TABLE.read_text().splitlines()[0]
        gigabyte = "head -c 1000000000 /dev/zero | tr '\\0' "
        row = f"head -n 2 {shlex.quote(str(TABLE))}"
        for name, shell, expected in [
            ("row", f"{row}; {gigabyte} x", [f"standard input:3: {MESSAGE}", "no line break"]),
            ("fields", f"{row}; {gigabyte} ,", [f"standard input:3: {MESSAGE}", "no line break"]),
            ("quote", f"{row}; printf '\"'; {gigabyte} x",
             [f"standard input:3: {MESSAGE}", "a quote that is never closed"]),
            ("lines in a quote", f"{row}; printf '\"'; {gigabyte} '\\n'",
             [f"standard input:3: {MESSAGE}", "a quote that is never closed"]),
            ("header", f"{gigabyte} x", [f"standard input:1: {MESSAGE}"]),
            ("zeros", f"{row}; head -c 1000000000 /dev/zero", ["standard input:3:1: a NUL byte"]),
        ]:
            with self.subTest(name):
                message = self.predict(shell, limit=464, code=3).stderr
                for text in expected:
                    self.assertIn(text, message)
        self.assertIn("customer_id", header)

    def test_a_long_row_of_separators_takes_no_more_than_another(self):
        row = f"head -n 2 {shlex.quote(str(TABLE))}; head -c 60000000 /dev/zero | tr '\\0' ,"
        self.assertIn("standard input:3: the row has 60000001 fields, expected 12",
                      self.predict(f"{row}; echo", limit=248, code=3).stderr)

    def test_blank_lines_are_not_kept(self):
        blanks = f"head -n 2 {shlex.quote(str(TABLE))}; head -c 300000000 /dev/zero | tr '\\0' '\\n'"
        self.assertIn("1 customer scored", self.predict(blanks, limit=208).stdout)


class NameTest(ProgramTest):
    def test_blanks_quotes_and_chinese(self):
        folder = self.folder / "a b's \"数据\" $x"
        folder.mkdir()
        table = folder / "客户 'table'.csv"
        table.write_bytes(TABLE.read_bytes())
        trained = self.train(out=folder / "模型 \"1\"", data=table)
        command = next(line for line in trained.stdout.splitlines() if line.startswith("next "))
        command = command.removeprefix("next").strip().replace("ebb", shlex.quote(PROGRAM), 1)
        command = command.replace("new.csv", shlex.quote(str(table)))
        subprocess.run(command, shell=True, check=True, cwd=folder, capture_output=True)
        self.assertEqual(len(Path(folder / "scores.csv").read_text().splitlines()), 401)
        evaluated = self.ebb("evaluate", "--model", folder / "模型 \"1\"", "--data", table, "--json",
                             folder / "指标 'm'.json")
        self.assertIn("roc_auc", evaluated.stdout)
        self.assertTrue((folder / "指标 'm'.json").exists())
        # The path stands in the settings as it is.
        self.ebb("train", "--config", folder / "模型 \"1\"" / "config.toml", "--out", folder / "2 又")
        self.assertEqual((folder / "2 又/model.safetensors").read_bytes(),
                         (folder / "模型 \"1\"/model.safetensors").read_bytes())

    def test_errors_name_such_a_file(self):
        table = self.write("坏 \"table\".csv", "a,b\n1\n")
        message = self.ebb("train", "--data", table, "--target", "b", "--out", "model", code=3).stderr
        self.assertIn(f"{table}:2: the row has 1 field", message)


if __name__ == "__main__":
    unittest.main()
