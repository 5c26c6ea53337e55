"""Bytes that preprocessing's kernels move, counted by the virtual GPU, beside the least that they must.

usage: device_traffic.py PROGRAM    (ebb_preprocessing_tests, with the virtual GPU as libcudart)

Every test of traffic_test.cpp is run by itself and says its least. What is counted are the sectors of 32 bytes
of all loads and stores of global memory, as if there were no caches; the bound is that of issue 6.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

MOST = 1.2
SECTOR = 32


def run(program, name, folder):
    """The least bytes of a test, and what the virtual GPU counted of each kernel."""
    result = folder / "result.json"
    report = folder / "report.json"
    done = subprocess.run([program, f"--gtest_filter={name}", f"--gtest_output=json:{result}", "--gtest_brief=1"],
                          env={**os.environ, "EBB_TEST_DEVICE": "cuda", "VGPU_REPORT": str(report)},
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{name}: {done.stdout}{done.stderr}")
    test = json.loads(result.read_text())["testsuites"][0]["testsuite"][0]
    return int(test["floor_bytes"]), json.loads(report.read_text())["kernels"]


def main():
    program = sys.argv[1]
    listed = subprocess.run([program, "--gtest_list_tests", "--gtest_filter=TrafficDevice.*"], capture_output=True,
                            text=True, check=True).stdout.splitlines()
    names = [f"TrafficDevice.{line.strip()}" for line in listed if line.startswith("  ")]
    if not names:
        sys.exit("there are no tests of traffic")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            least, kernels = run(program, name, pathlib.Path(folder))
            moved = SECTOR * sum(kernel[way]["sectors"] for kernel in kernels for way in ("global_load", "global_store"))
            atomics = sum(kernel["global_atomic_requests"] for kernel in kernels)
            failed |= not least <= moved <= MOST * least or atomics > 0
            print(f"{name}: {moved} bytes, {moved / least:.3f} of the least; {atomics} atomics")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
