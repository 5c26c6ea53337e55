"""Disks that are full, read-only or gone: the error says so, and nothing is harmed."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from program import TABLE, THREAD_SANITIZED, ProgramTest
from storage import SmallDisk

EPOCHS = ["--epochs", "12"]
SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


class FullDiskTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.disk = SmallDisk(self, 1024)
        self.model = self.disk.path / "model"

    def names(self):
        return sorted(path.name for path in self.disk.path.iterdir())

    def assert_says_so(self, result, file):
        for text in (file, "No space left on device", "are free", "free some space"):
            self.assertIn(text, result.stderr)

    def train_until_full(self, *more):
        """The file that met the end of the disk, None if none did; then there is space again, and
        the run must end with the same bits."""
        result = subprocess.run(self.command(*self.train_arguments(self.model), *EPOCHS, *more),
                                cwd=self.folder, capture_output=True, text=True, timeout=300)
        full = None
        if result.returncode != 0:
            self.assertEqual(result.returncode, 4, result.stderr)
            self.assert_says_so(result, str(self.model))
            full = result.stderr.split(": cannot write")[0].split("/")[-1]
            self.assertFalse((self.model / "model.safetensors").exists())
            self.assertEqual(list(self.model.glob(".*")) if self.model.exists() else [], [])
            self.disk.clear()
            self.train(*EPOCHS, "--resume", out=self.model)
        self.assertEqual((self.model / "model.safetensors").read_bytes(),
                         self.model_bytes("whole"))
        return full

    def test_training_goes_on_once_there_is_space(self):
        self.train(*EPOCHS, out="whole")
        full = set()
        for kibibytes in range(0, 400, 50):
            with self.subTest(free=kibibytes):
                self.disk.leave(kibibytes)
                full.add(self.train_until_full())
                shutil.rmtree(self.model)
        self.assertEqual(full - {"model", "model.safetensors"}, {"checkpoint.safetensors", None})

    def test_what_is_written_last_goes_on_once_there_is_space(self):
        self.train(*EPOCHS, out="whole")
        self.train(*EPOCHS, out=self.model)
        full = set()
        for kibibytes in range(4, 140, 8):
            with self.subTest(free=kibibytes):
                for path in self.model.iterdir():
                    if path.name != "checkpoint.safetensors":
                        path.unlink()
                self.disk.leave(kibibytes)
                full.add(self.train_until_full("--resume"))
        self.assertLessEqual({"pipeline.json", "metrics.json", "history.csv", "model.safetensors",
                              None}, full)

    def test_the_model_that_is_replaced_stays(self):
        self.train("--seed", "1", out=self.model)
        before = (self.model / "model.safetensors").read_bytes()
        self.disk.leave(0)
        self.assert_says_so(self.train(*EPOCHS, "--overwrite", out=self.model, code=4),
                            "model")
        self.assertEqual((self.model / "model.safetensors").read_bytes(), before)
        self.ebb("predict", "--model", self.model, "--data", TABLE, "--out", "scores.csv")

    def test_scores_and_metrics(self):
        self.train()
        scores = self.disk.path / "scores.csv"
        scores.write_text("old")
        many = TABLE.read_text().splitlines(keepends=True)
        data = self.write("many.csv", many[0] + "".join(many[1:]) * 100)
        predict = ["predict", "--model", "model", "--data", data, "--out", scores]
        for kibibytes in (0, 300):
            self.disk.leave(kibibytes)
            self.assert_says_so(self.ebb(*predict, code=4), "scores.csv")
            self.assertEqual(scores.read_text(), "old")
            self.assertEqual(self.names(), ["filler", "scores.csv"])
        self.disk.leave(0)
        metrics = self.disk.path / "metrics.json"
        self.assert_says_so(self.ebb("evaluate", "--model", "model", "--data", TABLE, "--json",
                                     metrics, code=4), "metrics.json")
        self.assertEqual(self.names(), ["filler", "scores.csv"])

    def test_the_tables_of_the_demo(self):
        table = self.disk.path / "table.csv"
        table.write_text("old")
        self.disk.leave(100)
        for script in (["make_synthetic.py", "--out", table],
                       ["split_table.py", "--data", TABLE, "--target", "churn", "--train", table,
                        "--heldout", self.disk.path / "heldout.csv"]):
            with self.subTest(script[0]):
                if script[0] == "split_table.py":
                    self.disk.leave(0)
                result = subprocess.run([sys.executable, SCRIPTS / script[0], *script[1:]],
                                        capture_output=True, text=True)
                self.assertNotEqual(result.returncode, 0)
                self.assertRegex(result.stderr, "^error: .*No space left on device")
                self.assertNotIn("Traceback", result.stderr)
                self.assertEqual(table.read_text(), "old")
                self.assertEqual(self.names(), ["filler", "table.csv"])


class UnwritableTest(ProgramTest):
    def test_a_read_only_folder(self):
        disk = SmallDisk(self, 2048)
        self.train(out=disk.path / "model")
        scores = self.ebb("predict", "--model", disk.path / "model", "--data", TABLE, "--out", "-")
        disk.make_read_only()
        for out, more in ((disk.path / "new", []), (disk.path / "model", ["--overwrite"])):
            refused = self.train(*more, out=out, code=4)
            self.assertIn("Read-only file system", refused.stderr)
            self.assertRegex(refused.stderr, "choose another")
        refused = self.ebb("predict", "--model", disk.path / "model", "--data", TABLE, "--out",
                           disk.path / "scores.csv", code=4)
        self.assertIn("scores.csv: cannot write: Read-only file system", refused.stderr)
        # Reading is enough for predicting.
        again = self.ebb("predict", "--model", disk.path / "model", "--data", TABLE, "--out", "-")
        self.assertEqual(again.stdout, scores.stdout)

    @unittest.skipIf(THREAD_SANITIZED, "the sanitizer maps a file that it writes")
    def test_a_limit_on_the_size_of_files(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

        self.train(out="whole")
        stopped = self.train(code=4, preexec_fn=limit)
        self.assertIn("checkpoint.safetensors: cannot write: File too large", stopped.stderr)
        self.assertIn("ulimit -f", stopped.stderr)
        self.assertFalse((self.folder / "model").exists())
        self.train("--resume")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))

    def test_a_place_that_is_a_folder(self):
        self.train()
        (self.folder / "scores").mkdir()
        refused = self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores",
                           code=4)
        self.assertIn("scores: cannot write: Is a directory; choose the name of a file",
                      refused.stderr)
        refused = self.ebb("evaluate", "--model", "model", "--data", TABLE, "--json", "scores",
                           code=4)
        self.assertIn("scores: cannot write: Is a directory", refused.stderr)
        (self.folder / "other/model.safetensors").mkdir(parents=True)
        refused = self.train("--overwrite", out="other", code=4)
        self.assertIn("other/model.safetensors: cannot write: Is a directory", refused.stderr)

    def test_inputs_are_not_overwritten(self):
        self.train()
        data = self.write("table.csv", TABLE.read_text())
        (self.folder / "link.csv").symlink_to("table.csv")
        model = self.model_bytes()
        for out in ("table.csv", "./table.csv", "link.csv", "model/model.safetensors"):
            for command, option in (("predict", "--out"), ("evaluate", "--json")):
                refused = self.ebb(command, "--model", "model", "--data", data, option, out, code=2)
                self.assertIn(f"{option} {out}: this file is read", refused.stderr)
        with data.open() as table:
            refused = self.ebb("predict", "--model", "model", "--data", "-", "--out", data, code=2,
                               stdin=table)
        self.assertIn("this file is read", refused.stderr)
        self.assertEqual(data.read_bytes(), TABLE.read_bytes())
        self.assertEqual(self.model_bytes(), model)

    def test_training_replaces_none_of_its_inputs(self):
        settings = self.config.read_text()
        data = self.write("history.csv", TABLE.read_text())
        (self.folder / "link.csv").symlink_to("history.csv")
        for log in ("history.csv", "./link.csv", self.config):
            refused = self.train("--log-steps", log, data=data, code=2)
            self.assertIn(f"--log-steps {log}: this file is read", refused.stderr)
        for more in (["--overwrite"], ["--resume"], []):
            refused = self.train(*more, out=".", data="history.csv", code=2)
            self.assertIn("--out ./history.csv: this file is read", refused.stderr)
        with data.open() as table:
            refused = self.train(out=".", data="-", code=2, stdin=table)
        self.assertIn("--out ./history.csv: this file is read", refused.stderr)
        self.assertEqual(data.read_bytes(), TABLE.read_bytes())
        self.assertEqual(self.config.read_text(), settings)

    def test_files_of_somebody_else_in_the_folder_stay(self):
        config = self.write("config.toml", "[training]\nepochs = 1\n")
        refused = self.train(out=".", code=3)
        self.assertIn("holds a config.toml, which the training would replace", refused.stderr)
        self.assertEqual(config.read_text(), "[training]\nepochs = 1\n")
        self.train("--overwrite", out=".")

    def test_a_log_that_cannot_be_written_leaves_the_former_run(self):
        self.train()
        before = {path.name: path.read_bytes() for path in (self.folder / "model").iterdir()}
        refused = self.train("--overwrite", "--log-steps", "no/folder/steps.csv", code=4)
        self.assertIn("no/folder/steps.csv: the losses of steps cannot be written: "
                      "No such file or directory", refused.stderr)
        self.assertEqual(
            {path.name: path.read_bytes() for path in (self.folder / "model").iterdir()}, before)

    def test_a_refused_training_keeps_the_former_log(self):
        self.train("--log-steps", "steps.csv")
        former = (self.folder / "steps.csv").read_text()
        self.train("--seed", "1", "--resume", "--log-steps", "steps.csv", code=3)
        self.assertEqual((self.folder / "steps.csv").read_text(), former)
        self.train("--seed", "1", "--overwrite", "--log-steps", "steps.csv")
        again = (self.folder / "steps.csv").read_text()
        self.assertEqual(again.count("epoch,step,loss"), 1)
        self.assertNotEqual(again, former)


class VanishingFolderTest(ProgramTest):
    def training(self):
        process, output = self.start_training("epoch  2/80", "--epochs", "80")
        process.send_signal(signal.SIGSTOP)
        return process, output

    def end(self, process, output):
        process.send_signal(signal.SIGCONT)
        output.readall()
        self.assertEqual(process.wait(timeout=300), 4)
        message = process.stderr.read()
        self.assertIn("model: the folder was removed, renamed or replaced", message)
        self.assertEqual(message.count("\n"), 1)

    def test_a_removed_folder_is_not_made_again(self):
        process, output = self.training()
        shutil.rmtree(self.folder / "model")
        self.end(process, output)
        self.assertFalse((self.folder / "model").exists())

    def test_a_renamed_folder_can_be_gone_on_with(self):
        self.train("--epochs", "80", out="whole")
        process, output = self.training()
        (self.folder / "model").rename(self.folder / "renamed")
        (self.folder / "model").mkdir()
        self.end(process, output)
        self.assertEqual(list((self.folder / "model").iterdir()), [])
        self.train("--epochs", "80", "--resume", out="renamed")
        self.assertEqual(self.model_bytes("renamed"), self.model_bytes("whole"))


class NobodyReadsTest(ProgramTest):
    def test_a_closed_pipe_ends_the_program_quietly(self):
        self.train()
        many = TABLE.read_text().splitlines(keepends=True)
        data = self.write("many.csv", many[0] + "".join(many[1:]) * 50)
        for command in (["predict", "--model", "model", "--data", data, "--out", "-"],
                        ["evaluate", "--model", "model", "--data", data, "--json", "metrics.json"],
                        ["info", "--model", "model"], self.train_arguments("other")):
            with self.subTest(command[0]):
                reader, writer = os.pipe()
                os.close(reader)
                result = subprocess.run(self.command(*command), cwd=self.folder, stdout=writer,
                                        stderr=subprocess.PIPE, text=True, timeout=300)
                os.close(writer)
                self.assertEqual(result.returncode, -signal.SIGPIPE)
                self.assertEqual(result.stderr, "")
                self.assertEqual([path for path in self.folder.rglob(".*.tmp")], [])

    def test_an_interrupted_prediction_leaves_nothing(self):
        self.train()
        (self.folder / "scores.csv").write_text("old")
        pipe = self.folder / "table.fifo"
        os.mkfifo(pipe)
        process = subprocess.Popen(
            self.command("predict", "--model", "model", "--data", pipe, "--out", "scores.csv"),
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        many = TABLE.read_text().splitlines(keepends=True)
        with open(pipe, "w") as table:
            table.write(many[0] + "".join(many[1:]) * 50)
            table.flush()
            process.send_signal(signal.SIGINT)
            table.write("".join(many[1:]) * 50)
        self.assertEqual(process.wait(timeout=300), 130)
        self.assertIn("scores.csv was not written", process.stdout.read())
        self.assertEqual((self.folder / "scores.csv").read_text(), "old")
        self.assertEqual([path for path in self.folder.rglob(".*.tmp")], [])


if __name__ == "__main__":
    unittest.main()
