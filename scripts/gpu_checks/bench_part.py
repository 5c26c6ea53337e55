"""Part `bench`: every operation of ebb_bench_kernels, beside cuBLAS, cuDNN and PyTorch where they are."""

import json
import math
import pathlib
import re
import sys

from . import machine as machines

MICRO = 1e6
# The most that a result may err against float64, as a share of the largest, by the dtype of the case:
# so many units of rounding. A number of f32 is a sum of up to millions, in trees, which errs by a few
# dozen units; products in TF32, of operands rounded to 11 bits, err by thousands, as f16's do. A number of half precision is rounded once or
# twice from sums in f32, of numbers that were rounded before. (The error rule of the tests is strict and
# knows the operation; this finds what a real GPU and these larger shapes break.)
LARGEST_ERRORS = {"f32": 1024 * 2.0**-24, "tf32": 16 * 2.0**-11, "bf16": 16 * 2.0**-8, "f16": 16 * 2.0**-11}


def program(machine):
    """On a GPU with NVIDIA's libraries as contenders."""
    return [machines.program("ebb_bench_kernels"), "--device=cuda", *([] if machine.virtual else ["--contenders"])]


def case_names(machine):
    """Names of all benchmarks on the device, in their order, without what Google Benchmark adds."""
    listed = machines.output_of([*program(machine), "--benchmark_list_tests"], machine.environment)
    return ["/".join(line.split("/")[:5]) for line in (listed or "").splitlines() if "/cuda/" in line]


def by_operation(names):
    groups = {}
    for name in names:
        groups.setdefault(name.split("/")[0], []).append(name)
    return groups


def first_shapes(names):
    """Of every direction and dtype the first shape, which is a small one."""
    first = {}
    for name in names:
        first.setdefault(name.rsplit("/", 1)[0], name)
    return list(first.values())


def filter_of(names):
    """As a regular expression for Google Benchmark, which knows only the extended ones of POSIX."""
    return "^(" + "|".join(names) + ")(/|$)"


def problem_of(runs):
    """Names the cases that err by more than they may, and those whose error is no number; empty without any."""
    wrong = []
    for name, error in errors_of(runs):
        operation, _, _, dtype, _ = name.split("/")
        most = LARGEST_ERRORS["tf32" if operation.endswith(":tf32") else dtype]
        if not error <= most:  # NaN too
            wrong.append(f"{name} errs by {error:.2g}, more than {most:.2g}")
    return "; ".join(wrong)


def largest_error(runs):
    """NaN where one is."""
    errors = [error for _, error in errors_of(runs)]
    return next(filter(math.isnan, errors), max(errors, default=None))


def errors_of(runs):
    """Names and errors of single runs and of medians; the other aggregates are no errors."""
    return [(name_of(run), run["error"]) for run in runs
            if "error" in run and run.get("aggregate_name", "median") == "median"]


def for_json(number):
    """JSON has no NaN."""
    return number if number is None or math.isfinite(number) else str(number)


def name_of(run):
    return "/".join(run["run_name"].split("/")[:5])


def read_times(path):
    """Medians of a Google Benchmark file."""
    def read(_):
        content = json.loads(pathlib.Path(path).read_text())
        rows, seconds, skipped = [], {}, {}
        for run in content["benchmarks"]:
            name = name_of(run)
            if run.get("error_occurred"):
                skipped[name] = run["error_message"]
            if run.get("aggregate_name") != "median" or name in skipped:
                continue
            seconds[name] = run["real_time"] / MICRO
            rows.append([name, run["real_time"], speed_of(run), percent(run.get("floor")),
                         for_json(run.get("error"))])
        results = {"counts": {"cases": len(rows), "skipped": len(skipped)}, "seconds": seconds,
                   "rows": rows + [[name, None, why, None, None] for name, why in skipped.items()],
                   "header": ["case", "us", "speed", "of the device's limit", "error"]}
        problem = problem_of(content["benchmarks"]) if results["rows"] else "nothing was measured"
        return {**results, "problem": problem} if problem else results
    return read


