"""Part `train`: one training per table on the CPU and one on the GPU, their losses side by side."""

import csv
import pathlib

from . import machine as machines

# Options of `ebb train` by table. The first is committed; the others may lie in a folder of real data.
TABLES = {
    "synthetic_churn": ["--target", "churn", "--id-column", "customer_id"],
    "mlc_churn": ["--target", "churn"],
    "wa_churn": ["--target", "churn"],
    "churn_modelling": ["--target", "Exited", "--drop-columns", "RowNumber,CustomerId,Surname"],
}
# Both start from the same weights and drop the same activations, so that losses differ by rounding. It
# grows from step to step; what is wrong in a kernel shows in the first epoch already.
FIRST_EPOCH = 1e-3
LATER_EPOCHS = 5e-2
FEW_ROWS = 90
SMALL = """[model]
dim = 8
layers = 1
heads = 2
feed_forward = 16
bins = 4
[training]
epochs = 2
batch_size = 24
"""


def tables(folders):
    """The tables that are here, and the names of those that are not."""
    found = {"synthetic_churn": machines.ROOT / "tests/data/synthetic_churn.csv"}
    for name in TABLES:
        for folder in folders:
            path = pathlib.Path(folder) / f"{name}.csv"
            if name not in found and path.exists():
                found[name] = path
    return found, [name for name in TABLES if name not in found]


def losses_of(folder):
    with (folder / "history.csv").open(newline="") as file:
        return [(float(row["train_loss"]), float(row["validation_loss"])) for row in csv.DictReader(file)]


def compare(cpu, gpu):
    """Losses of both, epoch by epoch, and what is wrong with them."""
    rows, problems = [], []
    if len(cpu) != len(gpu) or not cpu:
        problems.append(f"{len(cpu)} epochs on the CPU, {len(gpu)} on the GPU")
    for epoch, (here, there) in enumerate(zip(cpu, gpu), start=1):
        difference = abs(there[0] - here[0]) / abs(here[0])
        rows.append([epoch, f"{here[0]:.6f}", f"{there[0]:.6f}", f"{difference:.1e}", f"{here[1]:.6f}",
                     f"{there[1]:.6f}"])
        most = FIRST_EPOCH if epoch == 1 else LATER_EPOCHS
        if not difference <= most:  # NaN too
            problems.append(f"epoch {epoch}: losses differ by {difference:.1e}, more than {most:g}")
    results = {"counts": {"epochs": len(rows)}, "rows": rows,
               "header": ["epoch", "loss, CPU", "loss, GPU", "apart by", "validation loss, CPU",
                          "validation loss, GPU"]}
    return {**results, "problem": "; ".join(problems)} if problems else results


def run_trainings(part, machine, data):
    found, missing = tables(machines.data_folders(data))
    if machine.virtual:
        found, missing = {"synthetic_churn": few_rows(part, found["synthetic_churn"])}, list(TABLES)[1:]
    for position, (name, table) in enumerate(found.items()):
        train_both(part, machine, name, table, 1 / (len(found) - position))
    for name in missing:
        part.absent(name, "left to machines with a GPU" if machine.virtual else "is not here; --data names its folder")


def few_rows(part, table):
    small = part.logs / "few_rows.csv"
    small.write_text("".join(table.read_text().splitlines(keepends=True)[:FEW_ROWS + 1]))
    return small


def train_both(part, machine, name, table, share):
    models = {device: part.logs / f"{name}_{device}" for device in ("cuda", "cpu")}
    options = list(TABLES[name])
    if machine.virtual:
        config = part.logs / "small.toml"
        config.write_text(SMALL)
        options += ["--config", config]
    for device, model in models.items():
        def read(_, device=device):
            return compare(losses_of(models["cpu"]), losses_of(models["cuda"])) if device == "cpu" else {}
        step = part.run(f"{name} on {device}",
                        [machines.program("ebb"), "train", "--data", table, *options, "--device", device,
                         "--overwrite", "--out", model],
                        machine.environment, read, share if device == "cpu" else share / 2)
        if step["status"] != "passed":
            return
