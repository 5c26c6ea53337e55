"""The report of scripts/gpu_check: report.json, and report.md made from it. Both are complete at any time."""

import json
import os
import pathlib

from . import tables
from .steps import GOOD, PASSED

FORMAT = 1


class Report:
    """What was found so far, of all parts. A part that runs again replaces what stood there."""

    def __init__(self, folder, machine):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.machine = machine
        self.parts = {}
        path = self.folder / "report.json"
        if path.exists():
            former = read_json(path)
            if same_machine(former["machine"], machine):
                self.parts = former["parts"]

    def has_times(self):
        """The virtual GPU's times say nothing about a GPU's."""
        return not self.machine["virtual"]

    def write(self):
        content = {"format": FORMAT, "machine": self.machine, "parts": self.parts}
        replace(self.folder / "report.json", json.dumps(content, indent=1) + "\n")
        replace(self.folder / "report.md", markdown(content))

    def passed(self, names):
        return all(self.parts[name]["status"] in GOOD for name in names)


def read_json(path):
    try:
        content = json.loads(pathlib.Path(path).read_text())
    except ValueError as error:  # no JSON, or no text
        raise ValueError(f"{path} is no report: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} is no report of this gpu_check")
    return content


def same_machine(one, other):
    return all(one.get(key) == other.get(key) for key in ("gpu", "driver", "processor", "commit"))


def join(folder, paths):
    """One report of several, each of some parts, of one machine and commit; the last one of a part counts."""
    reports = [read_json(path) for path in paths]
    for path, content in zip(paths, reports):
        if not same_machine(content["machine"], reports[0]["machine"]):
            raise ValueError(f"{path} is of another machine, driver or commit than {paths[0]}")
    folder = pathlib.Path(folder)
    (folder / "report.json").unlink(missing_ok=True)
    report = Report(folder, reports[-1]["machine"])
    for content in reports:
        report.parts.update(content["parts"])
    report.write()
    return report


def replace(path, text):
    """Writes a file aside and renames it, so that it is whole whenever the machine goes away."""
    aside = path.with_name(path.name + ".part")
    with aside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


def markdown(content):
    machine = content["machine"]
    lines = [f"# GPU check: {machine['gpu']}", ""]
    if machine["virtual"]:
        lines += ["This ran on the virtual GPU: results and counts are real, times would mean nothing and are "
                  "left out.", ""]
    lines += tables.table(["", ""], [[name, value] for name, value in machine.items() if name != "virtual"])
    for name, part in content["parts"].items():
        lines += ["", f"## {name}: {part['status']}", ""]
        lines += tables.steps(part["steps"], has_times=not machine["virtual"])
    return "\n".join(lines) + "\n"


def summary(report, names):
    """A line per part, for the screen."""
    for name in names:
        steps = report.parts[name]["steps"]
        good = sum(step["status"] == PASSED for step in steps)
        yield f"{name}: {report.parts[name]['status']}, {good} of {len(steps)} steps passed"
