"""bench/plot_kernels.py: what it reads, refuses and, where there is matplotlib, draws."""

import importlib.util
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

BENCH = Path(__file__).resolve().parents[2] / "bench"
SCRIPT = BENCH / "plot_kernels.py"
sys.path.insert(0, str(BENCH))
import plot_kernels  # noqa: E402

GPU = {"date": "2026-01-01", "num_cpus": 2, "cuda:0": "NVIDIA Nothing"}


def run_of(name, aggregate="median", **counters):
    return {"run_name": name + "/manual_time/repeats:5", "aggregate_name": aggregate, "real_time": 10.0, **counters}


PRODUCTS = [
    run_of("matrix_product/plain/cuda/f32/64x64x64", **{"flop/s": 2e12, "floor": 0.5}),
    run_of("matrix_product/plain/cuda/f32/64x64x64", "stddev", **{"flop/s": 1e9, "floor": 0.01}),
    run_of("matrix_product:cublaslt/plain/cuda/f32/64x64x64", **{"flop/s": 3e12, "floor": 0.75}),
    {"run_name": "attention:cudnn/forward/cuda/f32/8x8x8x8", "error_occurred": True, "error_message": "none"},
    run_of("softmax/forward/cuda/bf16/4096x20", **{"bytes/s": 1.5e12, "floor": 0.6}),
]


class PlotKernelsTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def write(self, runs, context=None, name="kernels.json"):
        path = self.folder / name
        path.write_text(json.dumps({"context": context or GPU, "benchmarks": runs}))
        return path

    def plot(self, *arguments, python=(sys.executable, "-B")):
        return subprocess.run([*python, SCRIPT, *map(str, arguments), "--out", self.folder / "out.svg"],
                              capture_output=True, text=True)

    def refused(self, *arguments, **options):
        result = self.plot(*arguments, **options)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, "^error: .+\n$")
        self.assertEqual(list(self.folder.glob("out.svg*")), [])
        return result.stderr

    def test_medians_are_arranged_by_panel_series_and_shape(self):
        devices, medians = plot_kernels.read_files([self.write(PRODUCTS)])
        self.assertEqual(devices, {"cuda:0": "NVIDIA Nothing"})
        self.assertEqual(plot_kernels.arranged(medians, "floor"), {
            ("matrix_product plain, cuda", "share of the device's limit, %"): {
                "ebb f32": {"64x64x64": 50.0}, "cublaslt f32": {"64x64x64": 75.0}},
            ("softmax forward, cuda", "share of the device's limit, %"): {"ebb bf16": {"4096x20": 60.0}}})
        self.assertEqual(plot_kernels.arranged(medians, "speed"), {
            ("matrix_product plain, cuda", "Tflop/s"): {
                "ebb f32": {"64x64x64": 2.0}, "cublaslt f32": {"64x64x64": 3.0}},
            ("softmax forward, cuda", "GB/s"): {"ebb bf16": {"4096x20": 1500.0}}})

    def test_counts_of_the_virtual_gpu_are_refused(self):
        path = self.write(PRODUCTS, {**GPU, "cuda:0": "NVIDIA H100 80GB HBM3 (vgpu)"})
        self.assertIn("virtual GPU", self.refused(path))

    def test_what_holds_no_timings_is_refused(self):
        self.assertIn("no timings", self.refused(self.write(PRODUCTS[1:2] + PRODUCTS[3:4])))
        self.assertIn("no JSON", self.refused(self.write(None)))
        text = self.folder / "kernels.csv"
        text.write_text("name,iterations,real_time\n")
        self.assertIn("no JSON", self.refused(text))
        self.assertIn("No such file", self.refused(self.folder / "absent.json"))

    def test_two_machines_make_no_picture(self):
        other = self.write(PRODUCTS, {**GPU, "cuda:0": "NVIDIA Other"}, "other.json")
        self.assertIn("one machine", self.refused(self.write(PRODUCTS), other))

    def test_a_filter_that_leaves_nothing_is_refused(self):
        self.assertIn("leaves nothing", self.refused(self.write(PRODUCTS), "--filter", "^nothing"))

    def test_it_says_what_to_install(self):
        # -S: without installed packages.
        self.assertIn("python3-matplotlib", self.refused(self.write(PRODUCTS), python=(sys.executable, "-B", "-S")))

    @unittest.skipUnless(importlib.util.find_spec("matplotlib"), "there is no matplotlib")
    def test_it_draws_an_svg_again_and_again_the_same(self):
        pictures = []
        for _ in range(2):
            result = self.plot(self.write(PRODUCTS))
            self.assertEqual(result.returncode, 0, result.stderr)
            pictures.append((self.folder / "out.svg").read_bytes())
        self.assertEqual(pictures[0], pictures[1])
        self.assertEqual(ElementTree.fromstring(pictures[0]).tag, "{http://www.w3.org/2000/svg}svg")
        for text in (b"cublaslt f32", b"softmax forward, cuda", b"64x64x64", b"NVIDIA Nothing"):
            self.assertIn(text, pictures[0])
        self.assertEqual([path.name for path in self.folder.glob("out.svg*")], ["out.svg"])


if __name__ == "__main__":
    unittest.main()
