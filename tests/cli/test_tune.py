"""The search for settings through the program."""

import json
import signal
import subprocess
import unittest
import xml.etree.ElementTree

from program import TABLE, ProgramTest

SPACE = """
[search."training.learning_rate"]
low = 1e-4
high = 1e-1
log = true
[search."model.layers"]
values = [1, 2]
[search."model.number_embedding"]
values = ["linear", "piecewise_linear"]
[search."model.bins"]
values = [4, 8]
when = {"model.number_embedding" = "piecewise_linear"}
"""


class TuneTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.space = self.write("space.toml", SPACE)

    def tune_arguments(self, *more, out="search"):
        return ["tune", "--data", TABLE, "--target", "churn", "--id-column", "customer_id",
                "--config", self.config, "--space", self.space, "--out", out, *more]

    def tune(self, *more, out="search", **options):
        return self.ebb(*self.tune_arguments(*more, out=out), **options)

    def trials(self, out="search"):
        """Without the times, which do not repeat."""
        lines = (self.folder / out / "trials.jsonl").read_text().splitlines()
        trials = [json.loads(line) for line in lines[1:]]
        for trial in trials:
            trial.pop("seconds")
        return trials

    def test_the_best_trial_is_what_train_trains(self):
        printed = self.tune("--trials", "6").stdout
        self.assertIn("   6/6  log_loss 0.", printed)
        trials = self.trials()
        self.assertEqual([trial["trial"] for trial in trials], list(range(6)))
        best = min((trial for trial in trials if trial["outcome"] == "finished"), key=lambda trial: trial["value"])
        self.assertRegex(printed, rf"\n +{best['trial'] + 1}  {best['value']:.4f}  model\.")
        self.assertIn("train --config search/best.toml --out MODEL\n", printed)
        self.ebb("train", "--config", "search/best.toml", "--out", "model")
        metrics = json.loads((self.folder / "model/metrics.json").read_text())
        self.assertAlmostEqual(metrics["network"]["validation"]["log_loss"], best["value"], places=9)
        picture = xml.etree.ElementTree.parse(self.folder / "search/search.svg").getroot()
        self.assertEqual(picture.attrib["role"], "img")
        self.assertIn("Search for the best log_loss", picture[0].text)

    def test_it_goes_on_after_a_kill(self):
        for method in ("bayesian", "sobol"):
            with self.subTest(method):
                options = ["--trials", "12", "--epochs", "6", "--method", method, "--jobs", "2", "--threads", "2"]
                self.tune(*options, out=f"whole {method}")
                cut = f"cut {method}"
                process = subprocess.Popen(self.command(*self.tune_arguments(*options, out=cut)),
                                           cwd=self.folder, stdout=subprocess.PIPE, text=True)
                for line in process.stdout:
                    if line.startswith("   7/12") or line.startswith("   8/12"):
                        break
                process.kill()
                process.communicate()
                self.assertIn("go on with --resume, or replace it with --overwrite",
                              self.tune(*options, out=cut, code=3).stderr)
                self.assertIn("with --seed 0", self.tune(*options, "--seed", "1", "--resume", out=cut, code=3).stderr)
                self.assertIn("with other settings",
                              self.tune(*options, "--batch-size", "32", "--resume", out=cut, code=3).stderr)
                resumed = self.tune(*options, "--resume", out=cut)
                self.assertRegex(resumed.stdout, r"resumed   \d+ trials")
                self.assertEqual(self.trials(cut), self.trials(f"whole {method}"))
                for name in ("best.toml", "search.svg"):
                    self.assertEqual((self.folder / cut / name).read_bytes(),
                                     (self.folder / f"whole {method}" / name).read_bytes(), name)

    def test_more_trials_go_on_from_fewer(self):
        self.tune("--trials", "9", out="whole")
        self.tune("--trials", "4")
        self.tune("--trials", "9", "--resume")
        self.assertEqual(self.trials(), self.trials("whole"))

    def test_another_search_takes_its_place_once_a_trial_has_ended(self):
        self.tune("--trials", "2")
        names = ("trials.jsonl", "best.toml", "search.svg")
        before = [(self.folder / "search" / name).read_bytes() for name in names]
        self.write("space.toml", '[search."model.dim"]\nvalues = [9, 15]\n')
        self.tune("--trials", "2", "--overwrite", code=3)
        self.assertEqual([(self.folder / "search" / name).read_bytes() for name in names], before)
        self.write("space.toml", SPACE)
        self.tune("--trials", "3", "--overwrite")
        self.assertEqual(len(self.trials()), 3)

    def test_other_data_are_refused(self):
        self.tune("--trials", "2")
        header, *rows = TABLE.read_text().splitlines()
        other = self.write("other.csv", "\n".join([header, *rows[:-1]]) + "\n")
        arguments = [other if argument == TABLE else argument for argument in self.tune_arguments("--resume")]
        refused = self.ebb(*arguments, code=3)
        self.assertIn("it is of a search with other data", refused.stderr)

    def test_ctrl_c_names_the_command_that_goes_on(self):
        process = subprocess.Popen(self.command(*self.tune_arguments("--trials", "1000")),
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("   2/1000"):
                break
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted; go on with\n", printed)
        self.assertIn("--resume", printed)
        self.assertGreaterEqual(len(self.trials()), 2)

    def test_a_grid_tries_every_combination(self):
        self.write("space.toml", SPACE.replace("log = true", "log = true\npoints = 2"))
        printed = self.tune("--method", "grid").stdout
        self.assertIn("every combination has been tried\n", printed)
        self.assertEqual(len(self.trials()), 2 * 2 * 3)

    def test_a_budget_ends_the_search(self):
        printed = self.tune("--budget", "2s").stdout
        self.assertIn("best trials, by log_loss on validation rows\n", printed)
        self.assertGreaterEqual(len(self.trials()), 1)

    def test_folds_and_the_metric(self):
        printed = self.tune("--trials", "2", "--folds", "2", "--metric", "roc_auc").stdout
        self.assertIn("   2/2  roc_auc 0.", printed)
        self.assertEqual([trial["curve"] for trial in self.trials()], [[], []])

    def test_what_is_wrong_is_named(self):
        self.write("space.toml", '[search."model.dmi"]\nvalues = [8, 16]\n')
        self.assertRegex(self.tune(code=3).stderr, r'space\.toml:1:1: .*Did you mean "model\.dim"\?')
        self.write("space.toml", '[search."model.dim"]\nvalues = [9, 15]\n')
        refused = self.tune("--trials", "2", code=3).stderr
        self.assertIn("none has settings that fit each other", refused)
        self.write("space.toml", SPACE)
        self.write("failing.toml", self.config.read_text().replace("[training]", '[training]\noptimizer = "sgd"\n'
                                                                   "momentum = 0.99\ngradient_clip = 0.0"))
        self.write("space.toml", '[search."training.learning_rate"]\nlow = 99.0\nhigh = 100.0\n')
        failing = [self.folder / "failing.toml" if argument == self.config else argument
                   for argument in self.tune_arguments("--trials", "2", "--epochs", "30")]
        self.assertIn("no trial was finished: ", self.ebb(*failing, code=3).stderr)
        self.assertIn("Did you mean", self.tune("--metric", "roc_acu", code=2).stderr)
        self.assertIn("expected bayesian, sobol or grid", self.tune("--method", "tpe", code=2).stderr)
        self.assertIn("is no length of time", self.tune("--budget", "20", code=2).stderr)
        self.assertIn("--out is missing", self.ebb("tune", "--data", TABLE, "--target", "churn", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
