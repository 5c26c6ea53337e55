#!/usr/bin/env python3
"""Plants faults in the CUDA sources, one at a time, and sees whether the tests notice.

usage: tests/mutation/plant_faults.py [--build build-faults] [--only WORD] [--resume] [--table FILE]

Each fault of faults.json replaces one piece of text, which must occur once in its file. The changed
file goes to a folder of its own, which the compiler searches before the tree; the sources that the
fault concerns are compiled there, and linked with the objects of the sound build into another test
program. So neither the tree nor its build is ever written to, and nothing has to be put back.

The fault's tests then run on the virtual GPU as ctest runs them (tests/cuda.cmake): under a random
order of warps with the race check, then under another. The sound program must pass the same tests first.
A fault that no test notices fails this program; so does one whose text is no longer there. What came
out is kept in results.json in the build folder, fault by fault: --resume goes on from it.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAULTS = pathlib.Path(__file__).with_name("faults.json")
PROGRAM = "ebb_kernels_tests"
TEST_SECONDS = 300  # a fault may also hang
# As ebb_add_cuda_test() of tests/cuda.cmake.
RUNS = [{"VGPU_SCHED": "random:1", "VGPU_RACE": "1"}, {"VGPU_SCHED": "random:2", "VGPU_RACE": "2"}]


@dataclasses.dataclass
class Failure:
    test: str
    how: str  # what the test or the virtual GPU said, in a few words


class Build:
    """The sound build, and the commands that made it."""

    def __init__(self, folder: pathlib.Path, programs: set):
        self.folder = folder.resolve()
        run(["cmake", "-S", ROOT, "-B", self.folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DEBB_CUDA=ON", "-DCMAKE_CUDA_ARCHITECTURES=90-virtual", "-DEBB_BUILD_BENCHMARKS=OFF",
             "-DEBB_UNITY_BUILD=OFF"])
        run(["cmake", "--build", self.folder, "--target", "vgpu", *sorted(programs)])
        commands = json.loads((self.folder / "compile_commands.json").read_text())
        self.compile = {command["file"]: command["command"] for command in commands}
        self.link = {}
        for program in programs:
            steps = subprocess.run(["ninja", "-C", self.folder, "-t", "commands", f"bin/{program}"],
                                   capture_output=True, text=True, check=True)
            self.link[program] = steps.stdout.splitlines()[-1]

    def program(self, name: str) -> pathlib.Path:
        return self.folder / "bin" / name

    def compile_in(self, overlay: pathlib.Path, source: str, to: pathlib.Path):
        """Compiles a source, looking for it and what it includes in `overlay` first."""
        command = shlex.split(self.compile[str(ROOT / source)])
        changed = overlay / source
        command[command.index("-c") + 1] = str(changed if changed.exists() else ROOT / source)
        command[command.index("-o") + 1] = str(to)
        if "-MF" in command:
            command[command.index("-MF") + 1] = f"{to}.d"
        command.insert(command.index(f"-I{ROOT}"), f"-I{overlay}")
        run(command, cwd=self.folder)

    def link_with(self, objects: list, program: str, to: pathlib.Path):
        """Links a test program, in which `objects` stand for those of the same symbols in libraries."""
        output = f"-o bin/{program} "
        head, tail = self.link[program].split(output)
        instead = f"-o {to} {' '.join(map(str, objects))} "
        run(["sh", "-c", head + instead + tail], cwd=self.folder)


def run(command: list, cwd=ROOT):
    finished = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    if finished.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{finished.stdout}{finished.stderr}")


def plant(fault: dict, overlay: pathlib.Path):
    text = (ROOT / fault["file"]).read_text()
    found = text.count(fault["text"])
    if found != 1:
        sys.exit(f"{fault['file']}: the text of \"{fault['name']}\" is there {found} times, not once: "
                 f"{fault['text']!r}")
    changed = overlay / fault["file"]
    changed.parent.mkdir(parents=True)
    changed.write_text(text.replace(fault["text"], fault["instead"]))


def sources_of(fault: dict) -> list:
    """What is compiled anew: the file itself, or sources that include it, though others may too."""
    return fault.get("sources", [fault["file"]])


def what_was_said(output: str) -> str:
    """The virtual GPU's complaint, or that a result was wrong."""
    said = re.search(r"(shared memory race|race|[Bb]arrier|out of bounds|misaligned|uninitiali[sz]ed|"
                     r"deadlock|timeout|took longer|illegal address|not allocated)[^\n]{0,60}", output)
    complaints = [line for line in output.splitlines() if line.startswith("vgpu: ")]
    if complaints:
        return "virtual GPU: " + complaints[0].removeprefix("vgpu: ")
    if said and "unknown file" in output:
        return "exception: " + said.group(0)
    return "wrong result"


