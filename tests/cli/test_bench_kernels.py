"""ebb_bench_kernels on a CUDA device: its names, contenders and errors, but never how large a time is."""

import json
import os
import subprocess
import unittest

PROGRAM = os.environ.get("EBB_BENCH_KERNELS")  # set by tests/cuda.cmake
SHAPE = "plain/cuda/f32/5120x64x64"


@unittest.skipUnless(PROGRAM, "EBB_BENCH_KERNELS names no program")
class BenchKernelsTest(unittest.TestCase):
    def output(self, *arguments):
        result = subprocess.run([PROGRAM, "--device=cuda", *arguments], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def listed(self, *arguments):
        return ["/".join(line.split("/")[:5])
                for line in self.output("--benchmark_list_tests", *arguments).splitlines()]

    def runs(self, pattern):
        shown = self.output("--contenders", f"--benchmark_filter=^{pattern}", "--benchmark_format=json")
        return json.loads(shown)["benchmarks"] if shown else []  # nothing matched

    def test_contenders_are_listed_when_asked_for(self):
        names = self.listed()
        self.assertIn(f"matrix_product/{SHAPE}", names)
        self.assertFalse([name for name in names if ":" in name])
        more = [name for name in self.listed("--contenders") if name not in names]
        self.assertIn(f"matrix_product:own/{SHAPE}", more)
        self.assertIn(f"matrix_product:cublaslt/{SHAPE}", more)
        self.assertIn(f"matrix_product:tiled/{SHAPE}", more)
        self.assertIn(f"matrix_product:naive/{SHAPE}", more)
        self.assertTrue(all(":" in name for name in more))

    def test_contenders_compute_the_same(self):
        names = set()
        for run in self.runs(f"matrix_product(:[a-z]*)?/{SHAPE}"):
            if run.get("error_occurred"):  # a machine without cuBLASLt
                self.assertIn("libcublasLt", run["error_message"])
            elif run.get("aggregate_name", "median") == "median":
                self.assertLess(run["error"], 1e-5)
            names.add(run["name"].split("/")[0])
        rivals = ("own", "cublaslt", "tiled", "naive")
        self.assertEqual(names, {"matrix_product", *(f"matrix_product:{rival}" for rival in rivals)})

    def test_every_operation_that_moves_and_converts_is_right(self):
        runs = self.runs("(elementwise/(fill|cast)|reduce/sum of buffers|unary/.*/65536|bf16_product/.*/5120x64x64).*")
        self.assertLess(max(run["error"] for run in runs if run.get("aggregate_name", "median") == "median"), 0.01)
        directions = {"/".join(run["name"].split("/")[:2]) for run in runs}
        self.assertEqual(directions, {
            "elementwise/fill", "elementwise/cast from f32", "elementwise/cast to f32", "reduce/sum of buffers",
            "bf16_product/plain", *(f"unary/{name}{way}" for way in ("", " backward")
                                    for name in ("exponential", "logarithm", "square root", "reciprocal"))})

    def test_attention_in_tf32_is_near_and_on_tensor_cores(self):
        for run in self.runs("attention:tf32/(forward|backward)/cuda/f32/128x8x8x8/"):
            if run.get("aggregate_name", "median") == "median":
                self.assertLess(run["error"], 0.005)
                self.assertGreater(run["error"], 1e-5)  # FMA would be closer

    def test_cudnn_computes_the_same_or_says_why_not(self):
        for run in self.runs("attention:cudnn/.*/bf16/128x8x8x8/"):  # none in a build without it
            if run.get("error_occurred"):
                self.assertRegex(run["error_message"], "^cuDNN")
            elif run["aggregate_name"] == "median":
                self.assertLess(run["error"], 0.02)


if __name__ == "__main__":
    unittest.main()
