"""Scoring new customers: what is passed through, what is warned about, what is refused."""

import json
import os
import unittest

from program import TABLE, ProgramTest, rows_of


class PredictTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()
        self.table = rows_of(TABLE.read_text())

    def write_table(self, name, rows):
        lines = [",".join(rows[0])] + [",".join(row.values()) for row in rows]
        return self.write(name, "\n".join(lines) + "\n")

    def predict(self, data, *more, code=0):
        return self.ebb("predict", "--model", "model", "--data", data, "--out", "-", *more,
                        code=code)

    def predict_with(self, model, data):
        return self.ebb("predict", "--model", model, "--data", data, "--out", "-").stdout

    def changed(self, column, value):
        """The table with one value in all rows of a column."""
        return self.write_table("changed.csv", [{**row, column: value} for row in self.table])

    def test_the_label_is_not_needed_and_columns_may_stand_in_any_order(self):
        scores = self.predict(TABLE).stdout
        rows = [dict(reversed(row.items())) for row in self.table]
        for row in rows:
            del row["churn"]
        self.assertEqual(self.predict(self.write_table("new.csv", rows)).stdout, scores)

    def test_a_customers_past_fills_rows_far_behind_it(self):
        """Further than predict reads at a time where rows do not depend on each other."""
        self.write("small.toml", self.config.read_text() + """
[[preprocessing.steps]]
step = "forward_fill"
customer = "customer_id"
time = "day"
time_format = "seconds"
columns = ["mean_basket", "plan"]
""")
        self.train("--drop-columns", "day", data=self.with_days(), out="filled")
        rows = [{**row, "day": str(repeat)} for repeat in range(50) for row in self.table]
        gaps = [{**row, "mean_basket": "", "plan": ""} if i >= len(self.table) else row
                for i, row in enumerate(rows)]
        scores = [self.predict_with("filled", self.write_table("rows.csv", table)) for table in (rows, gaps)]
        self.assertEqual(len(rows_of(scores[0])), 20000)
        self.assertEqual(scores[0], scores[1])
        others = [{**row, "customer_id": str(i)} for i, row in enumerate(gaps)]
        other = self.predict_with("filled", self.write_table("others.csv", others))
        self.assertNotEqual([row["probability"] for row in rows_of(other)],
                            [row["probability"] for row in rows_of(scores[0])])

    def test_the_scores_file_is_what_the_screen_shows(self):
        shown = self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")
        self.assertIn("400 customers scored", shown.stdout)
        self.assertRegex(shown.stdout, r"[\d,]+ rows/s with reading and writing, [\d,]+ in the network")
        self.assertEqual((self.folder / "scores.csv").read_text(), self.predict(TABLE).stdout)

    def test_rows_are_decided_at_the_threshold(self):
        threshold = json.loads((self.folder / "model/metrics.json").read_text())["threshold"]["value"]
        for row in rows_of(self.predict(TABLE).stdout):
            probability = float(row["probability"])
            if abs(probability - threshold) > 1e-6:
                self.assertEqual(row["decision"], "yes" if probability > threshold else "no")
            self.assertIn(row["risk_band"], ("low", "medium", "high"))
        everybody = rows_of(self.predict(TABLE, "--threshold", "0").stdout)
        self.assertEqual({row["decision"] for row in everybody}, {"yes"})

    def test_scores_do_not_depend_on_how_the_file_is_read(self):
        # More rows than one chunk holds.
        many = self.write_table("many.csv", self.table * 50)
        one = rows_of(self.predict(TABLE).stdout)
        scored = rows_of(self.predict(many, "--threads", "2").stdout)
        self.assertEqual(len(scored), 50 * len(one))
        for row, expected in zip(scored, one * 50):
            # Matrix products may round a row in another order for another number of rows, which
            # can turn the last digit that is shown.
            self.assertAlmostEqual(float(row["probability"]), float(expected["probability"]),
                                   delta=1.01e-6)
            self.assertEqual({**row, "probability": ""}, {**expected, "probability": ""})

    def test_one_thread_is_one_thread(self):
        many = self.write_table("many.csv", self.table * 50)
        arguments = ["predict", "--model", "model", "--data", many, "--out", "scores.csv"]
        # OpenMP reports each thread of a parallel region.
        environment = {**os.environ, "OMP_DISPLAY_AFFINITY": "TRUE", "OMP_NUM_THREADS": "2",
                       "OMP_AFFINITY_FORMAT": "thread %n"}
        both = self.ebb(*arguments, env=environment)
        self.assertIn("thread 1", both.stdout + both.stderr)
        one = self.ebb(*arguments, "--threads", "1", env=environment)
        self.assertNotIn("thread 1", one.stdout + one.stderr)

    def test_a_table_without_rows_gives_no_scores(self):
        table = self.write("empty.csv", TABLE.read_text().splitlines()[0] + "\n")
        result = self.predict(table, code=3)
        self.assertEqual(result.stdout, "")
        self.assertIn("no rows", result.stderr)

    def test_without_the_id_column_rows_are_numbered(self):
        rows = [dict(row) for row in self.table]
        for row in rows:
            del row["customer_id"]
        result = self.predict(self.write_table("new.csv", rows))
        self.assertIn('no id column "customer_id"', result.stderr)
        self.assertEqual([row["row"] for row in rows_of(result.stdout)][:3], ["1", "2", "3"])
        # Across the chunks in which the table is read.
        many = rows_of(self.predict(self.write_table("many.csv", rows * 50)).stdout)
        self.assertEqual([row["row"] for row in many[16383:16386]], ["16384", "16385", "16386"])

    def test_drift_and_unseen_categories_are_named(self):
        self.assertEqual(self.predict(TABLE).stderr.count("warning"), 0)
        message = self.predict(self.changed("plan", "platinum")).stderr
        self.assertIn("warning", message)
        self.assertIn("plan", message)
        self.assertIn("platinum", message)
        self.assertIn("mean_basket", self.predict(self.changed("mean_basket", "99999")).stderr)

    def test_a_column_that_is_missing_is_named(self):
        rows = [dict(row) for row in self.table]
        for row in rows:
            row["tenure"] = row.pop("tenure_months")
        for command in ("predict", "evaluate"):
            out = ["--out", "-"] if command == "predict" else []
            result = self.ebb(command, "--model", "model", "--data",
                              self.write_table("new.csv", rows), *out, code=3)
            self.assertIn('"tenure_months" is missing', result.stderr)
            self.assertIn('"support_tickets", "churn", "tenure"', result.stderr)
            self.assertEqual(result.stdout, "")

    def test_a_number_column_that_became_text_is_named_with_its_line(self):
        message = self.predict(self.changed("mean_basket", "much"), code=3).stderr
        self.assertIn("changed.csv:2", message)
        self.assertIn("mean_basket", message)
        self.assertIn("leave it empty", message)
        self.assertNotIn("category", message)

    def test_a_failure_leaves_the_old_scores(self):
        scores = self.write("scores.csv", "old")
        self.ebb("predict", "--model", "model", "--data", self.changed("mean_basket", "much"),
                 "--out", scores, code=3)
        self.assertEqual(scores.read_text(), "old")
        self.assertEqual([path.name for path in self.folder.iterdir() if "scores" in path.name],
                         ["scores.csv"])

    def test_damaged_models_are_refused(self):
        model = self.folder / "model/model.safetensors"
        content = bytearray(model.read_bytes())
        content[-5] ^= 1
        model.write_bytes(content)
        self.assertIn("model.safetensors", self.predict(TABLE, code=3).stderr)
        model.unlink()
        self.assertIn("model", self.predict(TABLE, code=4).stderr)

    def test_evaluating_needs_the_label(self):
        rows = [dict(row) for row in self.table]
        for row in rows:
            del row["churn"]
        message = self.ebb("evaluate", "--model", "model", "--data",
                           self.write_table("new.csv", rows), code=3).stderr
        self.assertIn('"churn"', message)


if __name__ == "__main__":
    unittest.main()