def first_failure(build: Build, program: pathlib.Path, fault: dict, run_of: dict):
    """The first of the fault's tests that fails; None when all pass."""
    pattern = fault["tests"]
    libraries = [str(build.folder / "vgpu" / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = os.environ | run_of | {
        "EBB_TEST_DEVICE": "cuda", "EBB_CUDA_SYNC": "1", "VGPU_THREADS": "1",
        "LD_LIBRARY_PATH": ":".join(filter(None, libraries))} | fault.get("environment", {})
    command = [program, "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={pattern}"]
    try:
        tests = subprocess.run(command, env=environment, timeout=TEST_SECONDS, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace")
    except subprocess.TimeoutExpired:
        return Failure(pattern, f"no end within {TEST_SECONDS} s")
    if " 0 tests from" in tests.stdout:
        sys.exit(f"no test is named {pattern}")
    failed = re.search(r"^\[  FAILED  \] ([^\s,]+)", tests.stdout, re.MULTILINE)
    if failed:
        return Failure(failed.group(1), what_was_said(tests.stdout))
    if tests.returncode != 0:
        return Failure(pattern, f"ended with {tests.returncode}: {what_was_said(tests.stdout)}")
    return None


def noticed(build: Build, fault: dict):
    with tempfile.TemporaryDirectory(dir=build.folder, prefix="fault-") as folder:
        overlay = pathlib.Path(folder)
        plant(fault, overlay)
        objects = []
        for number, source in enumerate(sources_of(fault)):
            objects.append(overlay / f"{number}.o")
            build.compile_in(overlay, source, objects[-1])
        name = fault.get("program", PROGRAM)
        build.link_with(objects, name, overlay / name)
        for number, run_of in enumerate(RUNS, 1):
            failure = first_failure(build, overlay / name, fault, run_of)
            if failure:
                return {"test": failure.test, "how": failure.how, "run": number}
    return {"test": "", "how": "", "run": 0}


def key_of(fault: dict) -> str:
    return f"{fault['file']}: {fault['name']}"


class Results:
    """What came out for each fault so far, on disk after every one."""

    def __init__(self, path: pathlib.Path, resume: bool):
        self.path = path
        self.resume = resume
        self.read()

    def read(self):
        self.known = json.loads(self.path.read_text()) if self.path.exists() else {}

    @staticmethod
    def digest(fault: dict) -> str:
        texts = json.dumps(fault) + (ROOT / fault["file"]).read_text()
        return hashlib.sha256(texts.encode()).hexdigest()[:16]

    def of(self, fault: dict):
        """The result of this very fault in this very text, noticed or not; None if there is none."""
        result = self.known.get(key_of(fault))
        return result if result and result["digest"] == self.digest(fault) else None

    def done(self, fault: dict) -> bool:
        result = self.of(fault)
        return self.resume and result is not None and result["test"] != ""

    def keep(self, fault: dict, result: dict):
        self.read()  # another run, of other faults, may have gone on beside this one
        self.known[key_of(fault)] = result | {"digest": self.digest(fault)}
        aside = self.path.with_suffix(".new")
        aside.write_text(json.dumps(self.known, indent=1))
        os.replace(aside, self.path)


def in_code(text: str) -> str:
    return "<br>".join(f"`{line.strip()}`" for line in text.strip("\n").split("\n") if line.strip())


def in_short(how: str) -> str:
    """Without addresses and names of warps."""
    return re.sub(r"(: warp \d| at 0x| from 0x| \().*", "", how, flags=re.DOTALL).strip()


def write_table(path: pathlib.Path, faults: list, results: Results):
    waiting = len(faults)
    faults = [fault for fault in faults if results.of(fault)]
    waiting -= len(faults)
    noticed = sum(results.of(fault)["test"] != "" for fault in faults)
    lines = ["# Faults that the CUDA tests notice", "",
             "Written by `tests/mutation/plant_faults.py --table docs/mutation.md`. It plants the faults of",
             "`tests/mutation/faults.json` into the sources of the CUDA side, one at a time, and runs tests of",
             "the operation on the virtual GPU as `ctest -L vgpu` does: run 1 looks for races between warps,",
             "run 2, in another random order, also for those between lanes of a warp. Without a fault the same",
             "tests pass. The last column names the first test that failed, and what it or the virtual GPU said.",
             "", f"{noticed} of {len(faults)} faults were noticed.", ""]
    if waiting:
        lines += [f"{waiting} more stand in `faults.json` and have not been planted yet.", ""]
    folders = sorted({str(pathlib.Path(fault["file"]).parent) for fault in faults})
    for folder in folders:
        lines += [f"## `{folder}/`", "", "| fault | file | change | noticed by |", "|---|---|---|---|"]
        for fault in faults:
            if str(pathlib.Path(fault["file"]).parent) != folder:
                continue
            result = results.of(fault)
            by = f"`{result['test']}`, run {result['run']}: {in_short(result['how'])}"
            by = by if result["test"] else "**nothing**"
            change = f"{in_code(fault['text'])} becomes {in_code(fault['instead']) or 'nothing'}"
            cells = [fault["name"], f"`{pathlib.Path(fault['file']).name}`", change, by]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    path.write_text("\n".join(lines).rstrip("\n") + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-faults")
    parser.add_argument("--only", default="", help="plant only faults whose file or name has this word")
    parser.add_argument("--resume", action="store_true",
                        help="leave out faults that were noticed before, unless they or their file changed")
    parser.add_argument("--table", type=pathlib.Path,
                        help="write the results of all faults, also earlier ones, as a page in markdown")
    options = parser.parse_args()

    every_fault = json.loads(FAULTS.read_text())
    if len({key_of(fault) for fault in every_fault}) != len(every_fault):
        sys.exit(f"{FAULTS}: two faults of a file have one name")
    for fault in every_fault:
        with tempfile.TemporaryDirectory() as folder:
            plant(fault, pathlib.Path(folder))
    options.build.mkdir(exist_ok=True)
    results = Results(options.build / "results.json", options.resume)
    faults = [fault for fault in every_fault
              if (options.only in fault["file"] or options.only in fault["name"]) and not results.done(fault)]
    if faults:
        build = Build(options.build, {fault.get("program", PROGRAM) for fault in faults})

    sound = set()
    for number, fault in enumerate(faults, 1):
        program = fault.get("program", PROGRAM)
        tests = (program, fault["tests"])
        for run_of in RUNS if tests not in sound else []:
            if failure := first_failure(build, build.program(program), fault, run_of):
                sys.exit(f"without any fault {failure.test} fails already: {failure.how}")
        sound.add(tests)
        result = noticed(build, fault)
        results.keep(fault, result)
        by = f"{result['test']}, run {result['run']}: {result['how']}" if result["test"] else "NOT NOTICED"
        print(f"{number}/{len(faults)} {key_of(fault)}: {by}", flush=True)

    if options.table:
        write_table(options.table, every_fault, results)
    missed = sum(results.of(fault)["test"] == "" for fault in faults)
    print(f"{len(faults) - missed} of {len(faults)} faults were noticed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
