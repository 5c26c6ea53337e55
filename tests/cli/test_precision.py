"""Training and scoring in bf16, where the machine has units for it."""

import os
import unittest

from program import ProgramTest, TABLE, rows_of

BF16 = ["--precision", "bf16"]
WITHOUT = {**os.environ, "EBB_ISA": "avx2"}


class Bf16Test(ProgramTest):
    def setUp(self):
        super().setUp()
        if "not available" in self.ebb("info").stdout.split("bf16", 1)[1].split("\n", 1)[0]:
            self.skipTest("this machine has neither AVX-512 BF16 nor AMX")
        # Wide enough for bf16 to take part.
        self.config.write_text(self.config.read_text().replace("dim = 8", "dim = 16"))

    def scores(self, *more, model="model", **options):
        self.ebb("predict", "--model", model, "--data", TABLE, "--out", "scores.csv", *more,
                 **options)
        return [float(row["probability"])
                for row in rows_of((self.folder / "scores.csv").read_text())]

    def test_a_model_is_the_same_for_any_number_of_threads_and_says_its_precision(self):
        self.train(*BF16)
        self.train(*BF16, "--threads", "2", out="two")
        self.train(out="f32")
        self.assertEqual(self.model_bytes(), self.model_bytes("two"))
        self.assertNotEqual(self.model_bytes(), self.model_bytes("f32"))
        self.assertIn(b'precision = \\"bf16\\"', self.model_bytes())
        self.assertIn('precision = "bf16"', (self.folder / "model/config.toml").read_text())
        self.ebb("train", "--config", "model/config.toml", "--out", "again")
        self.assertEqual(self.model_bytes(), self.model_bytes("again"))

    def test_a_model_predicts_in_f32_on_any_machine_and_in_bf16_when_asked(self):
        self.train(*BF16)
        f32 = self.scores()
        self.assertEqual(f32, self.scores("--precision", "f32"))
        elsewhere = self.scores(env=WITHOUT)
        bf16 = self.scores(*BF16)
        self.assertEqual(bf16, self.scores(*BF16, "--threads", "2"))
        self.assertNotEqual(f32, bf16)
        for first, second, third in zip(f32, elsewhere, bf16):
            self.assertAlmostEqual(first, second, delta=1e-5)
            self.assertAlmostEqual(first, third, delta=0.02)
        self.ebb("evaluate", "--model", "model", "--data", TABLE, *BF16)

    def test_resuming_goes_on_in_the_same_precision_only(self):
        epochs = ["--epochs", "80", *BF16]
        self.train(*epochs, out="whole")
        process, output = self.start_training("epoch  2/80", *epochs)
        process.kill()
        output.readall()
        process.wait(timeout=300)
        refused = self.train("--epochs", "80", "--resume", code=3)
        self.assertIn('training.precision: "bf16" -> "f32"', refused.stderr)
        self.train(*epochs, "--resume", "--threads", "2")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))


class NoBf16Test(ProgramTest):
    def refused(self, *arguments):
        return self.ebb(*arguments, code=3, env=WITHOUT).stderr

    def test_every_command_says_what_is_missing_and_what_to_do(self):
        self.train()
        data = ["--model", "model", "--data", TABLE]
        for arguments in (self.train_arguments("bf16"),
                          [*self.train_arguments("bf16"), "--dry-run"],
                          ["predict", *data, "--out", "-"],
                          ["evaluate", *data],
                          ["bench", "step"]):
            message = self.refused(*arguments, *BF16)
            self.assertIn("precision bf16: needs AVX-512 BF16 or AMX", message)
            self.assertRegex(message, "EBB_ISA=avx2 leaves both out|which this processor lacks")
            self.assertIn("use f32", message)
        self.assertFalse((self.folder / "bf16").exists())
        shown = self.ebb("info", env=WITHOUT).stdout
        self.assertRegex(shown, r"bf16 +not available: needs AVX-512 BF16 or AMX")

    def test_tf32_needs_a_gpu(self):
        for arguments in (self.train_arguments("tf32"), ["bench", "step"]):
            message = self.ebb(*arguments, "--device", "cpu", "--precision", "tf32", code=3).stderr
            self.assertIn("precision tf32: needs a GPU of compute capability 8.0, and this runs on the CPU: use f32, "
                          "or a CUDA device\n", message)
        self.assertFalse((self.folder / "tf32").exists())

    def test_an_unknown_precision_is_a_usage_error(self):
        result = self.ebb(*self.train_arguments(), "--precision", "fp8", code=2)
        self.assertIn('--precision: "fp8" is not f32, tf32 or bf16\n', result.stderr)


if __name__ == "__main__":
    unittest.main()
