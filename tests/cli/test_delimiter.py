"""Tables in columns that blanks align, which every command reads as the same table with commas."""

import unittest

from program import TABLE, ProgramTest


class DelimiterTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.aligned = self.write_aligned("aligned.txt", TABLE.read_text().splitlines())

    def write_aligned(self, name, records):
        lines = ["  ".join(f"{cell or chr(34) * 2:>12}" for cell in record.split(",")) for record in records]
        return self.write(name, "\n".join(lines) + "\n")

    def scores(self, model, data, *more):
        return self.ebb("predict", "--model", model, "--data", data, "--out", "-", *more).stdout

    def test_train_and_what_uses_the_model(self):
        self.train(out="commas")
        self.train("--delimiter", "blanks", out="blanks", data=self.aligned)
        expected = self.scores("commas", TABLE)
        # A model of such a table expects the same of new ones.
        self.assertEqual(self.scores("blanks", self.aligned), expected)
        self.assertEqual(self.scores("blanks", TABLE, "--delimiter", "comma"), expected)
        self.assertEqual(self.scores("commas", self.aligned, "--delimiter", "blanks"), expected)
        refused = self.ebb("predict", "--model", "commas", "--data", self.aligned, "--out", "-", code=3)
        self.assertIn("is missing, which the model was trained on", refused.stderr)
        measured = self.ebb("evaluate", "--model", "commas", "--data", TABLE).stdout
        self.assertEqual(self.ebb("evaluate", "--model", "blanks", "--data", self.aligned).stdout, measured)
        self.assertEqual(self.ebb("evaluate", "--model", "commas", "--data", self.aligned, "--delimiter",
                                  "blanks").stdout, measured)

    def test_the_settings_say_it_too(self):
        self.write("small.toml", self.config.read_text() + '\n[data]\ndelimiter = " "\n')
        header, *rows = TABLE.read_text().splitlines()
        test = self.write_aligned("test.txt", [header, *rows[300:]])
        self.train("--test-data", test, data=self.write_aligned("train.txt", [header, *rows[:300]]))
        self.assertIn('delimiter = " "', (self.folder / "model/config.toml").read_text())
        self.ebb("train", "--config", "model/config.toml", "--out", "again")
        self.assertEqual(self.model_bytes(), self.model_bytes("again"))

    def test_prepare(self):
        def prepared(data, *more):
            return self.ebb("prepare", "--data", data, "--id-column", "customer_id", "--out", "-", *more).stdout

        expected = prepared(TABLE, "--target", "churn", "--save-pipeline", "pipeline.json")
        self.assertEqual(prepared(self.aligned, "--target", "churn", "--delimiter", "blanks"), expected)
        fitted = ["--pipeline", "pipeline.json"]
        self.assertEqual(prepared(self.aligned, *fitted, "--delimiter", "blanks"), prepared(TABLE, *fitted))

    def test_audit(self):
        def audit(data, *more):
            lines = self.ebb("audit", "--data", data, "--target", "churn", *more).stdout.splitlines()
            return [line for line in lines if not line.startswith(("data ", "against "))]

        expected = audit(TABLE)
        self.assertEqual(audit(self.aligned, "--delimiter", "blanks"), expected)
        self.assertEqual(audit(self.aligned, "--delimiter", "blanks", "--against", self.aligned),
                         audit(TABLE, "--against", TABLE))

    def test_other_names_are_refused(self):
        for command in ("train", "predict", "evaluate", "prepare", "audit", "events"):
            refused = self.ebb(command, "--data", TABLE, "--delimiter", "colon", code=2).stderr
            self.assertIn("--delimiter", refused)


if __name__ == "__main__":
    unittest.main()
