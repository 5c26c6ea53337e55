"""ebb prepare with a fitted pipeline: a table in pieces is as it would be in one."""

import os
import signal
import subprocess
import time
import unittest

from program import TABLE, ProgramTest

ROWS = 40_000  # over two pieces of 16,384

# A value comes from the customer's row before, which may lie in another piece.
STEPS = """
[[preprocessing.steps]]
step = "forward_fill"
customer = "customer_id"
time = "day"
columns = ["mean_basket"]
"""


class PiecesTest(ProgramTest):
    def setUp(self):
        super().setUp()
        header, *rows = TABLE.read_text().splitlines()
        self.lines = [header + ",day,number"]
        for i in range(ROWS):
            fields = rows[i % len(rows)].split(",")
            fields[0] = f"S{i // 2:05}"
            if i % 5 == 0:
                fields[7] = ""
            self.lines.append(",".join([*fields, f"2024-01-{1 + i % 2:02}", f"{i}.5"]))

    def table(self, name="table.csv", lines=None):
        return self.write(name, "\n".join(lines or self.lines) + "\n")

    def fit(self, out, *more):
        """The whole table in one piece."""
        return self.ebb("prepare", "--data", self.table(), "--target", "churn", "--id-column", "customer_id",
                        "--out", out, "--save-pipeline", "p.json", *more)

    def apply(self, out, *more, data="table.csv", code=0):
        return self.ebb("prepare", "--data", data, "--pipeline", "p.json", "--out", out, *more, code=code)

    def test_pieces_give_the_bytes_of_the_whole(self):
        for suffix in ("csv", "safetensors"):
            for layout in ("codes", "one_hot"):
                with self.subTest(suffix=suffix, layout=layout):
                    shown = self.fit(f"whole.{suffix}", "--categories", layout).stdout
                    ids = ("--id-column", "customer_id")
                    again = self.apply(f"pieces.{suffix}", "--categories", layout, *ids).stdout
                    counts = f"{ROWS:,} rows: "
                    self.assertEqual(shown[shown.index(counts):].splitlines()[0],
                                     again[again.index(counts):].splitlines()[0])
                    self.assertEqual((self.folder / f"pieces.{suffix}").read_bytes(),
                                     (self.folder / f"whole.{suffix}").read_bytes())

    def test_a_step_that_looks_at_other_rows_sees_all_of_them(self):
        # The second row of a customer lacks what the first has, also across 16,384 rows.
        first = self.lines[1]
        moved = [self.lines[0], *self.lines[2:], first]
        self.lines = moved
        self.fit("whole.csv", "--config", self.write("steps.toml", STEPS))
        self.apply("pieces.csv", "--id-column", "customer_id")
        self.assertEqual((self.folder / "pieces.csv").read_bytes(), (self.folder / "whole.csv").read_bytes())

    def test_what_is_wrong_in_a_later_piece_has_its_line_and_nothing_is_written(self):
        self.fit("whole.csv")
        kept = self.write("out.csv", "kept")

        def refused(change):
            lines = list(self.lines)
            change(lines)
            data = self.table("wrong.csv", lines)
            return self.apply("out.csv", data=data, code=3).stderr

        def spoil(lines):
            lines[30_000] = lines[30_000].rsplit(",", 1)[0] + ",many"

        def put_label(label, places):
            def change(lines):
                for i in places:
                    fields = lines[i].split(",")
                    fields[11] = label
                    lines[i] = ",".join(fields)
            return change

        self.assertRegex(refused(spoil), r'wrong\.csv:30001: .*"number"')
        self.assertRegex(refused(put_label("", [30_000])), r"wrong\.csv:30001: the label in column \"churn\" is missing")
        self.assertRegex(refused(put_label("maybe", [30_000])), r'wrong\.csv:30001: the label "maybe"')
        self.assertRegex(refused(put_label("", range(1, 30_000))), r"wrong\.csv:2: the label in column \"churn\" is missing")
        self.assertEqual(kept.read_text(), "kept")
        self.assertEqual([path.name for path in self.folder.iterdir() if "out" in path.name], ["out.csv"])

    def test_ctrl_c_leaves_nothing_behind(self):
        self.fit("whole.csv")
        pipe = self.folder / "table.fifo"
        os.mkfifo(pipe)
        before = set(self.folder.iterdir())
        process = subprocess.Popen(
            self.command("prepare", "--data", pipe, "--pipeline", "p.json", "--out", "out.csv"),
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        with open(pipe, "w") as table:
            table.write(self.lines[0] + "\n")
            for _ in range(4):
                table.write("\n".join(self.lines[1:]) + "\n")
            table.flush()
            deadline = time.monotonic() + 60
            while not any(path.stat().st_size for path in set(self.folder.iterdir()) - before):
                self.assertLess(time.monotonic(), deadline, "no rows were written")
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            self.assertIn("stopping", process.stderr.readline() + process.stderr.readline())
        self.assertEqual(process.wait(timeout=300), 130)
        self.assertEqual(process.stdout.read(), "interrupted: out.csv was not written\n")
        self.assertEqual(set(self.folder.iterdir()), before)


if __name__ == "__main__":
    unittest.main()
