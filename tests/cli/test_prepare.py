"""ebb prepare: fitted once, applied to other rows, and what it refuses."""

import json
import struct
import unittest

from program import TABLE, ProgramTest, rows_of

STEPS = """
[[preprocessing.steps]]
step = "derive"
name = "orders per month"
operation = "ratio"
of = ["orders_90_days", "tenure_months"]

[[preprocessing.steps]]
step = "drop"
columns = ["orders_90_days", "returns_*"]
"""


def tensors_of(path):
    """Names, shapes and metadata of a safetensors file."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__")
    return {name: (entry["dtype"], entry["shape"]) for name, entry in header.items()}, metadata


class PrepareTest(ProgramTest):
    def prepare(self, *more, code=0, data=TABLE):
        return self.ebb("prepare", "--data", data, *more, code=code)

    def fit(self, *more, out="out.csv", code=0):
        return self.prepare("--target", "churn", "--id-column", "customer_id", "--out", out, *more, code=code)

    def test_the_saved_pipeline_gives_the_same_rows_again(self):
        self.fit("--save-pipeline", "pipeline.json")
        fitted = (self.folder / "out.csv").read_text()
        again = self.prepare("--pipeline", "pipeline.json", "--id-column", "customer_id", "--out", "-").stdout
        self.assertEqual(again, fitted)
        rows = rows_of(fitted)
        self.assertEqual(len(rows), 400)
        self.assertEqual(rows[0]["customer_id"], "S00001")
        self.assertEqual(rows[0]["churn"], "1")
        self.assertEqual({row["newsletter"] for row in rows}, {"0", "2", "3"})
        # Of another file only what the pipeline uses must be there; the label need not be.
        table = rows_of(TABLE.read_text())
        lines = [",".join(name for name in table[0] if name not in ("churn", "customer_id"))]
        lines += [",".join(v for n, v in row.items() if n not in ("churn", "customer_id")) for row in table[:3]]
        few = self.write("few.csv", "\n".join(lines) + "\n")
        shown = rows_of(self.prepare("--pipeline", "pipeline.json", "--out", "-", data=few).stdout)
        self.assertEqual([{n: v for n, v in row.items() if n not in ("customer_id", "churn")} for row in rows[:3]], shown)

    def test_steps_run_before_all_else_and_are_listed(self):
        config = self.write("steps.toml", STEPS)
        shown = self.fit("--config", config, "--save-pipeline", "p.json").stdout
        self.assertRegex(shown, r'derive +"orders per month" is the ratio of "orders_90_days", "tenure_months"')
        self.assertRegex(shown, r'drop +"orders_90_days", "returns_share" taken out')
        header = (self.folder / "out.csv").read_text().splitlines()[0]
        self.assertIn("orders per month", header)
        self.assertNotIn("orders_90_days", header)
        again = self.prepare("--pipeline", "p.json", "--id-column", "customer_id", "--out", "-").stdout
        self.assertEqual(again, (self.folder / "out.csv").read_text())
        without = self.write("without.csv", "\n".join(
            ",".join(line.split(",")[:9] + line.split(",")[10:]) for line in TABLE.read_text().splitlines()) + "\n")
        self.prepare("--pipeline", "p.json", "--out", "-", data=without)  # returns_share is not needed

    def test_a_model_uses_its_steps(self):
        config = self.write("steps.toml", self.config.read_text() + STEPS)
        shown = self.ebb("train", "--data", TABLE, "--target", "churn", "--config", config, "--out", "model").stdout
        self.assertIn('step      drop: "orders_90_days", "returns_share" taken out', shown)
        dry = self.ebb("train", "--data", TABLE, "--target", "churn", "--config", config, "--dry-run").stdout
        self.assertRegex(dry, r"orders_90_days +number +input of steps")
        self.assertIn("orders per month", (self.folder / "model/config.toml").read_text())
        again = self.ebb("train", "--config", "model/config.toml", "--out", "again")
        self.assertEqual(self.model_bytes(), self.model_bytes("again"), again.stdout)
        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")
        inputs = self.prepare("--model", "model", "--out", "-").stdout
        self.assertIn("orders per month", inputs.splitlines()[0])

    def test_tensors_have_names_and_labels(self):
        self.fit(out="out.safetensors")
        tensors, metadata = tensors_of(self.folder / "out.safetensors")
        self.assertEqual(tensors["labels"], ("F32", [400]))
        self.assertEqual(tensors["numbers"][1][0], 400)
        names = json.loads(metadata["names"])
        self.assertEqual(len(names), tensors["numbers"][1][1] + tensors["codes"][1][1])
        self.fit("--categories", "one_hot", out="hot.safetensors")
        tensors, metadata = tensors_of(self.folder / "hot.safetensors")
        self.assertEqual(tensors["features"][1], [400, len(json.loads(metadata["names"]))])
        self.assertIn("plan = basic", json.loads(metadata["names"]))

    def test_one_hot_columns_hold_one_1(self):
        self.fit("--categories", "one_hot")
        for row in rows_of((self.folder / "out.csv").read_text()):
            self.assertEqual([value for name, value in row.items() if name.startswith("plan ")].count("1"), 1)

    def test_any_number_of_threads_gives_the_same_bytes(self):
        for threads in range(1, 5):
            self.fit("--threads", str(threads), out=f"{threads}.csv")
        files = {(self.folder / f"{threads}.csv").read_bytes() for threads in range(1, 5)}
        self.assertEqual(len(files), 1)

    def test_what_does_not_go_together_is_refused_and_nothing_written(self):
        kept = self.write("out.csv", "kept")
        self.assertIn("--target is missing", self.prepare("--out", "out.csv", code=2).stderr)
        self.assertIn("is fitted already", self.fit("--pipeline", "p.json", code=2).stderr)
        self.assertIn("--pipeline and --model", self.prepare("--pipeline", "p", "--model", "m", "--out", "o",
                                                             code=2).stderr)
        self.assertIn("use codes or one_hot", self.fit("--categories", "onehot", code=2).stderr)
        broken = self.write("broken.json", '{"format": "ebb.pipeline", "version": 3}')
        self.assertRegex(self.prepare("--pipeline", broken, "--out", "out.csv", code=3).stderr,
                         r"broken\.json: pipeline: version: version 3 is not known")
        wrong = self.write("wrong.toml", '[[preprocessing.steps]]\nstep = "fil"\n')
        self.assertRegex(self.fit("--config", wrong, code=3).stderr,
                         r'wrong\.toml:1:1: step "fil": step: there is no step "fil"\. Did you mean "fill"\?')
        self.assertEqual(kept.read_text(), "kept")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if path.name.startswith("out")),
                         ["out.csv"])

    def test_inputs_are_not_replaced(self):
        table = self.write("table.csv", TABLE.read_text())
        for option in ("--out", "--save-pipeline"):
            others = [] if option == "--out" else ["--out", "o.csv"]
            self.assertIn("would be lost", self.prepare("--target", "churn", option, table, *others, data=table,
                                                        code=2).stderr)


if __name__ == "__main__":
    unittest.main()
