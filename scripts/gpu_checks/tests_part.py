"""Parts `tests` and `sanitize`: the test programs on the CUDA device, then on the CPU."""

import json
import re
import sys

from . import machine as machines

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")


def cuda_tests():
    return json.loads((machines.ROOT / "tests/cuda_tests.json").read_text())


def read_google_test(text):
    """Counts of a test program's output, also of one that did not come to its end."""
    def names(mark):
        return re.findall(rf"^\[ *{mark} *\] ([\w/]+\.[\w/]+)", text, re.MULTILINE)

    failed = sorted(set(names("FAILED")))
    begun, ended = names("RUN"), set(names("OK")) | set(failed) | set(names("SKIPPED"))
    results = {"counts": {"passed": len(set(names("OK"))), "failed": len(failed),
                          "skipped": len(set(names("SKIPPED")))}}
    if failed:
        results["failed"] = failed
    if begun and begun[-1] not in ended:
        results["unfinished"] = begun[-1]
    if not begun:
        results["problem"] = "no test ran"
    elif failed or "unfinished" in results:
        results["problem"] = "; ".join(failed + ([f"in {begun[-1]}"] if "unfinished" in results else []))
    return results


def read_unittest(text):
    match = re.search(r"^Ran (\d+) tests? in", text, re.MULTILINE)
    if not match or match[1] == "0":
        return {"problem": "no test ran"}
    counts = {name: int(number) for name, number in re.findall(r"(failures|errors|skipped)=(\d+)", text)}
    return {"counts": {"run": int(match[1]), **counts}}


def run_tests(part, machine):
    for test in cuda_tests():
        pattern = test.get("sanitized", test["filter"]) if machine.virtual else test["filter"]
        part.run(test["name"], [machines.program(test["program"]), f"--gtest_filter={pattern}"],
                 machine.cuda_tests(test.get("synchronous", True)), read_google_test, share=0.6)
    command_line = [sys.executable, "-B", "-m", "unittest", "discover", "--start-directory",
                    machines.ROOT / "tests/cli"]
    ebb = {"EBB_PROGRAM": str(machines.program("ebb"))}
    part.run("cli_cuda", [*command_line, "--pattern", "test_cuda.py"], {**machine.cuda_tests(), **ebb}, read_unittest)
    if machine.virtual:  # the CPU's own tests are those of the machine that built
        part.absent("tests on the CPU", "left to machines with a GPU")
        return
    for name in ("preprocessing", "churn", "engine", "kernels"):
        part.run(f"{name} on the CPU", [machines.program(f"ebb_{name}_tests")], None, read_google_test)
    part.run("cli on the CPU", command_line, {**ebb, "CUDA_VISIBLE_DEVICES": ""}, read_unittest)


def read_sanitizer(text):
    results = read_google_test(text)
    summaries = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: (\d+)", text)
    if not summaries:
        results.setdefault("problem", "compute-sanitizer printed no summary")
    errors = sum(map(int, summaries))
    results["counts"]["errors of the sanitizer"] = errors
    if errors:
        results["problem"] = f"{errors} errors"
    return results


def run_sanitizers(part, machine):
    marked = [(test, test["sanitized"]) for test in cuda_tests() if "sanitized" in test]
    sanitizer = machines.find_sanitizer()
    if machine.virtual:
        part.absent("compute-sanitizer", "needs a GPU; the virtual one checks memory, races and barriers itself")
        for test, pattern in marked:
            for order in (1, 2):
                part.run(f"{test['name']} with races checked, order {order}",
                         [machines.program(test["program"]), f"--gtest_filter={pattern}"],
                         {**machine.cuda_tests(), "VGPU_RACE": "1", "VGPU_SCHED": f"random:{order}",
                          "VGPU_THREADS": "1"}, read_google_test)
        return
    if not sanitizer:
        part.absent("compute-sanitizer", "is not on this machine")
        return
    for test, pattern in marked:
        path = machines.directly(test["program"], machine.environment)
        for position, tool in enumerate(TOOLS):
            part.run(f"{test['name']} under {tool}",
                     [sanitizer, "--tool", tool, "--target-processes", "all", "--error-exitcode", "1", path,
                      f"--gtest_filter={pattern}"],
                     machine.cuda_tests(), read_sanitizer, share=1 / (len(TOOLS) - position))
