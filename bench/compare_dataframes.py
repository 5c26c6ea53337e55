#!/usr/bin/env python3
"""Compares reading a table, dropping its repeated rows, and preparing it, with pandas and scikit-learn, Polars
and Arrow, as markdown.

    bench/compare_dataframes.py --table dirty.csv [--python PYTHON] [--ebb build/bin/ebb_bench_tables]
                                [--repeats 3] [--jobs read duplicates prepare]

bench/make_dirty_table.py writes a table. PYTHON is an interpreter that has pandas, polars and pyarrow; what it
lacks is left out. Every measurement is a process of its own, and peers take turns in both orders, so that a
machine that slows down slows all. Shown: the median with its range, how many times faster ebb is, and the most
memory that the process had. "prepare" is the way from the file to a matrix of f32: repeated rows dropped, medians
and "missing" for missing values, two categories one-hot, two numbers scaled to [0, 1], the 15 numbers most
correlated with the label, codes for the other categories.
"""
import argparse
import functools
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

from comparison import PROGRAM, print_table, processor, run_json, take_turns

PEERS = ("pandas", "polars", "pyarrow")
JOBS = ("read", "duplicates", "prepare")
NUMBERS = [f"n{i}" for i in range(20)]
CATEGORIES = [f"c{i}" for i in range(8)]
ONE_HOT, SCALED, KEPT = ["c0", "c3"], ["n0", "n1"], 15
HEADER = ["job", "program", "seconds", "ebb is faster", "rows", "peak memory"]


def read_function(peer: str):
    if peer == "pandas":
        import pandas
        return pandas.read_csv
    if peer == "polars":
        import polars
        return polars.read_csv
    import pyarrow.csv
    return pyarrow.csv.read_csv


def prepare_with_pandas(path: str):
    import numpy
    import pandas
    from sklearn.preprocessing import MinMaxScaler
    frame = pandas.read_csv(path).drop_duplicates()
    frame[NUMBERS] = frame[NUMBERS].fillna(frame[NUMBERS].median())
    frame[CATEGORIES] = frame[CATEGORIES].fillna("missing")
    related = frame[NUMBERS].corrwith(frame["churn"]).abs()
    kept = related.nlargest(KEPT).index
    frame[SCALED] = MinMaxScaler().fit_transform(frame[SCALED])
    parts = [frame[kept].to_numpy("float32"),
             pandas.get_dummies(frame[ONE_HOT], dtype="float32").to_numpy()]
    parts += [frame[name].astype("category").cat.codes.to_numpy("float32")[:, None]
              for name in CATEGORIES if name not in ONE_HOT]
    return numpy.hstack(parts)


def prepare_with_polars(path: str):
    import polars
    from polars import col
    frame = polars.read_csv(path).unique(maintain_order=True)
    frame = frame.with_columns([col(name).fill_null(col(name).median()) for name in NUMBERS]
                               + [col(name).fill_null("missing") for name in CATEGORIES])
    related = frame.select([polars.corr(name, "churn").abs() for name in NUMBERS]).row(0)
    kept = [name for _, name in sorted(zip(related, NUMBERS), reverse=True)[:KEPT]]
    frame = frame.with_columns([(col(name) - col(name).min()) / (col(name).max() - col(name).min())
                                for name in SCALED])
    codes = [col(name).cast(polars.Categorical).to_physical() for name in CATEGORIES if name not in ONE_HOT]
    parts = frame.select([col(name) for name in kept] + codes).cast(polars.Float32)
    hot = frame.select(ONE_HOT).to_dummies().cast(polars.Float32)
    return polars.concat([parts, hot], how="horizontal").to_numpy()


PREPARE = {"pandas": prepare_with_pandas, "polars": prepare_with_polars}


def run_peer(peer: str, job: str, table: str) -> dict:
    """Measures in this process. Arrow has no function that drops repeated rows."""
    read = PREPARE[peer] if job == "prepare" else read_function(peer)
    begin = time.perf_counter()
    frame = read(table)
    if job == "duplicates":
        begin = time.perf_counter()
        frame = frame.drop_duplicates() if peer == "pandas" else frame.unique(maintain_order=True)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "rows": len(frame),
            "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def run_ebb(program: str, job: str, table: str) -> dict:
    shown = run_json([program, table, f"--benchmark_filter=^{job}/", "--benchmark_format=json"])
    result = shown["benchmarks"][0]
    return {"seconds": result["real_time"] / 1e3, "rows": int(result["rows"]), "peak_bytes": result["peak_bytes"]}


def installed(python: str) -> list[str]:
    code = "import importlib.util, sys; print(*[p for p in sys.argv[1:] if importlib.util.find_spec(p)])"
    return subprocess.run([python, "-c", code, *PEERS], capture_output=True, text=True, check=True).stdout.split()


def compare(job: str, peers: list[str], arguments: argparse.Namespace) -> list[list[str]]:
    programs = ["ebb", *(peer for peer in peers if peer != "pyarrow" or job == "read")]

    def run(program):
        if program == "ebb":
            return run_ebb(arguments.ebb, job, arguments.table)
        return run_json([arguments.python, __file__, "--peer", program, "--jobs", job, "--table", arguments.table])

    visits = take_turns(*(functools.partial(run, program) for program in programs), visits=arguments.repeats)
    ours = statistics.median(visit["seconds"] for visit in visits[0])
    rows = []
    for program, results in zip(programs, visits):
        seconds = [result["seconds"] for result in results]
        median = statistics.median(seconds)
        peak = max(result["peak_bytes"] for result in results)
        rows.append([job, program, f"{median:.2f} ({min(seconds):.2f} to {max(seconds):.2f})",
                     "" if program == "ebb" else f"{median / ours:.2f}x", f"{results[0]['rows']:,}",
                     f"{peak / 1e9:.2f} GB"])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--ebb", default=str(PROGRAM.with_name("ebb_bench_tables")))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        print(json.dumps(run_peer(arguments.peer, arguments.jobs[0], arguments.table)))
        return
    peers = installed(arguments.python)
    if not peers:
        sys.exit(f"{arguments.python} has none of {', '.join(PEERS)}: name one that has with --python")
    size = pathlib.Path(arguments.table).stat().st_size
    print(f"{arguments.table}: {size / 1e6:,.0f} MB; {processor()}\n")
    print_table(HEADER, [row for job in arguments.jobs for row in compare(job, peers, arguments)])


if __name__ == "__main__":
    main()
