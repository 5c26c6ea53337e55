"""kill -9 at random moments: resuming ends with the bits of an uninterrupted run, and whatever the
folder holds meanwhile is never read wrongly."""

import os
import random
import subprocess
import time
import unittest

from program import TABLE, ProgramTest

MOMENTS = 20
EPOCHS = ["--epochs", "12"]


class KillTest(ProgramTest):
    def scores(self, model):
        """What predict writes; None if it refuses for want of a finished model."""
        result = subprocess.run(
            self.command("predict", "--model", model, "--data", TABLE, "--out", "-"),
            cwd=self.folder, capture_output=True, text=True, timeout=300)
        if result.returncode == 0:
            return result.stdout
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertRegex(result.stderr, "there is no (model.safetensors in this folder|such model)")
        self.assertEqual(result.stdout, "")
        return None

    def train_and_kill(self, delay, *more):
        process = subprocess.Popen(self.command(*self.train_arguments(), *EPOCHS, *more),
                                   cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def remains(self):
        """Files that a kill left half written."""
        return [path.name for path in (self.folder / "model").glob(".*")]

    def has_begun(self):
        """Whether the checkpoint is no longer the one of the former run."""
        checkpoint = self.folder / "model/checkpoint.safetensors"
        return checkpoint.exists() and b"seed = 0" in checkpoint.read_bytes()

    def resume(self):
        self.train(*EPOCHS, "--resume")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))
        self.assertEqual(self.remains(), [])

    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("EBB_KILL_SEED", random.SystemRandom().randrange(10 ** 6)))
        self.random = random.Random(seed)
        begin = time.monotonic()
        self.train(*EPOCHS, out="whole")
        self.duration = time.monotonic() - begin
        self.whole = self.scores("whole")
        self.seed = f"EBB_KILL_SEED={seed}"

    def moments(self):
        """Spread over the whole of a run; the second is that of a kill while resuming."""
        for number in range(MOMENTS):
            share = (number + self.random.random()) / MOMENTS
            yield share * self.duration, self.random.random() * self.duration

    def test_a_new_run(self):
        for first, second in self.moments():
            with self.subTest(seed=self.seed, first=first, second=second):
                subprocess.run(["rm", "-rf", self.folder / "model"], check=True)
                self.train_and_kill(first)
                self.assertIn(self.scores("model"), (None, self.whole))
                if self.random.random() < 0.3:
                    self.train_and_kill(second, "--resume")
                    self.assertIn(self.scores("model"), (None, self.whole))
                self.resume()

    def test_a_run_that_replaces_a_model(self):
        self.train("--seed", "1")
        former = self.scores("model")
        self.assertNotEqual(former, self.whole)
        kept = {path.name: path.read_bytes() for path in (self.folder / "model").iterdir()}
        for first, _ in list(self.moments())[::2]:
            with self.subTest(seed=self.seed, first=first):
                for path in (self.folder / "model").iterdir():
                    path.unlink()
                for name, content in kept.items():
                    self.write(f"model/{name}", content)
                self.train_and_kill(first, "--overwrite")
                # There is always a model: the former one until the new one takes its place.
                self.assertIn(self.scores("model"), (former, self.whole))
                if self.scores("model") == former and not self.has_begun():
                    refused = self.train(*EPOCHS, "--resume", code=3)
                    self.assertIn("training.seed: 1 -> 0", refused.stderr)
                    self.train(*EPOCHS, "--overwrite")
                self.resume()


if __name__ == "__main__":
    unittest.main()
