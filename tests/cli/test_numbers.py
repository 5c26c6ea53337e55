"""Numbers at the edge: training that diverges, and tables of every awkward size and value."""

import json
import math
import random
import re
import unittest

from program import TABLE, ProgramTest, rows_of

DIVERGING = """
[preprocessing.numbers]
scaling = "none"
[model]
dim = 8
layers = 1
heads = 2
feed_forward = 16
[training]
optimizer = "sgd"
schedule = "constant"
warmup_fraction = 0.0
learning_rate = {rate}
momentum = 0.99
gradient_clip = 0.0
average_decay = 0.0
positive_weight = {weight}
epochs = 60
batch_size = 64
[runtime]
threads = 1
"""


def table(columns, rows=200, seed=1):
    """A table of named columns, each a function of (row, generator), and a label that the first
    random number of a row decides."""
    generator = random.Random(seed)
    lines = [",".join([*columns, "churn"])]
    for row in range(rows):
        label = "yes" if generator.random() < 0.4 else "no"
        cells = [str(make(row, generator)) for make in columns.values()]
        lines.append(",".join([*cells, label]))
    return "\n".join(lines) + "\n"


def uniform(row, generator):
    return round(generator.random(), 6)


class DivergenceTest(ProgramTest):
    def diverge(self, *more, out="model"):
        return self.ebb("train", "--data", TABLE, "--target", "churn", "--id-column",
                        "customer_id", "--config", self.config, "--out", out, *more, code=3)

    def setUp(self):
        super().setUp()
        self.config = self.write("diverging.toml", DIVERGING.format(rate=100.0, weight=1e6))

    def test_it_stops_and_says_which_tensor_went_first(self):
        result = self.diverge()
        self.assertRegex(result.stderr, r"^ebb: training diverged in step \d+ of epoch \d+: "
                                        r"(parameter \S+|the (for|back)ward direction of \w+)")
        self.assertIn("lower training.learning_rate", result.stderr)
        # The same operation, whether it was looked for from the start or afterwards, on any number
        # of threads.
        watched = self.diverge("--detect-anomaly", "--threads", "2", out="watched")
        first = r"epoch \d+: (.*?) \(loss"
        found = re.search(first, result.stderr)
        self.assertIsNotNone(found)
        self.assertEqual(re.search(first, watched.stderr)[1], found[1])

    def test_the_last_good_checkpoint_stays_and_no_model_appears(self):
        stderr = self.diverge().stderr
        names = sorted(path.name for path in (self.folder / "model").iterdir())
        self.assertEqual(names, ["checkpoint.safetensors"])
        before = (self.folder / "model/checkpoint.safetensors").read_bytes()
        result = self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "-", code=4)
        self.assertEqual(result.stdout, "")
        again = self.diverge("--resume")
        self.assertEqual(again.stderr, stderr)
        self.assertEqual((self.folder / "model/checkpoint.safetensors").read_bytes(), before)

    def test_looking_at_every_operation_gives_the_same_model(self):
        self.config = self.write("small.toml", DIVERGING.format(rate=0.01, weight=1.0)
                                 .replace("epochs = 60", "epochs = 2"))
        self.train()
        self.train("--detect-anomaly", out="watched")
        self.assertEqual(self.model_bytes(), self.model_bytes("watched"))


