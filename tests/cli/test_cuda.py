"""The program on a CUDA device: that of EBB_TEST_DEVICE, which tests/cuda.cmake sets."""

import json
import os
import re
import unittest
from pathlib import Path

from program import TABLE, ProgramTest, rows_of

DEVICE = os.environ.get("EBB_TEST_DEVICE", "cpu")


def product_libraries(test):
    """What EBB_GEMM may be here: cuBLASLt may be missing on a GPU."""
    there = "cuBLASLt         none" not in test.ebb("info").stdout
    return ["own", "cublaslt"] if there else ["own"]


@unittest.skipUnless(DEVICE.startswith("cuda"), "EBB_TEST_DEVICE names no CUDA device")
class CudaTest(ProgramTest):
    def train_small(self, out, *options, batch=24, **more):
        config = [] if "--config" in options else ["--config", self.config]
        return self.ebb("train", *config, "--data", self.table, "--target", "churn",
                        "--id-column", "customer_id", "--epochs", "2", "--batch-size", batch,
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

    def test_tables_are_prepared_on_the_device(self):
        report = self.folder / "report.json"

        def kernels(*arguments):
            report.unlink(missing_ok=True)
            self.ebb(*arguments, "--device", "cuda", env={**os.environ, "VGPU_REPORT": str(report)})
            if not report.exists():
                self.skipTest("a GPU does not tell what it ran")
            return " ".join(kernel["name"] for kernel in json.loads(report.read_text())["kernels"])

        trained = kernels("train", "--config", self.config, "--data", self.table, "--target", "churn", "--epochs", "1",
                          "--out", "model")
        for name in ("hash_rows", "sum_blocks", "make_keys", "columns_to_rows", "gather("):
            self.assertIn(name, trained)
        for command in (["predict", "--out", "scores.csv"], ["evaluate"], ["prepare", "--out", "-"]):
            self.assertIn("columns_to_rows", kernels(*command, "--model", "model", "--data", self.table))
        steps = [f"[[preprocessing.steps]]\nstep = '{step}'\n" for step in ("clip", "fill", "encode")]
        self.write("steps.toml", "".join(steps))
        table = ["--data", self.table, "--id-column", "customer_id"]
        fitted = ["prepare", *table, "--config", "steps.toml", "--target", "churn",
                  "--save-pipeline", "pipeline.json", "--out", "table.csv"]
        self.assertIn("columns_to_rows", kernels(*fitted))
        applied = ["prepare", *table, "--pipeline", "pipeline.json", "--out", "again.csv"]
        self.assertIn("pass_over_columns", kernels(*applied))
        there = {name: (self.folder / name).read_bytes() for name in ("pipeline.json", "table.csv", "again.csv")}
        self.ebb(*fitted, "--device", "cpu")
        self.ebb(*applied, "--device", "cpu")
        for name, content in there.items():
            self.assertEqual(content, (self.folder / name).read_bytes(), name)
        self.assertEqual(there["table.csv"], there["again.csv"])

    def test_info_lists_the_device(self):
        lines = self.ebb("info").stdout.splitlines()
        self.assertTrue(any(line.startswith("devices          cpu, cuda:0") for line in lines))
        about = [line for line in lines if line.startswith("cuda:0 ")]
        self.assertEqual(len(about), 1)
        self.assertRegex(about[0], r"compute capability \d+\.\d, \d+\.\d GiB \(\d+\.\d free\)")
        self.assertTrue(any(line.startswith("CUDA             runtime 13.") for line in lines))
        for name, file in (("cuBLASLt", "libcublasLt.so.13"), ("cuDNN", "libcudnn.so.9")):
            about = [line for line in lines if line.startswith(f"{name} ")]
            self.assertEqual(len(about), 1)
            version = rf"\d+\.\d+\.\d+ \((.*/)?{re.escape(file)}\)"
            self.assertRegex(about[0], rf"^{name} +({version}|none: there is no {re.escape(file)} in .*)$")
            if name == "cuBLASLt" and "(vgpu)" in "".join(lines):
                self.assertRegex(about[0], version)  # the virtual GPU has one

    def losses_of_steps(self, out, *options, steps=3, **more):
        self.train_small(out, "--log-steps", f"{out}.csv", *options, **more)
        rows = rows_of((self.folder / f"{out}.csv").read_text())
        places = [(row["epoch"], row["step"]) for row in rows]
        self.assertEqual(places, [(epoch, str(step)) for epoch in "12" for step in range(1, steps + 1)])
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

    def test_the_order_of_warps_and_blocks_changes_no_bit(self):
        # On a GPU these variables say nothing, and the same is trained again.
        for library in product_libraries(self):
            losses, weights = [], []
            for order in (1, 2):
                out = f"{library}{order}"
                losses.append(self.losses_of_steps(
                    out, "--device", "cuda", "--cuda-graph", batch=12, steps=5,
                    env={**os.environ, "EBB_GEMM": library, "VGPU_SCHED": f"random:{order}", "VGPU_THREADS": "1",
                         "VGPU_RACE": "0"}))
                weights.append((self.folder / out / "model.safetensors").read_bytes())
            self.assertEqual(losses[0], losses[1], library)
            self.assertEqual(weights[0], weights[1], library)

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

    def test_tf32_trains_near_f32(self):
        f32 = self.losses_of_steps("f32", "--device", "cuda")
        tf32 = self.losses_of_steps("tf32", "--device", "cuda", "--precision", "tf32")
        again = self.losses_of_steps("again", "--device", "cuda", "--precision", "tf32")
        self.assertEqual(tf32, again)
        self.assertNotEqual(tf32, f32)
        for found, expected in zip(tf32, f32):
            self.assertAlmostEqual(float(found), float(expected), delta=0.002 * float(expected))

    STEP = ["step", "--dim", "16", "--layers", "1", "--heads", "2", "--feed-forward", "32",
            "--tokens", "4", "--batch", "8"]
    ATTENTION = ["attention", "--batch", "2", "--heads", "2", "--tokens", "16", "--head-dim", "8"]

    def bench(self, *arguments, **options):
        return self.ebb("bench", *arguments, "--device", "cuda", "--seconds", "0", **options)

    def test_bench_has_the_figures_of_a_gpu(self):
        for arguments in (self.STEP, [*self.STEP, "--precision", "bf16"], self.ATTENTION,
                          [*self.ATTENTION, "--direction", "backward", "--dropout", "0.1"],
                          [*self.ATTENTION, "--causal"]):
            with self.subTest(arguments=arguments):
                figures = json.loads(self.bench(*arguments, "--json", "-").stdout)
                for key in ("median_s", "fastest_s", "slowest_s", "first_s", "gflops"):
                    self.assertGreater(figures[key], 0, key)
                self.assertLessEqual(figures["fastest_s"], figures["median_s"])
                self.assertEqual(figures["repeats"], 5)
                self.assertRegex(figures["device"], r"^cuda:0, .*, compute capability \d+\.\d")
                self.assertEqual(figures["virtual_gpu"], "(vgpu)" in figures["device"])
                for key in ("peak_gflops", "share_of_peak", "threads", "instruction_set"):
                    self.assertIsNone(figures[key], key)

    def test_bench_has_the_keys_of_the_cpu(self):
        for arguments in (self.STEP, self.ATTENTION):
            there = json.loads(self.bench(*arguments, "--json", "-").stdout)
            here = json.loads(self.ebb("bench", *arguments, "--device", "cpu", "--seconds", "0",
                                       "--json", "-").stdout)
            self.assertEqual(list(there), list(here))

    def test_bench_warns_of_the_times_of_a_virtual_gpu(self):
        for arguments in (self.STEP, self.ATTENTION):
            shown = self.bench(*arguments).stdout
            device = next(line for line in shown.splitlines() if line.startswith("device "))
            self.assertEqual("its times and speeds mean nothing" in shown, "(vgpu)" in device)
            self.assertNotIn("peak", shown)

    def test_bench_refuses_a_profile_of_a_gpu(self):
        self.assertIn("--device cpu", self.bench(*self.STEP, "--profile", code=2).stderr)


REAL = Path(os.environ.get("EBB_TEST_REAL_TABLE", ""))


@unittest.skipUnless(DEVICE.startswith("cuda") and REAL.is_file(),
                     "by hand: EBB_TEST_REAL_TABLE=wa_churn.csv trains on 500 of its rows, which takes minutes")
class RealTableTest(ProgramTest):
    """Two epochs of the default settings on 500 customers of a real table, on both devices."""

    def trained(self, name, *options, **variables):
        self.ebb("train", "--data", "few.csv", "--target", "churn", "--epochs", "2", "--out", name, "--log-steps",
                 f"{name}.csv", *options, env={**os.environ, **variables}, timeout=3600)
        losses = [float(row["loss"]) for row in rows_of((self.folder / f"{name}.csv").read_text())]
        return losses, (self.folder / name / "model.safetensors").read_bytes()

    def test_every_step_has_the_loss_of_the_cpu_and_always_the_same_bits(self):
        self.write("few.csv", "".join(REAL.read_text().splitlines(keepends=True)[:501]))
        here, _ = self.trained("here", "--device", "cpu")
        for library in product_libraries(self):
            found = {}
            for order, options in (("1", []), ("2", []), ("3", ["--cuda-graph"])):
                found[order] = self.trained(f"{library}{order}", "--device", "cuda", *options, EBB_GEMM=library,
                                            VGPU_SCHED=f"random:{order}", VGPU_THREADS="1")
                losses = found[order][0]
                self.assertEqual(len(losses), len(here))
                for step, (loss, expected) in enumerate(zip(losses, here), start=1):
                    self.assertAlmostEqual(loss, expected, delta=1e-4 * expected, msg=f"{library}, step {step}")
            self.assertEqual(found["1"], found["2"], library)
            self.assertEqual(found["1"], found["3"], library)


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