def speed_of(run):
    if "flop/s" in run:
        return f"{run['flop/s'] * 1e-12:.2f} Tflop/s"
    return f"{run['bytes/s'] * 1e-9:.0f} GB/s" if "bytes/s" in run else None


def percent(share):
    return None if share is None else f"{100 * share:.1f} %"


def read_counts(benchmarks, counters):
    """What the virtual GPU counted, and errors; no times."""
    def read(_):
        runs = json.loads(pathlib.Path(benchmarks).read_text())["benchmarks"]
        kernels = json.loads(pathlib.Path(counters).read_text())["kernels"]
        rows = []
        for kernel in kernels:
            shared = [kernel[way] for way in ("shared_load", "shared_store")]
            memory = [kernel[way] for way in ("global_load", "global_store")]
            sectors = 32 * sum(way["sectors"] for way in memory)
            ideal = sum(way["ideal"] for way in shared)
            rows.append([short_name(kernel["name"]), kernel["launches"], kernel["warp_instructions"], sectors,
                         percent(sum(way["bytes"] for way in memory) / sectors) if sectors else None,
                         round(sum(way["wavefronts"] for way in shared) / ideal, 2) if ideal else None])
        problem = problem_of(runs)
        return {"counts": {"cases": len(runs), "kernels": len(rows)}, **({"problem": problem} if problem else {}),
                "largest_error": for_json(largest_error(runs)), "rows": rows,
                "header": ["kernel", "launches", "warp instructions", "bytes moved", "asked for",
                           "shared wavefronts of the ideal"]}
    return read


def short_name(name):
    """A kernel's own name with its first template arguments."""
    for word in ("void ", "ebb::cuda::", "ebb::kernels::", "ebb::", "(anonymous namespace)::", "cuda::"):
        name = name.replace(word, "")
    return re.sub(r"\(\w+\)(?=-?\d)", "", name).split("(")[0][:80]  # without casts and parameters


def run_benchmarks(part, machine, pythons):
    names = case_names(machine)
    if not names:
        part.add("list of cases", "failed", "ebb_bench_kernels lists nothing")
    groups = by_operation(names)
    measured = {}
    for operation, cases in groups.items():
        share = 0.75 if machine.virtual else 0.5  # one that hangs leaves time to the others
        out = part.logs / f"{operation}.json"
        command = [*program(machine), f"--benchmark_out={out}"]
        if machine.virtual:
            counters = part.logs / f"{operation}.counters.json"
            part.run(operation, [*command, f"--benchmark_filter={filter_of(first_shapes(cases))}"],
                     {**machine.environment, "VGPU_REPORT": counters}, read_counts(out, counters), share)
        else:
            step = part.run(operation, [*command, f"--benchmark_filter=^{operation}/"], machine.environment,
                            read_times(out), share)
            measured.update(step.get("results", {}).get("seconds", {}))
    if machine.virtual:
        part.absent("beside cuBLAS, cuDNN and PyTorch", "needs a GPU")
        return
    compare_with_pytorch(part, measured, pythons)


def compare_with_pytorch(part, measured, pythons):
    python = machines.find_torch(pythons or [sys.executable, "python3", "python"])
    if python is None:
        part.absent("beside cuBLAS, cuDNN and PyTorch", "no Python here has PyTorch with CUDA; --python names one")
        return
    part.run("beside cuBLAS, cuDNN and PyTorch",
             [python, machines.ROOT / "bench/pytorch_cuda.py", *measured], None,
             lambda text: read_peers(text, measured))


def read_peers(text, measured):
    rows = []
    for line in text.splitlines():
        if line.startswith("{"):
            peer = json.loads(line)
            ebb = measured[peer["name"]]
            rows.append([peer["name"], peer["peer"], ebb * MICRO, peer["seconds"] * MICRO,
                         round(peer["seconds"] / ebb, 2)])
    return {"counts": {"comparisons": len(rows)}, "rows": rows,
            "header": ["case", "peer", "ebb us", "peer us", "peer / ebb"]}
