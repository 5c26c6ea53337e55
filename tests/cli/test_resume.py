"""Stopping and going on: the resumed run must end with the bytes of an uninterrupted one."""

import os
import shutil
import signal
import unittest

from program import TABLE, ProgramTest

EPOCHS = ["--epochs", "80"]


class ResumeTest(ProgramTest):
    def stop_training(self, number, *more, **options):
        process, output = self.start_training("epoch  2/80", *EPOCHS, *more, **options)
        process.send_signal(number)
        shown = output.readall().decode() + process.stderr.read()
        return process.wait(timeout=300), shown

    def test_ctrl_c_saves_a_checkpoint_and_resuming_gives_the_same_model(self):
        self.train(*EPOCHS, out="whole")
        code, shown = self.stop_training(signal.SIGINT)
        self.assertEqual(code, 130, shown)
        self.assertIn("interrupted", shown)
        self.assertRegex(shown, r"--epochs 80 --resume")
        self.assertIn("once more ends at once", shown)
        self.assertFalse((self.folder / "model/model.safetensors").exists())

        refused = self.train(*EPOCHS, code=3)
        self.assertIn("unfinished run", refused.stderr)
        resumed = self.train(*EPOCHS, "--resume")
        self.assertRegex(resumed.stdout, r"resumed +after epoch ([2-9]|\d\d) of 80")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))

    def test_sigterm_saves_a_checkpoint(self):
        code, shown = self.stop_training(signal.SIGTERM)
        self.assertEqual(code, 130, shown)
        self.assertIn("interrupted", shown)

    def test_ctrl_c_is_heeded_where_nobody_reads_errors(self):
        reader, writer = os.pipe()
        os.close(reader)
        process, output = self.start_training("epoch  2/80", *EPOCHS, stderr=writer)
        os.close(writer)
        process.send_signal(signal.SIGINT)
        shown = output.readall().decode()
        self.assertEqual(process.wait(timeout=300), 130, shown)
        self.assertIn("interrupted", shown)

    def test_an_interrupt_that_was_ignored_before_stays_so(self):
        def ignore():  # as nohup and a shell's background jobs do
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        code, shown = self.stop_training(signal.SIGINT, preexec_fn=ignore)
        self.assertEqual(code, 0, shown)
        self.assertIn("epoch 80/80", shown)
        code, shown = self.stop_training(signal.SIGTERM, "--overwrite", preexec_fn=ignore)
        self.assertEqual(code, 130, shown)

    def test_a_killed_run_resumes_to_the_same_model(self):
        self.train(*EPOCHS, out="whole")
        self.stop_training(signal.SIGKILL)
        resumed = self.train(*EPOCHS, "--resume", "--threads", "2")
        self.assertRegex(resumed.stdout, r"resumed +after epoch ([2-9]|\d\d) of 80")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))

    def test_a_split_by_group_or_time_is_resumed_as_it_was(self):
        data = self.with_days()
        for split in (["--split-group", "customer_id"], ["--split-time", "day"]):
            with self.subTest(split=split):
                self.train(*EPOCHS, *split, out="whole", data=data)
                code, shown = self.stop_training(signal.SIGINT, *split, data=data)
                self.assertEqual(code, 130, shown)
                refused = self.train(*EPOCHS, "--resume", data=data, code=3).stderr
                self.assertRegex(refused, rf'split.{split[0][8:]}: "{split[1]}" -> ""')
                self.train(*EPOCHS, *split, "--resume", data=data)
                self.assertEqual(self.model_bytes(), self.model_bytes("whole"))
                for folder in ("model", "whole"):
                    shutil.rmtree(self.folder / folder)

    def test_resuming_without_a_checkpoint_starts_anew_and_says_so(self):
        started = self.train("--resume")
        self.assertIn("there is no checkpoint", started.stdout)
        self.model_bytes()

    def test_a_finished_run_is_left_alone(self):
        self.train()
        before = {path.name: path.read_bytes() for path in (self.folder / "model").iterdir()}
        resumed = self.train("--resume")
        self.assertIn("is finished", resumed.stdout)
        self.assertNotIn("epoch 1/3", resumed.stdout)
        after = {path.name: path.read_bytes() for path in (self.folder / "model").iterdir()}
        self.assertEqual(after, before)

    def test_changed_settings_and_data_are_refused_by_name(self):
        self.train()
        refused = self.train("--resume", "--epochs", "4", "--seed", "9", code=3)
        self.assertIn("training.epochs: 3 -> 4", refused.stderr)
        self.assertIn("training.seed: 0 -> 9", refused.stderr)
        changed = self.write("changed.csv", TABLE.read_text().replace("S00001", "S99999"))
        refused = self.train("--resume", data=changed, code=3)
        self.assertIn("contents of the data", refused.stderr)

    def test_a_truncated_checkpoint_is_refused(self):
        self.stop_training(signal.SIGINT)
        checkpoint = self.folder / "model/checkpoint.safetensors"
        checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
        refused = self.train(*EPOCHS, "--resume", code=3)
        self.assertIn("checkpoint.safetensors", refused.stderr)
        self.assertIn("cut", refused.stderr)


if __name__ == "__main__":
    unittest.main()
