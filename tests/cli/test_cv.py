"""Cross-validation through the program."""

import fcntl
import json
import os
import signal
import subprocess
import unittest

from program import TABLE, ProgramTest, rows_of

FOLDS = ["--folds", "3"]


class CrossValidationTest(ProgramTest):
    def cv_arguments(self, *more):
        return ["cv", "--data", TABLE, "--target", "churn", "--id-column", "customer_id",
                "--config", self.config, *FOLDS, *more]

    def cv(self, *more, **options):
        return self.ebb(*self.cv_arguments(*more), **options)

    def test_every_customer_is_measured_once(self):
        printed = self.cv("--out", "cv").stdout
        self.assertRegex(printed, r"roc_auc +0\.\d{4} ± 0\.\d{4} +0\.\d{4} ± 0\.\d{4}\n")
        rows = rows_of((self.folder / "cv/out_of_fold.csv").read_text())
        self.assertEqual(sorted(row["customer_id"] for row in rows),
                         sorted(row["customer_id"] for row in rows_of(TABLE.read_text())))
        self.assertEqual({row["fold"] for row in rows}, {"1", "2", "3"})
        summary = json.loads((self.folder / "cv/summary.json").read_text())
        by_metric = {entry["metric"]: entry for entry in summary["configs"][0]["network"]}
        self.assertRegex(printed, rf"roc_auc +{by_metric['roc_auc']['mean']:.4f} ")

    def test_rows_are_those_of_the_file(self):
        lines = TABLE.read_text().splitlines()
        names = lines[0].split(",")
        without_id = [",".join(cell for name, cell in zip(names, line.split(",")) if name != "customer_id")
                      for line in lines]
        repeated = [*without_id[:40], without_id[3], *without_id[40:60], without_id[5], *without_id[60:]]
        self.write("repeated.csv", "\n".join(repeated) + "\n")
        self.ebb("cv", "--data", "repeated.csv", "--target", "churn", "--config", self.config, *FOLDS, "--out", "cv")
        label = without_id[0].split(",").index("churn")
        rows = rows_of((self.folder / "cv/out_of_fold.csv").read_text())
        self.assertNotIn("40", {row["row"] for row in rows})
        self.assertIn(str(len(repeated) - 1), {row["row"] for row in rows})
        for row in rows:
            self.assertEqual(row["label"], repeated[int(row["row"])].split(",")[label])

    def test_it_goes_on_after_a_kill(self):
        self.cv("--out", "whole", "--epochs", "30")
        process = subprocess.Popen(self.command(*self.cv_arguments("--out", "cut", "--epochs", "30")),
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("  1/3"):
                break
        process.kill()
        process.communicate()
        refused = self.cv("--out", "cut", "--epochs", "30", code=3)
        self.assertIn("go on with --resume, or replace it with --overwrite", refused.stderr)
        other = self.cv("--out", "cut", "--epochs", "31", "--resume", code=3)
        self.assertIn("made with other settings", other.stderr)
        resumed = self.cv("--out", "cut", "--epochs", "30", "--resume")
        self.assertRegex(resumed.stdout, r"resumed   [12] of 3 rounds are done")
        for name in ("cv.json", "out_of_fold.csv", "summary.json"):
            self.assertEqual((self.folder / "cut" / name).read_bytes(),
                             (self.folder / "whole" / name).read_bytes(), name)

    def test_ctrl_c_names_the_command_that_goes_on(self):
        process = subprocess.Popen(self.command(*self.cv_arguments("--out", "cut", "--epochs", "3000")),
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted; go on with\n", printed)
        self.assertIn("--resume", printed)

    def test_jobs_do_not_matter(self):
        self.cv("--out", "one")
        self.cv("--out", "two", "--jobs", "2", "--threads", "2")
        self.assertEqual((self.folder / "one/cv.json").read_bytes(), (self.folder / "two/cv.json").read_bytes())

    def test_two_configurations_are_compared_on_the_same_rounds(self):
        self.write("other.toml", self.config.read_text().replace("epochs = 3", "epochs = 4"))
        printed = self.cv("--against", "other.toml", "--out", "cv").stdout
        self.assertRegex(printed, r"log_loss: (no difference between .*small.toml and other.toml is shown"
                                  r"|.+ is better than .+ by 0\.\d+) \(p = ")
        comparison = json.loads((self.folder / "cv/summary.json").read_text())["comparison"]
        self.assertEqual(comparison[0]["degrees_of_freedom"], 2)
        self.write("same.toml", self.config.read_text())
        printed = self.cv("--against", "same.toml").stdout
        self.assertIn("accuracy: no difference", printed)
        self.assertIn("(p = 1.0000)", printed)
        self.write("wrong.toml", "[model]\ndmi = 3\n")
        self.assertIn('Did you mean "dim"?', self.cv("--against", "wrong.toml", code=3).stderr)

    def test_folds_by_group_and_time(self):
        data = self.with_days()
        printed = self.ebb("cv", "--data", data, "--target", "churn", "--config", self.config,
                           "--split-group", "customer_id", *FOLDS, "--out", "groups").stdout
        self.assertIn("3/3", printed)
        folds = {}
        for row in rows_of((self.folder / "groups/out_of_fold.csv").read_text()):
            folds[row["row"]] = row["fold"]
        self.assertEqual(len(folds), 800)
        by_time = self.ebb("cv", "--data", data, "--target", "churn", "--config", self.config,
                           "--split-time", "day", *FOLDS).stdout
        self.assertIn("3/3  repeat 1 fold 3  200 rows measured", by_time)

    def test_one_process_at_a_time_writes_to_a_folder(self):
        folder = self.folder / "cv"
        folder.mkdir()
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.assertIn("another process is at work in this folder", self.cv("--out", "cv", code=4).stderr)

    def test_a_new_one_leaves_nothing_of_the_former(self):
        self.cv("--out", "cv")
        process = subprocess.Popen(self.command(*self.cv_arguments("--out", "cv", "--overwrite", "--epochs", "300")),
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("  1/3"):
                break
        process.kill()
        process.communicate()
        self.assertEqual([path.name for path in (self.folder / "cv").iterdir() if path.suffix != ".tmp"], ["cv.json"])
        other = self.cv("--out", "cv", "--resume", "--repeats", "2", code=3)
        self.assertIn("it was made with other settings, folds or repeats", other.stderr)

    def test_what_is_wrong_is_named(self):
        self.assertIn("need split.time", self.cv("--kind", "time", code=3).stderr)
        self.assertIn("expected stratified, random, group or time", self.cv("--kind", "loo", code=2).stderr)
        self.assertIn("--resume needs --out", self.cv("--resume", code=2).stderr)
        self.assertIn("--folds", self.ebb("cv", "--data", TABLE, "--target", "churn", "--folds", "1", code=2).stderr)
        many = self.ebb("cv", "--data", TABLE, "--target", "churn", "--folds", "1000", code=3)
        self.assertIn("1000", many.stderr)
        refused = self.ebb("cv", "--data", TABLE, "--target", "churn", "--test-fraction", "0.1", code=2)
        self.assertIn("--test-fraction", refused.stderr)


if __name__ == "__main__":
    unittest.main()
