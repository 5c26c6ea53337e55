"""Every program that a person starts says what it is for, and does nothing else, when asked with --help."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = [path for folder in ("scripts", "tests/mutation") for path in sorted((ROOT / folder).iterdir())
            if path.is_file() and os.access(path, os.X_OK) and path.name != "install_cuda"]  # setup's own


class HelpTest(unittest.TestCase):
    def test_the_readmes_programs_are_among_them(self):
        names = {path.name for path in PROGRAMS}
        for name in ("build", "test", "setup", "bundle", "check_architectures", "gpu_check", "plant_faults.py"):
            self.assertIn(name, names)

    def test_help_is_given(self):
        for path in PROGRAMS:
            with self.subTest(path.name), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run([path, "--help"], cwd=folder, capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(path.name, done.stdout)
                self.assertGreater(len(done.stdout.split()), 5)
                self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
