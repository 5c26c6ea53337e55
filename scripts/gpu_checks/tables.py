"""Markdown tables of a report's steps."""


def table(header, rows):
    """The first column to the left, the others to the right."""
    cells = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return [f"| {' | '.join(cell(value) for value in row)} |" for row in cells]


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def steps(records, has_times):
    """An overview of all steps, then what each found, then the last words of those that failed."""
    header = ["step", "status", "found"] + (["seconds"] if has_times else [])
    rows = [[record["name"], record["status"], found(record)] +
            ([record.get("seconds")] if has_times else []) for record in records]
    lines = table(header, rows)
    for record in records:
        results = record.get("results", {})
        if results.get("rows"):
            lines += ["", f"### {record['name']}", "", *table(results["header"], results["rows"])]
    for record in records:
        if record["status"] not in ("passed", "absent") and record.get("detail"):
            lines += ["", f"### {record['name']}: {record['status']}", "", "```", record["detail"], "```"]
    return lines


def found(record):
    """Counts in a few words; of an absent step why."""
    if record["status"] == "absent":
        return record["detail"]
    results = record.get("results", {})
    counts = [f"{value} {name}" for name, value in results.get("counts", {}).items() if value]
    return ", ".join(counts) or "-"
