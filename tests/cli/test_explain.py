"""Explaining scores: reasons in words, their sums, the files about the whole model, refusals."""

import math
import unittest

from program import TABLE, ProgramTest, rows_of


class ExplainTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()
        self.new = self.write("new.csv", "\n".join(TABLE.read_text().splitlines()[:41]) + "\n")

    def explain(self, *more, data=None, out="reasons.csv", code=0):
        return self.ebb("explain", "--model", "model", "--data", data or self.new, "--out", out, *more,
                        code=code)

    def rows(self, name="reasons.csv"):
        return rows_of((self.folder / name).read_text())

    def test_effects_add_up_to_the_prediction(self):
        for method in ("shapley", "integrated_gradients"):
            shown = self.explain("--all-effects", "--method", method).stdout
            base = float(shown.split("from the average of ")[1].split()[0])
            rows = self.rows()
            self.assertEqual(len(rows), 40)
            for row in rows:
                effects = sum(float(v) for name, v in row.items() if name.startswith("effect of "))
                score = 1 / (1 + math.exp(-base - effects))
                self.assertAlmostEqual(score, float(row["probability"]), delta=2e-3)

    def test_customers_have_the_scores_of_predict(self):
        self.explain()
        self.ebb("predict", "--model", "model", "--data", self.new, "--out", "scores.csv")
        for name in ("customer_id", "probability", "decision"):
            self.assertEqual([row[name] for row in self.rows()],
                             [row[name] for row in self.rows("scores.csv")])

    def test_the_first_reason_is_the_strongest_effect(self):
        self.explain("--all-effects", "--top", 2)
        for row in self.rows():
            effects = {name[len("effect of "):]: float(value) for name, value in row.items()
                       if name.startswith("effect of ")}
            strongest = max(effects, key=lambda name: abs(effects[name]))
            self.assertTrue(row["reason_1"].startswith(strongest + " is "), row)
            self.assertTrue(row["reason_1"].endswith(f", {effects[strongest]:+.2f}"), row)
            self.assertNotIn("reason_3", row)

    def test_reasons_are_in_chinese_too(self):
        self.explain("--language", "zh")
        self.assertIn("为", self.rows()[0]["reason_1"])

    def test_threads_do_not_matter_and_the_seed_does(self):
        outputs = {}
        for name, more in {"one": ["--threads", 1], "two": ["--threads", 2],
                           "other": ["--seed", 1]}.items():
            self.explain("--all-effects", *more, out=name)
            outputs[name] = (self.folder / name).read_bytes()
        self.assertEqual(outputs["one"], outputs["two"])
        self.assertNotEqual(outputs["one"], outputs["other"])

    def test_attention_is_shared_out_among_all_columns(self):
        self.explain("--attention", "attention.csv")
        shares = {row["column"]: float(row["attention_share"]) for row in self.rows("attention.csv")}
        self.assertIn("plan", shares)
        self.assertAlmostEqual(sum(shares.values()), 1, delta=1e-4)
        self.assertIn("no explanation by itself", self.ebb("explain", "--help").stdout)
        refused = self.explain("--attention", "reasons.csv", code=2)
        self.assertIn("--attention", refused.stderr)

    def test_importance_and_dependence_are_written(self):
        self.explain("--importance", "importance.csv", "--dependence", "curves.csv", "--columns", "plan",
                     data=TABLE)
        importance = self.rows("importance.csv")
        rises = [float(row["log_loss_rise"]) for row in importance]
        self.assertEqual(rises, sorted(rises, reverse=True))
        self.assertGreater(rises[0], 0)
        curves = self.rows("curves.csv")
        self.assertEqual({row["column"] for row in curves}, {"plan"})
        means = [row for row in curves if row["row"] == "mean"]
        self.assertEqual(len({row["value"] for row in means}), len(means))
        self.assertEqual(float(means[0]["logit_centred"]), 0)

    def test_what_cannot_be_done_is_refused_and_changes_nothing(self):
        self.write("reasons.csv", "mine")
        for more, code, words in (
                (["--columns", "plan"], 2, "--dependence"),
                (["--dependence", "c.csv", "--columns", "plam"], 3, 'no column "plam"'),
                (["--language", "fr"], 2, "en or zh"),
                (["--permutations", 1], 2, "2"),
                (["--importance", "reasons.csv"], 2, "same file")):
            self.assertIn(words, self.explain(*more, code=code).stderr)
        self.assertEqual((self.folder / "reasons.csv").read_text(), "mine")

    def test_a_background_can_be_given(self):
        self.explain("--all-effects")
        kept = self.rows()
        self.explain("--all-effects", "--background-data", self.new)
        self.assertNotEqual(self.rows(), kept)
        one = self.write("one.csv", "\n".join(TABLE.read_text().splitlines()[:2]) + "\n")
        self.assertIn("expected 2 at least",
                      self.explain("--background-data", one, code=3).stderr)


if __name__ == "__main__":
    unittest.main()
