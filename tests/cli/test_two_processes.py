"""Several processes and one folder."""

import signal
import subprocess
import unittest

from program import TABLE, ProgramTest

EPOCHS = ["--epochs", "80"]


class TwoProcessesTest(ProgramTest):
    def predict(self, code=0):
        return self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "-", code=code)

    def finish(self, process, output):
        output.readall()
        self.assertEqual(process.wait(timeout=300), 0, process.stderr.read())

    def test_a_second_training_is_refused(self):
        self.train(*EPOCHS, out="whole")
        process, output = self.start_training("epoch  2/80", *EPOCHS)
        (self.folder / "link").symlink_to("model")
        for more in ([], ["--overwrite"], ["--resume"]):
            for out in ("model", "link"):
                refused = self.train(*EPOCHS, *more, out=out, code=4)
                self.assertIn(f"{out}: another process is at work in this folder", refused.stderr)
                self.assertIn("--out", refused.stderr)
        self.assertIsNone(process.poll())
        self.finish(process, output)
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))

    def test_of_many_that_begin_together_one_trains(self):
        command = self.command(*self.train_arguments(), *EPOCHS)
        processes = [subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True) for _ in range(4)]
        results = []
        for process in processes:
            _, message = process.communicate(timeout=300)
            results.append((process.returncode, message))
        self.assertEqual(sum(code == 0 for code, _ in results), 1, results)
        for code, message in results:
            if code != 0:  # which a process that came after the end is told
                self.assertRegex(message, "another process is at work|holds a trained model|"
                                          "holds an unfinished run")
        self.train(*EPOCHS, out="whole")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))

    def test_predicting_meanwhile(self):
        process, output = self.start_training("epoch  2/80", *EPOCHS)
        refused = self.predict(code=4)
        self.assertIn("its training is unfinished; go on with ebb train --resume, or start anew with "
                      "--overwrite", refused.stderr)
        self.finish(process, output)
        scores = self.predict().stdout
        process, output = self.start_training("epoch  2/80", *EPOCHS, "--overwrite", "--seed", "1")
        self.assertEqual(self.predict().stdout, scores)
        self.finish(process, output)
        self.assertNotEqual(self.predict().stdout, scores)

    def test_a_killed_process_leaves_no_lock(self):
        self.train(*EPOCHS, out="whole")
        process, output = self.start_training("epoch  2/80", *EPOCHS)
        process.send_signal(signal.SIGKILL)
        output.readall()
        process.wait(timeout=300)
        self.train(*EPOCHS, "--resume")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))


if __name__ == "__main__":
    unittest.main()
