#!/usr/bin/env python3
"""Trains ebb with default settings on real churn tables and prints the means over seeds.

    bench/quality.py --data DIR [--seeds 10] [--tables wa_churn mlc_churn churn_modelling]
                     [--ebb build/bin/ebb] [-- EXTRA OPTIONS OF ebb train]

DIR holds wa_churn.csv and mlc_churn.csv (scripts/fetch_data gets both), and churn_modelling.csv with
churn_modelling_rtdl_split.csv. Protocols: the first two are split 80/20 by the seed, stratified, with
the validation rows taken from the 80 %; the third has the fixed split of the tabular deep-learning
literature. The threshold is the best for accuracy on validation rows.
"""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

TABLES = {
    "wa_churn": ["--target", "churn"],
    "mlc_churn": ["--target", "churn"],
    "churn_modelling": ["--target", "Exited", "--split-column", "part",
                        "--drop-columns", "RowNumber,CustomerId,Surname"],
}
METRICS = ("accuracy", "roc_auc", "pr_auc", "brier", "log_loss")


def join_split(folder: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """churn_modelling.csv with its published split as a column "part"."""
    with open(folder / "churn_modelling_rtdl_split.csv", newline="") as file:
        parts = {int(row["row"]): row["part"] for row in csv.DictReader(file)}
    path = out / "churn_modelling.csv"
    with open(folder / "churn_modelling.csv", newline="") as source, open(path, "w", newline="") as target:
        rows = csv.reader(source)
        writer = csv.writer(target)
        writer.writerow([*next(rows), "part"])
        writer.writerows([*row, parts[i]] for i, row in enumerate(rows))
    return path


def train(ebb: str, table: pathlib.Path, options: list[str], seed: int, out: pathlib.Path) -> dict:
    command = [ebb, "train", "--data", str(table), *options, "--seed", str(seed), "--out", str(out),
               "--objective", "accuracy", "--overwrite"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads((out / "metrics.json").read_text())


def summary(values: list[float]) -> str:
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.4f} +- {error:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--ebb", default=str(pathlib.Path(__file__).parent.parent / "build/bin/ebb"))
    parser.add_argument("extra", nargs="*", help="more options of ebb train, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder)
        for name in arguments.tables:
            table = arguments.data / f"{name}.csv"
            if name == "churn_modelling":
                table = join_split(arguments.data, out)
            found = []
            for seed in range(arguments.seeds):
                found.append(train(arguments.ebb, table, TABLES[name] + arguments.extra, seed, out / name))
                test = found[-1]["network"]["test"]
                print(f"{name} seed {seed}: accuracy {test['accuracy']:.4f}, AUC {test['roc_auc']:.4f}",
                      flush=True)
            for model in ("network", "logistic_regression"):
                figures = ", ".join(f"{metric} {summary([f[model]['test'][metric] for f in found])}"
                                    for metric in METRICS)
                print(f"{name} {model}, mean of {arguments.seeds}: {figures}", flush=True)


if __name__ == "__main__":
    main()
