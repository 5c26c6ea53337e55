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
            shown = self.run_program(table)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        read, duplicates = json.loads(shown.stdout)["benchmarks"]
        self.assertEqual((read["rows"], duplicates["rows"]), (5, 3))
        self.assertGreater(read["bytes/s"], 0)
        self.assertGreater(read["peak_bytes"], 1e6)

    def test_what_is_missing_is_said(self):
        self.assertIn("usage: ebb_bench_tables FILE", self.run_program().stderr)
        shown = self.run_program("none.csv")
        self.assertEqual(shown.returncode, 3)
        self.assertIn("none.csv: cannot open", shown.stderr)


if __name__ == "__main__":
    unittest.main()
