"""Runs the built program, in a folder of its own per test, as a user would."""

import csv
import fcntl
import io
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

# Where tests run in the background, Ctrl-C is ignored, and so it would be in what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROGRAM = os.environ["EBB_PROGRAM"]
TABLE = Path(__file__).parent.parent / "data" / "synthetic_churn.csv"

# A network so small that its epochs take milliseconds.
SMALL = """
[model]
dim = 8
layers = 1
heads = 2
feed_forward = 16
bins = 4
[training]
epochs = 3
batch_size = 64
[runtime]
threads = 1
"""


# Sanitizers take address space for themselves.
THREAD_SANITIZED = b"__tsan_init" in Path(PROGRAM).read_bytes()
SANITIZED = THREAD_SANITIZED or b"__asan_init" in Path(PROGRAM).read_bytes()
# Built with LLVM's OpenMP, the program has two: oneDNN brings libgomp.
one_openmp = unittest.skipIf(b"__kmpc_fork_call" in Path(PROGRAM).read_bytes(),
                             "the program has a second OpenMP")


def at_most(mebibytes):
    """Options of ProgramTest.ebb: the program may have that much address space beside its own code,
    of which GPUs have much. What does not fit ends it with "not enough memory" and exit code 3.
    Without work it has some 50 MiB."""
    def limit():
        if not SANITIZED:
            most = (mebibytes << 20) + Path(PROGRAM).stat().st_size
            resource.setrlimit(resource.RLIMIT_AS, (most, most))

    return {"preexec_fn": limit, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}


class ProgramTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ebb test "))  # paths have a blank
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.config = self.write("small.toml", SMALL)

    def write(self, name, content):
        path = self.folder / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    def command(self, *arguments):
        return [PROGRAM, *map(str, arguments)]

    def ebb(self, *arguments, code=0, **options):
        """Runs the program, which must exit with `code`; its result has stdout and stderr."""
        folder = self.folder / options.pop("cwd", "")
        options.setdefault("timeout", 300)
        result = subprocess.run(self.command(*arguments), cwd=folder, capture_output=True,
                                text=True, **options)
        self.assertEqual(result.returncode, code,
                         f"{arguments}\n{result.stdout}\n{result.stderr}")
        return result

    def train_arguments(self, out="model", data=TABLE, target="churn"):
        return ["train", "--data", data, "--target", target, "--id-column", "customer_id",
                "--config", self.config, "--out", out]

    def train(self, *more, out="model", data=TABLE, target="churn", **options):
        return self.ebb(*self.train_arguments(out, data, target), *more, **options)

    def with_days(self):
        """The table with every customer twice, and the day of a row: four rows a day."""
        header, *rows = TABLE.read_text().splitlines()
        lines = [f"{row},{day // 4}" for day, row in enumerate(rows + rows)]
        return self.write("days.csv", "\n".join([header + ",day", *lines]) + "\n")

    def model_bytes(self, out="model"):
        return (self.folder / out / "model.safetensors").read_bytes()

    def start_training(self, until, *more, out="model", data=TABLE, **options):
        """Starts a training, and returns the process once it has printed `until` in a line.

        The pipe holds one page, so the program is never more than some 40 lines ahead: with more
        epochs than that, it is still training, however slow the machine."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        options.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen(self.command(*self.train_arguments(out, data), *more), stdout=writer,
                                   text=True, cwd=self.folder, **options)
        os.close(writer)
        if process.stderr:
            self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        output = open(reader, "rb", buffering=0)
        self.addCleanup(output.close)
        line = b""
        while until.encode() not in line:
            byte = output.read(1)
            if not byte:
                self.fail(f"ended before {until}: {process.stderr.read()}")
            line = b"" if byte == b"\n" else line + byte
        return process, output


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))
