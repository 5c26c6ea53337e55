"""Training, measuring and predicting through the program."""

import json
import shutil
import os
import pty
import re
import subprocess
import threading
import unittest

from program import SMALL, TABLE, ProgramTest, rows_of

FILES = ["checkpoint.safetensors", "config.toml", "history.csv", "metrics.json",
         "model.safetensors", "pipeline.json"]


class TrainTest(ProgramTest):
    def test_train_evaluate_predict(self):
        trained = self.train()
        self.assertEqual(sorted(path.name for path in (self.folder / "model").iterdir()), FILES)
        self.assertRegex(trained.stdout, r"epoch 3/3  loss 0\.\d+ .* auc 0\.\d+ .* rows/s")
        self.assertIn("logistic regression (test)", trained.stdout)
        self.assertIn("best F1 on the validation rows", trained.stdout)
        self.assertIn("ebb predict --model model", trained.stdout)

        metrics = json.loads((self.folder / "model/metrics.json").read_text())
        self.assertEqual(metrics["rows"]["table"], 400)
        self.assertEqual(sum(metrics["rows"][part] for part in ("train", "validation", "test")),
                         400 - metrics["rows"]["duplicates"])
        for model in ("network", "logistic_regression", "base_rate"):
            for part in ("train", "validation", "test"):
                self.assertIn("roc_auc", metrics[model][part])
        self.assertEqual(metrics["base_rate"]["test"]["roc_auc"], 0.5)
        history = rows_of((self.folder / "model/history.csv").read_text())
        self.assertEqual([row["epoch"] for row in history], ["1", "2", "3"])

        evaluated = json.loads(
            self.ebb("evaluate", "--model", "model", "--data", TABLE, "--json", "-").stdout)
        self.assertEqual(evaluated["rows"], 400)
        self.assertEqual(evaluated["threshold"], metrics["threshold"]["value"])

        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")
        scores = rows_of((self.folder / "scores.csv").read_text())
        table = rows_of(TABLE.read_text())
        self.assertEqual([row["customer_id"] for row in scores],
                         [row["customer_id"] for row in table])
        flagged = sum(row["decision"] == "yes" for row in scores)
        confusion = evaluated["confusion_matrix"]
        self.assertEqual(flagged, confusion["true_positive"] + confusion["false_positive"])

    def test_equal_runs_give_equal_models(self):
        self.train(out="first")
        self.train("--threads", "3", out="second")
        self.assertEqual(self.model_bytes("first"), self.model_bytes("second"))
        self.train("--seed", "1", out="third")
        self.assertNotEqual(self.model_bytes("first"), self.model_bytes("third"))

    def test_the_written_configuration_repeats_the_run(self):
        shutil.copy(TABLE, self.folder / "table.csv")
        self.train("--seed", "7", "--objective", "accuracy", out="first", data="table.csv")
        (self.folder / "elsewhere").mkdir()
        config = self.folder / "first/config.toml"
        self.ebb("train", "--config", config, "--out", self.folder / "second", cwd="elsewhere")
        self.assertEqual(self.model_bytes("first"), self.model_bytes("second"))

    def test_options_win_over_the_configuration(self):
        self.train("--epochs", "1", "--test-fraction", "0")
        metrics = json.loads((self.folder / "model/metrics.json").read_text())
        self.assertEqual(metrics["epochs"], 1)
        self.assertEqual(metrics["rows"]["test"], 0)
        self.assertIsNone(metrics["network"]["test"])

    def test_the_threshold_follows_the_objective(self):
        reasons = {"f1": "best F1", "accuracy": "best accuracy",
                   "cost": "a missed leaver costs 8"}
        for objective, reason in reasons.items():
            more = ["--false-negative-cost", "8"] if objective == "cost" else []
            trained = self.train("--objective", objective, "--overwrite", *more)
            self.assertIn(reason, trained.stdout)

    def test_a_model_is_not_replaced_by_accident(self):
        self.train()
        before = self.model_bytes()
        refused = self.train("--seed", "1", code=3)
        self.assertIn("--resume", refused.stderr)
        self.assertIn("--overwrite", refused.stderr)
        self.assertEqual(self.model_bytes(), before)
        self.train("--seed", "1", "--overwrite")
        self.assertNotEqual(self.model_bytes(), before)

    def test_test_rows_may_come_from_a_table_or_a_column(self):
        lines = TABLE.read_text().splitlines(keepends=True)
        test = self.write("test.csv", lines[0] + "".join(lines[1:101]))
        rest = self.write("rest.csv", lines[0] + "".join(lines[101:]))
        self.train("--test-data", test, data=rest, out="table")
        metrics = json.loads((self.folder / "table/metrics.json").read_text())
        self.assertEqual(metrics["rows"]["test"], 100)

        parts = ["part"] + ["test"] * 50 + ["val"] * 60 + ["train"] * (len(lines) - 111)
        parted = self.write("parted.csv", "".join(
            f"{line.rstrip()},{part}\n" for line, part in zip(lines, parts)))
        self.train("--split-column", "part", data=parted, out="column")
        metrics = json.loads((self.folder / "column/metrics.json").read_text())
        self.assertEqual((metrics["rows"]["validation"], metrics["rows"]["test"]), (60, 50))

    def test_a_customers_rows_are_kept_together_where_asked(self):
        data = self.with_days()
        self.assertIn("--split-group customer_id keeps them together",
                      self.train("--dry-run", data=data).stdout)
        shown = self.train("--split-group", "customer_id", data=data).stdout
        self.assertNotIn("keeps them together", shown)
        self.assertRegex(shown, r'split +by group, column "customer_id": \d+ train, \d+ validate, '
                                r'\d+ test of \d+ groups; "\w+" are ')
        metrics = json.loads((self.folder / "model/metrics.json").read_text())["rows"]
        self.assertEqual(metrics["test"] % 2, 0)
        config = self.folder / "model/config.toml"
        self.assertIn('group = "customer_id"', config.read_text())
        self.ebb("train", "--config", config, "--out", "again")
        self.assertEqual(self.model_bytes(), self.model_bytes("again"))
        # An option takes the place of what the file chose.
        shown = self.ebb("train", "--config", config, "--split-time", "day", "--dry-run").stdout
        self.assertRegex(shown, r'split +by time, column "day": 0 to \d+ train, \d+ to \d+ validate')

    def test_the_past_trains_and_the_future_tests_where_asked(self):
        data = self.with_days()
        shown = self.train("--split-time", "day", "--dry-run", data=data).stdout
        first, last, begin, end, after, latest = map(int, re.search(
            r'"day": (\d+) to (\d+) train, (\d+) to (\d+) validate, (\d+) to (\d+) test',
            shown).groups())
        self.assertTrue(first == 0 and last < begin <= end < after <= latest)
        self.assertRegex(shown, r"day +number +split")
        refused = self.train("--split-time", "dya", data=data, code=3).stderr
        self.assertIn('no column "dya", which split.time names. Did you mean "day"?', refused)
        self.assertFalse((self.folder / "model").exists())

    def test_rows_that_may_be_customers_are_not_dropped_in_silence(self):
        table = self.write("plans.csv", "plan,churn\n" + "".join(
            f"plan{i % 3},{i % 2}\n" for i in range(1000)))
        command = ["train", "--data", table, "--target", "churn", "--config", self.config, "--out"]
        self.assertRegex(self.ebb(*command, "few").stderr,
                         r"^warning: 994 of 1000 rows dropped .* drop_duplicates = false ")
        with open(self.config, "a") as config:
            config.write("[preprocessing]\ndrop_duplicates = false\n")
        self.assertNotIn("dropped", self.ebb(*command, "all").stderr)

    def test_a_network_that_is_no_better_than_none_is_warned_of(self):
        config = self.write("steep.toml", SMALL.replace("[runtime]", "learning_rate = 100.0\n[runtime]"))
        warned = self.ebb("train", "--config", config, "--data", TABLE, "--target", "churn", "--out", "steep")
        self.assertIn("the network predicts no better than the same probability", warned.stderr)
        self.assertNotIn("no better", self.train("--epochs", "40").stderr)

    def test_dry_run_writes_nothing(self):
        shown = self.train("--dry-run")
        for text in ("tenure_months", "number feature", "parameters", "memory", "time"):
            self.assertIn(text, shown.stdout)
        self.assertFalse((self.folder / "model").exists())

    def test_piped_output_has_no_control_characters(self):
        trained = self.train()
        for text in (trained.stdout, trained.stderr):
            self.assertFalse([c for c in text if ord(c) < 32 and c != "\n"])

    def test_a_terminal_shows_a_bar(self):
        screen, terminal = pty.openpty()
        self.addCleanup(os.close, screen)
        shown = b""

        def read():
            nonlocal shown
            while b"next  " not in shown:
                shown += os.read(screen, 4096)

        reader = threading.Thread(target=read)
        reader.start()
        subprocess.run(self.command(*self.train_arguments()), cwd=self.folder, stdout=terminal,
                       check=True, timeout=300)
        os.close(terminal)
        reader.join(timeout=300)
        self.assertRegex(shown.decode(), r"\repoch 1/3 \[[#.]+\] +\d+ %  loss \d\.\d+\x1b\[K")

    def test_chinese_names_and_paths_with_blanks(self):
        text = TABLE.read_text().replace("customer_id", "客户编号").replace("churn", "流失")
        text = text.replace(",yes\n", ",是\n").replace(",no\n", ",否\n")
        table = self.write("客户 表.csv", text.replace("plan", "套餐"))
        self.ebb("train", "--config", self.config, "--data", table, "--target", "流失",
                 "--positive", "是", "--id-column", "客户编号", "--out", "我的 model")
        self.ebb("predict", "--model", "我的 model", "--data", table, "--out", "分数.csv")
        scores = rows_of((self.folder / "分数.csv").read_text())
        self.assertEqual(scores[0]["客户编号"], "S00001")
        self.assertEqual({row["decision"] for row in scores} - {"是", "否"}, set())
        self.assertIn("流失", self.ebb("info", "--model", "我的 model").stdout)


if __name__ == "__main__":
    unittest.main()
