#!/usr/bin/env python3
"""Plants faults in the CUDA sources, one at a time, and sees whether the tests notice.

usage: tests/mutation/plant_faults.py [--build build-faults] [--only WORD] [--table FILE]

Each fault of faults.json replaces one piece of text, which must occur once in its file, in a copy of
the tree. The sources that it concerns are then compiled, and the operation's tests run on the virtual
GPU, with the race check on and under a random schedule. A fault that no test notices fails this
program; so does one whose text is no longer there. After the first build it takes about a minute for
two faults on two cores.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAULTS = pathlib.Path(__file__).with_name("faults.json")
TEST_SECONDS = 600  # a fault may also hang


class Copy:
    """A copy of the tracked files, with a build of its own."""

    def __init__(self, build: pathlib.Path):
        self.tree = build / "tree"
        self.build = build / "build"
        self.tree.mkdir(parents=True, exist_ok=True)
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
        for name in tracked.stdout.decode().rstrip("\0").split("\0"):
            self.restore(name)
        run(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DEBB_CUDA=ON", "-DCMAKE_CUDA_ARCHITECTURES=90-virtual", "-DEBB_BUILD_BENCHMARKS=OFF"])

    def restore(self, name: str):
        """Brings a file back to what it is in the tree, leaving its time alone where nothing changed."""
        source, target = ROOT / name, self.tree / name
        if target.exists() and target.read_bytes() == source.read_bytes():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(source.stat().st_mode)

    def plant(self, fault: dict):
        path = self.tree / fault["file"]
        text = path.read_text()
        found = text.count(fault["text"])
        if found != 1:
            sys.exit(f"{fault['file']}: the text of \"{fault['name']}\" is there {found} times, not once: "
                     f"{fault['text']!r}")
        path.write_text(text.replace(fault["text"], fault["instead"]))

    def build_all(self):
        run(["cmake", "--build", self.build, "--target", "ebb_kernels_tests", "vgpu"])
        commands = subprocess.run(["ninja", "-C", self.build, "-t", "commands", "bin/ebb_kernels_tests"],
                                  capture_output=True, text=True, check=True)
        self.link = commands.stdout.splitlines()[-1]

    def rebuild(self, sources: list) -> bool:
        """Compiles these sources of kernels/ alone, though a fault in a header may concern more, and links
        the tests."""
        objects = [f"kernels/CMakeFiles/ebb_kernels.dir/{source.removeprefix('kernels/')}.o"
                   for source in sources]
        steps = [["ninja", *objects], ["ar", "r", "lib/libebb_kernels.a", *objects], ["sh", "-c", self.link]]
        return all(subprocess.run(step, cwd=self.build, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0 for step in steps)

    def first_failure(self, pattern: str) -> str:
        """The name of the first test that fails, "hangs" or "crash"; empty when all pass."""
        libraries = [str(self.build / "vgpu" / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
        environment = os.environ | {
            "EBB_TEST_DEVICE": "cuda", "EBB_CUDA_SYNC": "1", "VGPU_RACE": "1", "VGPU_THREADS": "1",
            "VGPU_SCHED": "random:1", "LD_LIBRARY_PATH": ":".join(filter(None, libraries))}
        command = [self.build / "bin" / "ebb_kernels_tests", "--gtest_brief=1", f"--gtest_filter={pattern}"]
        try:
            tests = subprocess.run(command, env=environment, timeout=TEST_SECONDS, capture_output=True,
                                   text=True, errors="replace")
        except subprocess.TimeoutExpired:
            return "hangs"
        if " 0 tests from" in tests.stdout:
            sys.exit(f"no test is named {pattern}")
        failed = [line for line in tests.stdout.splitlines() if line.startswith("[  FAILED  ] ")]
        if failed:
            return failed[0].removeprefix("[  FAILED  ] ").split(",")[0].split(" (")[0]
        return "" if tests.returncode == 0 else "crash"


def run(command: list):
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{finished.stdout}{finished.stderr}")


def check(copy: Copy, fault: dict) -> str:
    sources = fault.get("sources", [fault["file"]])
    copy.plant(fault)
    try:
        if not copy.rebuild(sources):
            sys.exit(f"{fault['file']}: with \"{fault['name']}\" it does not compile")
        return copy.first_failure(fault["tests"])
    finally:
        copy.restore(fault["file"])
        copy.rebuild(sources)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-faults")
    parser.add_argument("--only", default="", help="plant only faults whose file or name has this word")
    parser.add_argument("--table", type=pathlib.Path, help="write the results as a table in markdown")
    options = parser.parse_args()

    faults = [fault for fault in json.loads(FAULTS.read_text())
              if options.only in fault["file"] or options.only in fault["name"]]
    copy = Copy(options.build)
    copy.build_all()
    patterns = sorted({fault["tests"] for fault in faults})
    for pattern in patterns:
        if failure := copy.first_failure(pattern):
            sys.exit(f"without any fault {failure} fails already")

    rows = []
    for number, fault in enumerate(faults, 1):
        noticed = check(copy, fault)
        rows.append((fault["file"], fault["name"], noticed or "**nothing**"))
        print(f"{number}/{len(faults)} {fault['file']}: {fault['name']}: {noticed or 'NOT NOTICED'}",
              flush=True)
    if options.table:
        lines = ["| file | fault | noticed by |", "|---|---|---|"]
        lines += [f"| `{file}` | {name} | {noticed} |" for file, name, noticed in rows]
        options.table.write_text("\n".join(lines) + "\n")
    missed = sum(noticed == "**nothing**" for _, _, noticed in rows)
    print(f"{len(rows) - missed} of {len(rows)} faults were noticed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
