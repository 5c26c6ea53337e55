"""Runs cases of ebb_bench_kernels on the virtual GPU and reads what it counted."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from kernel_binaries import ROOT

PROGRAM = ROOT / "build/bin/ebb_bench_kernels"
COMMAND = [PROGRAM, "--device=cuda", "--contenders"]
VIRTUAL_GPU = ROOT / "build/vgpu/lib"
CALLS = 2  # that the program makes on the virtual GPU: one whose results it checks, one that it would time


class Counts:
    """Counters of the virtual GPU, of the kernels that one call launches."""

    def __init__(self, kernels):
        self.kernels = [kernel for kernel in kernels if "mangled" in kernel]

    def total(self, *path):
        """The sum over kernels of a counter; where a kernel lacks it, that is 0."""
        values = self.kernels
        for key in path:
            values = [value.get(key, {} if key != path[-1] else 0) for value in values]
        return sum(values) / CALLS

    def of_both(self, memory, counter):
        """A counter of loads and stores together; `memory`: "shared" or "global"."""
        return self.total(f"{memory}_load", counter) + self.total(f"{memory}_store", counter)

    def main_kernel(self):
        """The kernel that issues most."""
        return max(self.kernels, key=lambda kernel: kernel["warp_instructions"])


def environment(**more):
    return {**os.environ, "LD_LIBRARY_PATH": str(VIRTUAL_GPU), "EBB_GEMM": "own", **more}


def listed_cases(pattern):
    """Of ebb's own kernels, each once: `own` is what EBB_GEMM=own takes anyway."""
    done = subprocess.run([*COMMAND, "--benchmark_list_tests", f"--benchmark_filter={pattern}"],
                          env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {PROGRAM}: {done.stderr.strip()}")
    return [case for case in done.stdout.splitlines() if contender_of(case) not in ("own", "cublaslt", "cudnn")]


def contender_of(case):
    """Empty for the kernel that ebb takes."""
    return case.split("/")[0].partition(":")[2]


def is_in_tf32(case):
    return contender_of(case) == "tf32"


def parts_of(case):
    """Of a case's name: operation, direction, device and dtype; and the extents."""
    match = re.match(r"(.*)/(\d[\dx]*)/iterations", case)
    return match[1], [int(extent) for extent in match[2].split("x")]


def pattern_of(case):
    """The filter that this case alone passes. (re.escape() escapes spaces too, which the program's do not know.)"""
    return "^" + re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", case) + "$"


def run_case(case):
    """What the benchmark says of a case (a dictionary), and what its kernels did."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        done = subprocess.run(
            [*COMMAND, f"--benchmark_filter={pattern_of(case)}", "--benchmark_format=json"],
            env=environment(VGPU_REPORT=str(report), VGPU_THREADS="1"), capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: {case}: {done.stderr.strip()}")
        benchmark = json.loads(done.stdout)["benchmarks"][0]
        return benchmark, Counts(json.loads(report.read_text())["kernels"])
