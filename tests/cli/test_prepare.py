"""ebb prepare: fitted once, applied to other rows, and what it refuses."""

import json
import os
import signal
import struct
import subprocess
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

ELIMINATION = """
[[preprocessing.steps]]
step = "select"
rule = "important"
most = 4
per_round = 2
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

    def test_columns_are_eliminated_by_importance(self):
        config = self.write("steps.toml", ELIMINATION)
        shown = self.fit("--config", config, "--save-pipeline", "p.json").stdout
        self.assertRegex(shown, r'select +4 of \d+ columns kept by importance; round 1: ("\w+" \(-?[\d.]+\)(, )?){2}; '
                                r'round 2: ')
        pipeline = json.loads((self.folder / "p.json").read_text())
        (step,) = pipeline["steps"]
        verdicts = step["selection"]["columns"]
        kept = [column for column in verdicts if column["kept"]]
        gone = [column for column in verdicts if not column["kept"]]
        self.assertEqual([column["name"] for column in kept],
                         ["plan", "tenure_months", "orders_90_days", "days_since_order"])
        self.assertEqual(sorted(column["round"] for column in gone)[:3], [1, 1, 2])
        for column in gone:
            self.assertRegex(column["reason"], rf"the least important of \d+ in round {column['round']}$")
            self.assertIn(f'"{column["name"]}"', shown)
        names = {column["name"] for column in pipeline["numbers"] + pipeline["categories"]}
        self.assertEqual(names, {column["name"] for column in kept})
        # Applied to a table with the other columns, and to one without them.
        fitted = (self.folder / "out.csv").read_text()
        table = rows_of(TABLE.read_text())
        wanted = [name for name in table[0] if name in names | {"customer_id", "churn"}]
        few = self.write("few.csv", "".join(",".join(line) + "\n" for line in [
            wanted, *([row[name] for name in wanted] for row in table)]))
        for data in (TABLE, few):
            again = self.prepare("--pipeline", "p.json", "--id-column", "customer_id", "--out", "-", data=data)
            self.assertEqual(again.stdout, fitted)
        files = set()
        for threads in range(1, 6):
            self.fit("--config", config, "--threads", str(threads), "--save-pipeline", "again.json")
            files.add((self.folder / "again.json").read_bytes())
        self.assertEqual(files, {(self.folder / "p.json").read_bytes()})

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
        broken = self.write("broken.json", '{"format": "ebb.pipeline", "version": 4}')
        self.assertRegex(self.prepare("--pipeline", broken, "--out", "out.csv", code=3).stderr,
                         r"broken\.json: pipeline: version: version 4 is not known")
        wrong = self.write("wrong.toml", '[[preprocessing.steps]]\nstep = "fil"\n')
        self.assertRegex(self.fit("--config", wrong, code=3).stderr,
                         r'wrong\.toml:1:1: there is no step "fil"\. Did you mean "fill"\?')
        self.assertEqual(kept.read_text(), "kept")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if path.name.startswith("out")),
                         ["out.csv"])

    def test_ids_have_the_name_of_their_column(self):
        config = self.write("id.toml", '[data]\nid_column = "customer_id"\n')
        header = lambda *more: self.prepare(*more, "--out", "-").stdout.splitlines()[0].split(",")
        self.assertEqual(header("--target", "churn", "--config", config)[0], "customer_id")
        self.train()
        self.assertEqual(header("--model", "model")[0], "customer_id")
        self.fit("--save-pipeline", "p.json")
        self.assertEqual(header("--pipeline", "p.json").count("customer_id"), 0)
        for fitted in (("--pipeline", "p.json"), ("--model", "model")):
            self.assertIn('"nosuch"',
                          self.prepare(*fitted, "--id-column", "nosuch", "--out", "o.csv", code=3).stderr)
            self.assertIn('column "churn" is the target',
                          self.prepare(*fitted, "--id-column", "churn", "--out", "o.csv", code=3).stderr)
        self.assertFalse((self.folder / "o.csv").exists())
        without = self.write("without.csv", "\n".join(
            line.split(",", 1)[1] for line in TABLE.read_text().splitlines()) + "\n")
        self.assertIn('has no id column "customer_id"',
                      self.prepare("--model", "model", "--out", "o.csv", data=without).stderr)

    def test_names_that_meet_are_refused(self):
        rows = ["x,x is missing,c,c = a,churn"]
        for i in range(200):
            x = "" if i % 4 == 0 else f"{i * 7 % 50}.5"
            rows.append(f"{x},{i % 9}.25,{'ab'[i % 2]},{i % 7}.5,{i % 3 // 2}")
        data = self.write("clash.csv", "\n".join(rows) + "\n")
        for out in ("o.csv", "o.safetensors"):
            self.assertIn('would have the name "x is missing"',
                          self.prepare("--target", "churn", "--out", out, data=data, code=3).stderr)
        unmissed = self.write("levels.csv", data.read_text().replace("x is missing", "y"))
        self.prepare("--target", "churn", "--out", "o.csv", data=unmissed)
        self.assertIn('would have the name "c = a"',
                      self.prepare("--target", "churn", "--categories", "one_hot", "--out", "p.csv", data=unmissed,
                                   code=3).stderr)
        self.assertFalse((self.folder / "p.csv").exists())

    def test_both_files_are_written_or_none(self):
        for out in ("o.csv", "o.safetensors"):
            self.assertIn("no/such", self.fit("--save-pipeline", "no/such/p.json", out=out, code=4).stderr)
            self.assertIn("no/such", self.fit("--save-pipeline", "p.json", out=f"no/such/{out}", code=4).stderr)
        (self.folder / "folder").mkdir()
        self.fit("--save-pipeline", "folder", code=4)
        kept = self.write("kept.csv", "kept")
        (self.folder / "link.csv").symlink_to("kept.csv")
        for other in ("kept.csv", "./kept.csv", "folder/../kept.csv", "link.csv"):
            self.assertIn("name the same file", self.fit("--save-pipeline", other, out="kept.csv", code=2).stderr)
        self.assertIn("name the same file", self.fit("--save-pipeline", "./new", out="new", code=2).stderr)
        self.assertIn("name the same file", self.fit("--save-pipeline", "-", out="-", code=2).stderr)
        self.assertEqual(kept.read_text(), "kept")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["folder", "kept.csv", "link.csv", "small.toml"])
        pipeline = self.fit("--save-pipeline", "-", out="o.csv").stdout
        self.assertEqual(json.loads(pipeline)["format"], "ebb.pipeline")

    def test_names_of_other_formats_are_refused(self):
        for name in ("x.tsv", "x.csv.gz", "x.PARQUET", "x.json"):
            self.assertIn("plain CSV", self.fit(out=name, code=2).stderr)
        self.fit(out="x.SafeTensors")
        self.assertIn("numbers", tensors_of(self.folder / "x.SafeTensors")[0])

    def test_counts_of_a_fitted_pipeline_are_said_to_be_old(self):
        config = self.write("steps.toml", STEPS)
        self.assertNotIn("fitted to", self.fit("--config", config, "--save-pipeline", "p.json").stdout)
        shown = self.prepare("--pipeline", "p.json", "--out", "o.csv").stdout
        self.assertIn("What the steps did to the 400 rows that they were fitted to:\nderive ", shown)

    def test_an_empty_label_column_is_no_label(self):
        self.fit("--save-pipeline", "p.json")
        rows = rows_of(TABLE.read_text())
        empty = self.write("empty.csv", ",".join(rows[0]) + "\n" + "".join(
            ",".join("" if name == "churn" else value for name, value in row.items()) + "\n" for row in rows))
        shown = self.prepare("--pipeline", "p.json", "--out", "o.csv", data=empty).stdout
        self.assertNotIn("labels", shown)
        self.assertNotIn("churn", (self.folder / "o.csv").read_text().splitlines()[0])
        one = self.write("one.csv", empty.read_text().replace(",\n", ",yes\n", 1))
        self.assertIn("the label", self.prepare("--pipeline", "p.json", "--out", "p.csv", data=one, code=3).stderr)

    def test_an_interrupted_command_says_what_was_not_written(self):
        self.write("out\x1b.csv", "old")
        pipe = self.folder / "table.fifo"
        os.mkfifo(pipe)
        process = subprocess.Popen(
            self.command("prepare", "--data", pipe, "--target", "churn", "--out", "out\x1b.csv"),
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        with open(pipe, "w") as table:
            table.write(TABLE.read_text())
            table.flush()
            process.send_signal(signal.SIGINT)
            # Heard before the end of the table is.
            self.assertIn("stopping", process.stderr.readline() + process.stderr.readline())
        self.assertEqual(process.wait(timeout=300), 130)
        self.assertEqual(process.stdout.read(), "interrupted: out .csv was not written\n")
        self.assertEqual((self.folder / "out\x1b.csv").read_text(), "old")

    def test_messages_of_steps_name_what_is_wrong(self):
        def refused(step, *more, data=TABLE):
            config = self.write("step.toml", "[[preprocessing.steps]]\n" + step)
            return self.prepare("--target", "churn", "--config", config, "--out", "o.csv", *more, data=data, code=3).stderr

        self.assertIn('the split\'s or one to drop, which steps leave alone',
                      refused('step = "fill"\ncolumns = ["region"]\n', "--drop-columns", "region"))
        self.assertIn('no column is left to predict from after the steps "drop"',
                      refused('step = "drop"\ncolumns = ["*"]\n'))
        lines = TABLE.read_text().splitlines()
        huge = self.write("huge.csv", "\n".join([f"{lines[0]},huge"] + [
            f"{line},{i % 2 * 2 - 1}e308" for i, line in enumerate(lines[1:])]) + "\n")
        self.assertRegex(refused('step = "scale"\nmethod = "standard"\n', data=huge),
                         r'column "huge": values from .* are too large to scale: correct them')
        components = self.write("pca.toml", '[[preprocessing.steps]]\nstep = "pca"\n'
                                            'columns = ["a", "b"]\n')
        whole = self.write("whole.csv", "\n".join([f"{lines[0]},a,b"] + [
            f"{line},{i % 7}.25,{i * 7 % 13}.5" for i, line in enumerate(lines[1:])]) + "\n")
        self.prepare("--target", "churn", "--config", components, "--out", "o.csv", "--save-pipeline", "p.json",
                     data=whole)
        gap = self.write("gap.csv", whole.read_text().replace(",2.25,1.5", ",,1.5", 1))
        self.assertNotEqual(gap.read_text(), whole.read_text())
        self.assertIn("give it, or fit again with missing values filled before",
                      self.prepare("--pipeline", "p.json", "--out", "o.csv", data=gap, code=3).stderr)

    def test_inputs_are_not_replaced(self):
        table = self.write("table.csv", TABLE.read_text())
        for option in ("--out", "--save-pipeline"):
            others = [] if option == "--out" else ["--out", "o.csv"]
            self.assertIn("would be lost", self.prepare("--target", "churn", option, table, *others, data=table,
                                                        code=2).stderr)


if __name__ == "__main__":
    unittest.main()
