#!/usr/bin/env python3
"""Draws what ebb_bench_kernels measured: a panel per operation, direction and device, bars by shape, contender
and dtype.

    build/bin/ebb_bench_kernels --device=cuda --contenders --benchmark_out=kernels.json
    bench/plot_kernels.py kernels.json --out kernels.svg
    bench/plot_kernels.py kernels.json --show speed --filter '^(matrix_product|attention)' --out products.svg

Several files of one machine make one picture. It needs matplotlib (Debian's python3-matplotlib).
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import sys

OWN = "ebb"
COLUMNS = 2
BAR_INCHES = 0.16  # high
SHOWN = {"floor": "share of the device's limit, %", "flop/s": "Tflop/s", "bytes/s": "GB/s"}
UNITS = {"floor": 1e-2, "flop/s": 1e12, "bytes/s": 1e9}


class NoTimings(Exception):
    """Why a file cannot be drawn."""


@dataclasses.dataclass(frozen=True)
class Median:
    """Of one benchmark; its name is operation[:contender]/direction/device/dtype/shape."""
    panel: str
    series: str
    shape: str
    counters: dict

    def value(self, show):
        """In the unit of SHOWN, and that unit's name; none where it was not measured."""
        names = ("floor",) if show == "floor" else ("flop/s", "bytes/s")
        name = next((name for name in names if name in self.counters), None)
        return None if name is None else (self.counters[name] / UNITS[name], SHOWN[name])


def median_of(run):
    operation, direction, device, dtype, shape = run["run_name"].split("/")[:5]
    operation, _, contender = operation.partition(":")
    return Median(f"{operation} {direction}, {device}", f"{contender or OWN} {dtype}", shape, run)


def read_medians(path):
    """The device's names and the medians of a file. Throws NoTimings."""
    try:
        content = json.loads(pathlib.Path(path).read_text())
        context, runs = content["context"].items(), iter(content["benchmarks"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoTimings(f"{path} is no JSON of ebb_bench_kernels (--benchmark_out=FILE)") from None
    devices = {key: name for key, name in context if re.fullmatch(r"cpu|cuda:\d+", key)}
    if any(name.endswith("(vgpu)") for name in devices.values()):
        raise NoTimings(f"{path} is of the virtual GPU, which counts and takes no times: measure on a GPU, or see "
                        "scripts/kernel_table")
    medians = [median_of(run) for run in runs if run.get("aggregate_name") == "median"]
    if not medians:
        raise NoTimings(f"{path} holds no timings: every benchmark was skipped, or none was chosen")
    return devices, medians


def read_files(paths):
    """Of one machine. Throws NoTimings."""
    devices, medians = {}, []
    for path in paths:
        found, more = read_medians(path)
        for key, name in found.items():
            if devices.setdefault(key, name) != name:
                raise NoTimings(f"{path} is of {name}, {paths[0]} of {devices[key]}: one picture is of one machine")
        medians += more
    return devices, medians


def arranged(medians, show):
    """{(panel, unit): {series: {shape: value}}}, in the order of the files."""
    panels = {}
    for median in medians:
        value = median.value(show)
        if value is not None:
            panels.setdefault((median.panel, value[1]), {}).setdefault(median.series, {})[median.shape] = value[0]
    return panels


def shapes_of(panel):
    return list(dict.fromkeys(shape for values in panel.values() for shape in values))


def draw_panel(axes, title, unit, panel, colours):
    shapes = shapes_of(panel)
    height = 0.8 / len(panel)
    for index, (series, values) in enumerate(panel.items()):
        places = [shapes.index(shape) + (index + 0.5) * height - 0.4 for shape in values]
        axes.barh(places, list(values.values()), height, label=series, color=colours[series])
    axes.set_yticks(range(len(shapes)), shapes)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(unit)
    axes.set_title(title)
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))


def draw(devices, panels):
    """The figure."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none",  # text stays text
                                "svg.hashsalt": "ebb"})  # the same file for the same figures
    from matplotlib import pyplot
    names = list(dict.fromkeys(series for panel in panels.values() for series in panel))
    colours = {name: pyplot.get_cmap("tab20")(index % 20) for index, name in enumerate(names)}
    rows = -(-len(panels) // COLUMNS)
    bars = max(len(panel) * len(shapes_of(panel)) for panel in panels.values())
    figure, grid = pyplot.subplots(rows, COLUMNS, squeeze=False, layout="constrained",
                                   figsize=(7 * COLUMNS, rows * (1.5 + BAR_INCHES * bars)))
    for axes, ((title, unit), panel) in zip(grid.flat, panels.items()):
        draw_panel(axes, title, unit, panel, colours)
    for axes in list(grid.flat)[len(panels):]:
        axes.remove()
    figure.suptitle("; ".join(f"{key}: {name}" for key, name in devices.items()))
    return figure


def save(figure, out):
    aside = out.with_name(out.name + ".part")
    figure.savefig(aside, format="svg", metadata={"Date": None})
    os.replace(aside, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSON of ebb_bench_kernels")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="the SVG file")
    parser.add_argument("--show", choices=("floor", "speed"), default="floor",
                        help="share of the device's limit, or flop/s and bytes/s (floor)")
    parser.add_argument("--filter", default="", help="a regular expression for names to draw (all)")
    arguments = parser.parse_args()
    try:
        devices, medians = read_files(arguments.files)
    except (NoTimings, OSError) as error:
        sys.exit(f"error: {error}")
    chosen = [median for median in medians if re.search(arguments.filter, median.counters["run_name"])]
    panels = arranged(chosen, arguments.show)
    if not panels:
        sys.exit(f"error: --filter {arguments.filter} leaves nothing to draw")
    try:
        figure = draw(devices, panels)
    except ImportError:
        sys.exit("error: this needs matplotlib: apt-get install python3-matplotlib, or pip install matplotlib in "
                 "the Python that runs it")
    save(figure, arguments.out)


if __name__ == "__main__":
    main()
