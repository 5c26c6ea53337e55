"""The program on a CUDA device: that of EBB_TEST_DEVICE, which tests/cuda.cmake sets."""

import json
import os
import unittest

from program import TABLE, ProgramTest, rows_of

DEVICE = os.environ.get("EBB_TEST_DEVICE", "cpu")


@unittest.skipUnless(DEVICE.startswith("cuda"), "EBB_TEST_DEVICE names no CUDA device")
class CudaTest(ProgramTest):
    def train_small(self, out, *options, **more):
        config = [] if "--config" in options else ["--config", self.config]
        return self.ebb("train", *config, "--data", self.table, "--target", "churn",
                        "--id-column", "customer_id", "--epochs", "2", "--batch-size", "24",
                        "--out", out, *options, **more)

    def setUp(self):
        super().setUp()
        lines = TABLE.read_text().splitlines(keepends=True)
        self.table = self.write("few.csv", "".join(lines[:91]))

    def test_it_trains_evaluates_and_predicts_like_the_cpu(self):
        trained = self.train_small("there", "--device", "cuda")
        self.assertRegex(trained.stdout, r"machine   cuda:0, .*, compute capability \d+\.\d")
        self.train_small("here", "--device", "cpu")
        self.train_small("again")  # auto takes the GPU
        losses = {}
        for model in ("there", "here", "again"):
            history = rows_of((self.folder / model / "history.csv").read_text())
            losses[model] = [float(row["train_loss"]) for row in history]
            self.assertEqual(len(losses[model]), 2)
        for there, here in zip(losses["there"], losses["here"]):
            self.assertAlmostEqual(there, here, delta=1e-4 * here)
        self.assertEqual((self.folder / "there/model.safetensors").read_bytes(),
                         (self.folder / "again/model.safetensors").read_bytes())

        scores = {}
        for device in ("cuda", "cpu"):
            result = self.ebb("predict", "--model", "there", "--data", self.table, "--out",
                              f"{device}.csv", "--device", device)
            self.assertEqual("device    cuda:0, " in result.stdout, device == "cuda")
            rows = rows_of((self.folder / f"{device}.csv").read_text())
            scores[device] = [float(row["probability"]) for row in rows]
            metrics = json.loads(self.ebb("evaluate", "--model", "there", "--data", self.table,
                                          "--json", "-", "--device", device).stdout)
            self.assertEqual(metrics["rows"], 90)
        for there, here in zip(scores["cuda"], scores["cpu"]):
            self.assertAlmostEqual(there, here, delta=1e-5)

    def test_info_lists_the_device(self):
        lines = self.ebb("info").stdout.splitlines()
        self.assertTrue(any(line.startswith("devices          cpu, cuda:0") for line in lines))
        about = [line for line in lines if line.startswith("cuda:0 ")]
        self.assertEqual(len(about), 1)
        self.assertRegex(about[0], r"compute capability \d+\.\d, \d+\.\d GiB \(\d+\.\d free\)")
        self.assertTrue(any(line.startswith("CUDA             runtime 13.") for line in lines))


    def losses_of_steps(self, out, *options, **more):
        self.train_small(out, "--log-steps", f"{out}.csv", *options, **more)
        rows = rows_of((self.folder / f"{out}.csv").read_text())
        places = [(row["epoch"], row["step"]) for row in rows]
        self.assertEqual(places, [(epoch, step) for epoch in "12" for step in "123"])
        return [row["loss"] for row in rows]

    def test_every_step_has_the_loss_of_the_cpu(self):
        here = self.losses_of_steps("here", "--device", "cpu")
        graph = self.losses_of_steps("graph", "--device", "cuda", "--cuda-graph")
        own = self.losses_of_steps("own", "--device", "cuda", env={**os.environ, "EBB_GEMM": "own"})
        there = self.losses_of_steps("there", "--device", "cuda")
        again = self.losses_of_steps("again", "--device", "cuda")
        for losses in (own, there):
            for found, expected in zip(losses, here):
                self.assertAlmostEqual(float(found), float(expected), delta=1e-4 * float(expected))
        self.assertEqual(there, again)
        self.assertEqual(there, graph)
        self.assertEqual((self.folder / "graph/model.safetensors").read_bytes(),
                         (self.folder / "there/model.safetensors").read_bytes())

    def test_graphs_exclude_what_needs_the_host(self):
        refused = self.train_small("out", "--device", "cuda", "--cuda-graph", "--detect-anomaly",
                                   code=2)
        self.assertIn("--cuda-graph and --detect-anomaly exclude each other", refused.stderr)

    def test_bf16_trains_near_f32(self):
        wide = ["--config", self.write("wide.toml", self.config.read_text().replace(
            "dim = 8", "dim = 32"))]
        f32 = self.losses_of_steps("f32", "--device", "cuda", *wide)
        bf16 = self.losses_of_steps("bf16", "--device", "cuda", "--precision", "bf16", *wide)
        again = self.losses_of_steps("again", "--device", "cuda", "--precision", "bf16", *wide)
        self.assertEqual(bf16, again)
        self.assertNotEqual(bf16, f32)
        for found, expected in zip(bf16, f32):
            self.assertAlmostEqual(float(found), float(expected), delta=0.02 * float(expected))


class WithoutCudaTest(ProgramTest):
    def test_info_says_in_one_line_why_there_is_no_gpu(self):
        lines = self.ebb("info").stdout.splitlines()
        devices = [line for line in lines if line.startswith("devices ")]
        self.assertEqual(len(devices), 1)
        if "cuda:0" in devices[0]:
            self.skipTest("this machine has a GPU")
        self.assertEqual(devices[0], "devices          cpu")
        reasons = [line for line in lines if line.startswith("CUDA ")]
        self.assertEqual(len(reasons), 1)
        self.assertRegex(reasons[0], "^CUDA             none: .+")


if __name__ == "__main__":
    unittest.main()
