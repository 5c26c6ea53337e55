#!/usr/bin/env python3
"""Compares reading a table, and dropping its repeated rows, with pandas, Polars and Arrow, as markdown.

    bench/compare_dataframes.py --table dirty.csv [--python PYTHON] [--ebb build/bin/ebb_bench_tables]
                                [--repeats 3] [--jobs read duplicates]

bench/make_dirty_table.py writes a table. PYTHON is an interpreter that has pandas, polars and pyarrow; what it
lacks is left out. Every measurement is a process of its own, and peers take turns in both orders, so that a
machine that slows down slows all. Shown: the median with its range, how many times faster ebb is, and the most
memory that the process had.
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
JOBS = ("read", "duplicates")
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


def run_peer(peer: str, job: str, table: str) -> dict:
    """Measures in this process. Arrow has no function that drops repeated rows."""
    read = read_function(peer)
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
    programs = ["ebb", *(peer for peer in peers if (peer, job) != ("pyarrow", "duplicates"))]

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
