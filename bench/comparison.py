"""What comparisons with other programs share: taking turns, running ebb, tables in markdown."""
import json
import pathlib
import statistics
import subprocess
import sys
import time

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/bin/ebb"
WARM_UP = 3
LEAST_REPEATS = 5


def require_torch():
    """The torch module; without it, an exit that says how to get it."""
    try:
        import torch
    except ImportError:
        sys.exit("This needs PyTorch for the CPU, in the Python that runs it:\n"
                 "    python3 -m venv venv && venv/bin/pip install torch numpy "
                 "--index-url https://download.pytorch.org/whl/cpu\n"
                 f"    venv/bin/python {' '.join(sys.argv)}")
    return torch


def take_turns(*bodies, visits: int) -> list[list]:
    """What each returns, `visits` times, in the order 1 2 2 1 1 2 ..., so that a machine that
    slows down, or a neighbour that comes and goes, meets all."""
    results = [[] for _ in bodies]
    for visit in range(visits):
        for which in range(len(bodies)) if visit % 2 == 0 else reversed(range(len(bodies))):
            results[which].append(bodies[which]())
    return results


def run_json(command: list) -> dict:
    """What a command prints, which is JSON."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return json.loads(done.stdout)


def median_seconds(body, seconds: float) -> float:
    """Of repeating `body` for so long, as `ebb bench` does."""
    for _ in range(WARM_UP):
        body()
    times = []
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < LEAST_REPEATS:
        begin = time.perf_counter()
        body()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def processor() -> str:
    """The model name as the system gives it."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Markdown: the first column to the left, the others to the right."""
    for row in [header, ["---"] + ["---:"] * (len(header) - 1), *rows]:
        print(f"| {' | '.join(row)} |", flush=True)


class Speeds:
    """ebb's and PyTorch's visits with one shape, and the table row that they make."""

    HEADER = ["ebb", "PyTorch", "ratio", "ebb GFLOP/s", "of peak", "PyTorch GFLOP/s", "of peak"]

    def __init__(self, ebb: list[dict], torch_seconds: list[float], flops: float):
        self.ebb = statistics.median(visit["median_s"] for visit in ebb)
        self.torch = statistics.median(torch_seconds)
        # A reading of the peak can be too low, never too high.
        self.peak = max(visit["peak_gflops"] for visit in ebb)
        self.flops = flops

    def cells(self) -> list[str]:
        def speed(seconds):
            gflops = self.flops / seconds * 1e-9
            return [f"{gflops:.1f}", f"{100 * gflops / self.peak:.1f} %"]

        return [f"{self.ebb * 1e3:.3f} ms", f"{self.torch * 1e3:.3f} ms", f"{self.torch / self.ebb:.2f}",
                *speed(self.ebb), *speed(self.torch)]
