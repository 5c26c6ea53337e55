#!/usr/bin/env python3
"""Compares whole jobs of ebb with the same in pandas, scikit-learn and PyTorch, as markdown.

    bench/compare_pytorch_jobs.py --data wa_churn.csv [--python PYTHON] [--ebb build/bin/ebb]
                                  [--rows 1000000] [--repeats 3] [--jobs train predict]

train    process start to exit, the preset "seed": 10 epochs in batches of 32
predict  rows per second of `ebb predict` on a generated table of --rows rows, reading and writing
         included, against PyTorch's forward alone at its best batch size

PYTHON is an interpreter that has torch, pandas and scikit-learn. ebb and the peer take turns, and
each begins as often as the other, so that a machine that slows down slows both.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import make_table
from comparison import PROGRAM, print_table, processor, run_json, take_turns

HERE = pathlib.Path(__file__).parent
PEER_ROWS = 50_000  # enough for PyTorch's speed, which does not depend on their number
HEADER = ["job", "ebb", "PyTorch", "ratio"]


def run(command: list) -> tuple[float, str]:
    """Seconds from start to exit, and what was printed."""
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return seconds, done.stdout


def cells(name: str, ebb: list[float], torch: list[float], more_is_better: bool) -> list[str]:
    """Medians, the ranges behind them, and how many times better ebb is."""
    ours, theirs = statistics.median(ebb), statistics.median(torch)

    def text(values):
        return f"{statistics.median(values):,.5g} ({min(values):,.5g} to {max(values):,.5g})"

    return [name, text(ebb), text(torch), f"{ours / theirs if more_is_better else theirs / ours:.2f}"]


def train_command(arguments: argparse.Namespace, out: pathlib.Path) -> list:
    return [arguments.ebb, "train", "--preset", "seed", "--data", arguments.data, "--target", arguments.target,
            "--threads", arguments.threads, "--out", out / "model", "--overwrite"]


def compare_training(arguments: argparse.Namespace, out: pathlib.Path) -> list[list[str]]:
    peer = [arguments.python, HERE / "pytorch_jobs.py", "train", "--data", arguments.data, "--target", arguments.target,
            "--positive", arguments.positive, "--threads", arguments.threads, "--out", out / "model.pt"]
    ebb, torch = take_turns(lambda: run(train_command(arguments, out))[0], lambda: run(peer)[0],
                            visits=arguments.repeats)
    return [cells("train, seconds", ebb, torch, more_is_better=False)]


def peak_gflops(arguments: argparse.Namespace) -> float:
    return run_json([arguments.ebb, "bench", "step", "--device", "cpu", "--threads", arguments.threads,
                     "--json", "-"])["peak_gflops"]


def network_flops_per_row(model: pathlib.Path, shown: str) -> float:
    """Nominal: all layers over all tokens. `shown` is what `ebb train` printed."""
    tokens = 1 + sum(map(int, re.search(r"columns +(\d+) numbers, (\d+) categories", shown).groups()))
    sizes = dict(re.findall(r"^(dim|layers|feed_forward) = (\d+)", (model / "config.toml").read_text(), re.M))
    dim, layers, wide = (float(sizes[name]) for name in ("dim", "layers", "feed_forward"))
    return layers * (2 * tokens * (4 * dim * dim + 2 * dim * wide) + 4 * tokens * tokens * dim)


def compare_prediction(arguments: argparse.Namespace, out: pathlib.Path) -> list[list[str]]:
    table = out / "table.csv"
    with open(table, "w", newline="", encoding="utf-8") as file:
        make_table.write_table(arguments.data, arguments.rows, file)
    trained = run(train_command(arguments, out))[1]
    predict = [arguments.ebb, "predict", "--model", out / "model", "--data", table, "--out", out / "scores.csv",
               "--threads", arguments.threads]
    peer = [arguments.python, HERE / "pytorch_jobs.py", "forward", "--data", table, "--target", arguments.target,
            "--rows", min(PEER_ROWS, arguments.rows), "--threads", arguments.threads]

    def speeds_of_ebb() -> tuple[float, float, float]:
        seconds, shown = run(predict)
        network = re.search(r"([\d,]+) in the network", shown).group(1).replace(",", "")
        return arguments.rows / seconds, float(network), peak_gflops(arguments)

    ebb, torch = take_turns(speeds_of_ebb, lambda: max(json.loads(run(peer)[1]).values()), visits=arguments.repeats)
    whole, network, peak = (list(values) for values in zip(*ebb))
    flops = network_flops_per_row(out / "model", trained)
    shares = [speed * flops * 1e-9 / max(peak) for speed in network]
    extra = [inside / outside - 1 for inside, outside in zip(network, whole)]
    print(f"network: {100 * statistics.median(shares):.0f} % of a peak of {max(peak):.0f} GFLOP/s in nominal operations; "
          f"reading and writing cost {100 * statistics.median(extra):.1f} % more\n")
    return [cells("predict, rows/s", whole, torch, more_is_better=True),
            cells("its network alone, rows/s", network, torch, more_is_better=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="the table to train on")
    parser.add_argument("--target", default="churn")
    parser.add_argument("--positive", default="Yes")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--ebb", default=PROGRAM)
    parser.add_argument("--jobs", nargs="+", choices=["train", "predict"], default=["train", "predict"])
    arguments = parser.parse_args()
    jobs = {"train": compare_training, "predict": compare_prediction}
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for job in arguments.jobs for row in jobs[job](arguments, pathlib.Path(folder))]
    print(f"{processor()}, {arguments.threads} threads\n")
    print_table(HEADER, rows)


if __name__ == "__main__":
    main()
