"""ebb_bench_tables: what it counts, but never how large a time is."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ.get("EBB_BENCH_TABLES")  # set by tests/CMakeLists.txt


@unittest.skipUnless(PROGRAM, "built without benchmarks")
class BenchTablesTest(unittest.TestCase):
    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, "--benchmark_format=json", *arguments], capture_output=True, text=True)

    def test_rows_are_read_and_repeated_ones_dropped(self):
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "a table.csv")
            table.write_text("n,c\n1,a\n2,b\n1,a\n3,a\n2,b\n")
            shown = self.run_program(table, "--benchmark_filter=^(read|duplicates)/")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        read, duplicates = json.loads(shown.stdout)["benchmarks"]
        self.assertEqual((read["rows"], duplicates["rows"]), (5, 3))
        self.assertGreater(read["bytes/s"], 0)
        self.assertGreater(read["peak_bytes"], 1e6)

    def test_a_table_becomes_a_matrix(self):
        names = ["id", *(f"n{i}" for i in range(20)), *(f"c{i}" for i in range(8)), "churn"]
        rows = [[f"A{row}", f"{row % 3}.5", f"{row % 3 * 2}.5", *(f"{(row * (7 + i)) % 101}.5" for i in range(18)),
                 *("ab"[row // (i + 1) % 2] for i in range(8)), str(row % 3 // 2)] for row in range(300)]
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "table.csv")
            table.write_text("".join(",".join(row) + "\n" for row in [names, *rows, rows[5]]))
            shown = self.run_program(table, "--benchmark_filter=^prepare/")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        (prepare,) = json.loads(shown.stdout)["benchmarks"]
        # 15 numbers, two categories of two levels and "missing", six codes.
        self.assertEqual((prepare["rows"], prepare["columns"]), (300, 15 + 2 * 3 + 6))

    def test_what_is_missing_is_said(self):
        self.assertIn("usage: ebb_bench_tables FILE", self.run_program().stderr)
        shown = self.run_program("none.csv")
        self.assertEqual(shown.returncode, 3)
        self.assertIn("none.csv: cannot open", shown.stderr)


if __name__ == "__main__":
    unittest.main()