class ExtremeTableTest(ProgramTest):
    def train_on(self, content, *more, code=0):
        data = self.write("table.csv", content)
        return self.ebb("train", "--data", data, "--target", "churn", "--config", self.config,
                        "--out", "model", "--overwrite", *more, code=code)

    def keep_duplicates(self):
        self.config = self.write("keep.toml", "[preprocessing]\ndrop_duplicates = false\n" +
                                 self.config.read_text())

    def scores_of(self, content):
        data = self.write("new.csv", content)
        result = self.ebb("predict", "--model", "model", "--data", data, "--out", "-")
        rows = rows_of(result.stdout)
        for row in rows:
            self.assertTrue(0.0 <= float(row["probability"]) <= 1.0, row)
        return rows

    def metrics(self):
        return json.loads((self.folder / "model/metrics.json").read_text())

    def require_finite_losses(self):
        for model in ("network", "logistic_regression"):
            for part in ("train", "validation", "test"):
                self.assertTrue(math.isfinite(self.metrics()[model][part]["log_loss"]))

    def test_extreme_numbers_in_every_scaling(self):
        columns = {
            "big": lambda row, g: 1e307 * (1 + 9 * g.random()),
            "tiny": lambda row, g: 1e-310 * (1 + g.random()),
            "zero": lambda row, g: "-0" if row % 3 == 0 else uniform(row, g),
            "whole": lambda row, g: 9223372036854775807 - 4_000_000_000_000 * row,
            "plan": lambda row, g: "abc"[row % 3],
        }
        content = table(columns)
        extreme = ("big,tiny,zero,whole,plan\n"
                   "1e308,1e-310,-0,9223372036854775807,a\n"
                   "-1.7e308,5e-324,0,-9223372036854775808,never seen\n"
                   "5e-324,-1.7e308,1.7e308,0,\n"
                   ",,,,\n")
        for scaling in ("quantile_normal", "quantile_uniform", "standard", "min_max", "robust", "max_abs",
                        "log", "yeo_johnson", "none"):
            for embedding in ("periodic", "piecewise_linear", "linear"):
                with self.subTest(scaling=scaling, embedding=embedding):
                    self.write("small.toml",
                               f'[preprocessing.numbers]\nscaling = "{scaling}"\n'
                               f'[data.columns]\nwhole = "number"\n'
                               f'[model]\nnumber_embedding = "{embedding}"\ndim = 8\nlayers = 1\n'
                               f'heads = 2\nfeed_forward = 16\n[training]\nepochs = 1\n'
                               f'batch_size = 32\n[runtime]\nthreads = 1\n')
                    self.train_on(content, "--detect-anomaly")
                    self.require_finite_losses()
                    self.assertEqual(len(self.scores_of(extreme)), 4)

    def test_a_range_beyond_f64_is_refused(self):
        columns = {"x": uniform, "huge": lambda row, g: (1 - row % 2 * 2) * 1e308 * g.random()}
        message = self.train_on(table(columns), code=3).stderr
        self.assertIn('column "huge"', message)
        self.assertIn("too large to scale", message)
        self.assertIn("--drop-columns", message)

    def test_infinity_and_nan_as_text(self):
        columns = {"x": uniform,
                   "y": lambda row, g: {7: "inf", 8: "nan"}.get(row % 100, uniform(row, g))}
        message = self.train_on(table(columns), code=3).stderr
        self.assertIn('"inf" is not a number', message)
        columns["y"] = lambda row, g: "nan" if row % 100 == 8 else uniform(row, g)
        self.train_on(table(columns))
        self.assertEqual(len(self.scores_of("x,y\n0.5,nan\n0.5,0.25\n")), 2)
        data = self.write("new.csv", "x,y\n0.5,-inf\n")
        message = self.ebb("predict", "--model", "model", "--data", data, "--out", "-",
                           code=3).stderr
        self.assertIn('new.csv:2: column "y": "-inf" is not a number', message)

    def test_few_rows(self):
        rows = ["1.5,a,yes", "2.5,b,no", "3.5,a,no", "4.5,b,yes", "5.5,a,no", "6.5,b,yes"]
        for count, expected in [(1, "rows of both classes"), (2, "too few"),
                                (3, "no validation rows")]:
            content = "\n".join(["x,c,churn", *rows[:count]]) + "\n"
            self.assertIn(expected, self.train_on(content, code=3).stderr)
        self.keep_duplicates()
        self.train_on("\n".join(["x,c,churn", *rows, *rows, *rows]) + "\n")
        for count in (1, 2):
            self.assertEqual(len(self.scores_of("\n".join(["x,c", "2.5,a", "9.5,z"][:count + 1]))),
                             count)
            data = self.write("labelled.csv", "\n".join(["x,c,churn", *rows[:count]]))
            shown = self.ebb("evaluate", "--model", "model", "--data", data).stdout
            auc = [line for line in shown.splitlines() if line.startswith("roc_auc")]
            if count == 1:
                self.assertRegex(auc[0], r"roc_auc +-")

    def test_one_feature(self):
        self.keep_duplicates()
        for kind in (uniform, lambda row, g: "abc"[g.randrange(3)]):
            self.train_on(table({"x": kind}))
            self.require_finite_losses()

    def test_new_data_without_variety(self):
        columns = {"x": uniform, "y": lambda row, g: "" if row % 5 == 0 else uniform(row, g),
                   "c": lambda row, g: "abc"[g.randrange(3)]}
        self.train_on(table(columns))
        header = "x,y,c\n"
        self.scores_of(header + "0.5,0.5,a\n" * 30)        # constant
        self.scores_of(header + ",,\n" * 30)               # nothing at all
        self.scores_of(header + "0.5,,a\n" * 30)           # one column empty
        rows = self.scores_of(header + "0.5,0.5,a\n0.5,0.5,new\n0.5,0.5,other\n")
        self.assertEqual(rows[1]["probability"], rows[2]["probability"])
        data = self.write("new.csv", "x,c\n0.5,a\n")
        message = self.ebb("predict", "--model", "model", "--data", data, "--out", "-",
                           code=3).stderr
        self.assertIn('"y" is missing', message)

    def with_parts(self, validation_label):
        generator = random.Random(2)
        lines = ["x,part,churn"]
        for row in range(120):
            part = ("train", "train", "val", "test")[row % 4]
            label = validation_label if part == "val" else "yes" if row % 3 else "no"
            lines.append(f"{generator.random():.6f},{part},{label}")
        return "\n".join(lines) + "\n"

    def test_validation_rows_of_one_class(self):
        for label, said in (("yes", "only customers who left"), ("no", "no customer who left")):
            content = self.with_parts(label)
            shown = self.train_on(content, "--split-column", "part").stdout
            self.assertRegex(shown, r"epoch 1/3 .* auc - ")
            self.assertIn(said, shown)
            metrics = self.metrics()["network"]["validation"]
            self.assertIsNone(metrics["roc_auc"])
            self.assertTrue(math.isfinite(metrics["log_loss"]))
            by_loss = self.config
            self.config = self.write("auc.toml", by_loss.read_text().replace(
                "[training]", '[training]\nselection = "roc_auc"'))
            message = self.train_on(content, "--split-column", "part", code=3).stderr
            self.config = by_loss
            self.assertIn(said, message)
            self.assertIn("log_loss", message)

    def test_two_thousand_features(self):
        columns = {f"x{i}": lambda row, g: g.randrange(1000) / 8 + 0.125 for i in range(2000)}
        content = table(columns, rows=40)
        shown = self.train_on(content, "--epochs", "1").stdout
        self.assertIn("2,000 numbers", shown)
        self.require_finite_losses()
        # What takes hours is announced before it begins.
        shown = self.train_on(content, "--epochs", "1000000", "--dry-run").stdout
        self.assertRegex(shown, r"note +2,000 features .* (min|h)\b")

    def test_five_thousand_levels(self):
        columns = {"x": uniform, "city": lambda row, g: f"city {row % 5000}"}
        shown = self.train_on(table(columns, rows=10000), "--epochs", "1").stdout
        self.assertIn("1 category", shown)
        self.require_finite_losses()
        self.scores_of("x,city\n0.5,city 3\n0.5,nowhere\n0.5,\n")


if __name__ == "__main__":
    unittest.main()
