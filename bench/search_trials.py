#!/usr/bin/env python3
"""How many trials Bayesian search needs to reach the validation loss of random search.

    bench/search_trials.py --data demo/data/mlc_churn_train.csv --target churn [--trials 40] [--seeds 10]
                           [--ebb build/bin/ebb] [-- EXTRA OPTIONS OF ebb tune]

For each seed, of split, first weights and search, `ebb tune` makes as many Sobol trials, and then as many
Bayesian ones. Printed is after how many trials each first had the best value of the Sobol trials; the
medians over the seeds count.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile


def best_so_far(arguments: argparse.Namespace, method: str, seed: int, out: pathlib.Path) -> list[float]:
    """After each trial, the least log loss of those that were finished."""
    command = [arguments.ebb, "tune", "--data", arguments.data, "--target", arguments.target, "--method", method,
               "--trials", str(arguments.trials), "--seed", str(seed), "--out", str(out), *arguments.extra]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    best, found = [], float("inf")
    for line in (out / "trials.jsonl").read_text().splitlines()[1:]:
        trial = json.loads(line)
        if trial["outcome"] == "finished":
            found = min(found, trial["value"])
        best.append(found)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--ebb", default=str(pathlib.Path(__file__).parent.parent / "build/bin/ebb"))
    parser.add_argument("extra", nargs="*", help="more options of ebb tune, after --")
    arguments = parser.parse_args()
    needed = {"sobol": [], "bayesian": []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            curves = {method: best_so_far(arguments, method, seed, pathlib.Path(folder) / f"{method} {seed}")
                      for method in needed}
            goal = curves["sobol"][-1]
            for method, curve in curves.items():
                reached = [i + 1 for i, value in enumerate(curve) if value <= goal]
                needed[method].append(reached[0] if reached else float("inf"))
            print(f"seed {seed}: log loss {goal:.4f} after {needed['sobol'][-1]} Sobol trials and "
                  f"{needed['bayesian'][-1]} Bayesian ones; {curves['bayesian'][-1]:.4f} after all", flush=True)
    print(f"medians: {statistics.median(needed['sobol'])} Sobol trials, "
          f"{statistics.median(needed['bayesian'])} Bayesian ones")


if __name__ == "__main__":
    main()
