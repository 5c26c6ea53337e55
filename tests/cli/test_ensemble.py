"""Ensembles through the program: training, combining, resuming, scoring."""

import fcntl
import json
import os
import subprocess
import unittest

from program import TABLE, ProgramTest, rows_of


class EnsembleTest(ProgramTest):
    def arguments(self, *more):
        return ["ensemble", "--data", TABLE, "--target", "churn", "--id-column", "customer_id",
                "--config", self.config, *(() if "--seeds" in more else ("--seeds", "3")), *more]

    def ensemble(self, *more, **options):
        return self.ebb(*self.arguments(*more), **options)

    def metrics(self, folder="model"):
        return json.loads((self.folder / folder / "metrics.json").read_text())

    def test_it_scores_like_any_model(self):
        printed = self.ensemble("--combine", "mean", "--out", "model").stdout
        self.assertRegex(printed, r"gain over the mean member: log loss [+-]\d")
        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")
        by_member = []
        for member in ("00", "01", "02"):
            self.ebb("predict", "--model", f"model/members/{member}", "--data", TABLE, "--out", f"{member}.csv")
            by_member.append([float(row["probability"]) for row in rows_of((self.folder / f"{member}.csv").read_text())])
        for row, of_members in zip(rows_of((self.folder / "scores.csv").read_text()), zip(*by_member)):
            self.assertAlmostEqual(float(row["probability"]), sum(of_members) / 3, delta=2e-6)
        self.assertNotEqual(by_member[0], by_member[1])
        evaluated = self.ebb("evaluate", "--model", "model", "--data", TABLE, "--json", "found.json").stdout
        self.assertIn("roc_auc", evaluated)
        brier = self.metrics()["diversity"]["brier"]
        self.assertAlmostEqual(brier["ensemble"], brier["members"] - brier["ambiguity"], delta=1e-12)

    def test_members_are_kept_and_combined_anew(self):
        self.ensemble("--combine", "weighted", "--out", "model")
        before = (self.folder / "model/members/01/model.safetensors").stat().st_mtime_ns
        weighted = self.metrics()
        printed = self.ensemble("--combine", "stacking", "--resume", "--out", "model").stdout
        self.assertEqual(printed.count("(kept)"), 3)
        self.assertEqual((self.folder / "model/members/01/model.safetensors").stat().st_mtime_ns, before)
        self.assertNotEqual(self.metrics()["ensemble"], weighted["ensemble"])
        self.assertEqual(self.metrics()["members"], weighted["members"])
        self.assertIn("--resume", self.ensemble("--out", "model", code=3).stderr)
        other = self.ensemble("--out", "model", "--resume", "--epochs", "7", code=3)
        self.assertIn("the member was trained with other settings or data", other.stderr)

    def test_it_goes_on_after_a_kill(self):
        self.ensemble("--out", "whole")
        process = subprocess.Popen(self.command(*self.arguments("--out", "cut")), cwd=self.folder,
                                   stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("  1/3"):
                break
        process.kill()
        process.communicate()
        self.ensemble("--out", "cut", "--resume")
        for name in ("ensemble.json", "metrics.json", "members/02/model.safetensors"):
            self.assertEqual((self.folder / "cut" / name).read_bytes(), (self.folder / "whole" / name).read_bytes(), name)

    def test_members_are_measured_by_rows_that_none_was_trained_on(self):
        self.ensemble("--out", "model")
        for member in range(3):
            self.ebb("report", "--model", f"model/members/0{member}", "--data", TABLE, "--intervals", "0",
                     "--importance-rows", "0", "--out", "member.html")
            figure = f"{self.metrics()['members'][member]['roc_auc']:.4f}"
            self.assertIn(figure, (self.folder / "member.html").read_text())

    def test_several_configurations(self):
        self.write("wide.toml", "[model]\ndim = 12\nlayers = 1\nheads = 2\nfeed_forward = 16\n[training]\nepochs = 2\n")
        printed = self.ensemble("--also", "wide.toml", "--seeds", "1", "--out", "model").stdout
        self.assertIn("wide.toml, seed 0", printed)
        self.assertEqual(len(self.metrics()["members"]), 2)

    def test_what_is_wrong_is_named(self):
        self.assertIn("--out is missing", self.ensemble(code=2).stderr)
        self.assertIn("expected mean, log-odds-mean", self.ensemble("--combine", "luck", "--out", "m", code=2).stderr)
        self.train()
        self.assertIn("holds a trained model", self.ensemble("--out", "model", code=3).stderr)
        folder = self.folder / "locked"
        folder.mkdir()
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.assertIn("another process", self.ensemble("--out", "locked", code=4).stderr)

    def test_what_takes_one_network_says_so(self):
        self.ensemble("--out", "model")
        refused = self.ebb("explain", "--model", "model", "--data", TABLE, "--out", "x.csv", code=3)
        self.assertIn("is an ensemble", refused.stderr)
        refused = self.ebb("train", "--data", TABLE, "--target", "churn", "--out", "model", "--overwrite", code=3)
        self.assertIn("the folder holds an ensemble", refused.stderr)
        (self.folder / "model/members/01/model.safetensors").write_bytes(
            (self.folder / "model/members/00/model.safetensors").read_bytes())
        refused = self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "x.csv", code=3)
        self.assertIn("another model than the ensemble was made of", refused.stderr)


if __name__ == "__main__":
    unittest.main()
