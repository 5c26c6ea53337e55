"""ebb bench: its figures, but never how large a time is."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

from program import ProgramTest

STEP = ["bench", "step", "--dim", "16", "--layers", "1", "--heads", "2", "--feed-forward", "32",
        "--tokens", "4", "--batch", "8", "--seconds", "0.1", "--device", "cpu"]


class BenchStepTest(ProgramTest):
    def test_reports_its_figures(self):
        figures = json.loads(self.ebb(*STEP, "--threads", "1", "--json", "-").stdout)
        for key in ("median_s", "first_s", "gflops", "peak_gflops", "share_of_peak", "rows_per_s"):
            self.assertGreater(figures[key], 0, key)
        # 6 B T L (4 d^2 + 2 d f) + 12 L B T^2 d
        self.assertEqual(figures["flops_per_step"],
                         6 * 8 * 4 * (4 * 16 ** 2 + 2 * 16 * 32) + 12 * 8 * 4 ** 2 * 16)
        self.assertAlmostEqual(figures["gflops"] * 1e9 * figures["median_s"],
                               figures["flops_per_step"], places=3)
        self.assertEqual(figures["threads"], 1)
        self.assertEqual((figures["device"], figures["virtual_gpu"]), ("cpu", False))
        self.assertNotIn("profile", figures)

    def test_names_the_threads_that_a_step_uses(self):
        figures = json.loads(self.ebb(*STEP, "--threads", "4096", "--json", "-").stdout)
        self.assertEqual(figures["threads"], 8)
        self.assertIn("threads          8, ", self.ebb(*STEP, "--threads", "9").stdout)

    def test_refuses_heads_that_do_not_divide(self):
        message = self.ebb("bench", "step", "--dim", "10", "--heads", "4", code=2).stderr
        self.assertIn("do not divide", message)
        message = self.ebb("bench", "step", "--dim", "1028", "--heads", "4", code=2).stderr
        self.assertIn("wider than 256", message)

    def test_a_profile_adds_up_to_the_step(self):
        for threads in (1, 2):
            with self.subTest(threads=threads):
                shown = self.ebb(*STEP, "--threads", threads, "--profile", "--json", "-").stdout
                profile = json.loads(shown)["profile"]
                rows = profile["operations"]
                total = threads * profile["step_s"]
                self.assertAlmostEqual(sum(row["thread_s_per_step"] for row in rows), total, 9)
                self.assertAlmostEqual(sum(row["share"] for row in rows), 1)
                for row in rows:
                    self.assertGreaterEqual(row["thread_s_per_step"], -1e-9, row)

    def test_a_profile_counts_the_calls_of_one_layer(self):
        shown = self.ebb(*STEP, "--threads", "1", "--profile", "--json", "-").stdout
        rows = {row["operation"]: row for row in json.loads(shown)["profile"]["operations"]}
        shards = 4
        for operation, calls in (("linear [48, 16]", shards), ("linear_backward [48, 16]", shards),
                                 ("linear [16, 16]", shards), ("linear [32, 16]", shards),
                                 ("linear_backward [16, 32]", shards), ("linear [1, 16]", shards),
                                 ("attention [4, 4, 8]", shards),
                                 ("attention_backward [4, 4, 8]", shards),
                                 ("layer_norm", 3 * shards), ("layer_norm_backward", 3 * shards),
                                 ("binary_cross_entropy", shards),
                                 ("adamw", 1), ("sum_buffers", 1), ("gradient_norm", 1)):
            self.assertEqual(rows[operation]["calls_per_step"], calls, operation)
        # Only the two forms of a linear layer and attention are held against the peak.
        self.assertEqual(rows["linear [48, 16]"]["flops_per_step"], 2 * 8 * 4 * 16 * 48)
        self.assertEqual(rows["linear_backward [48, 16]"]["flops_per_step"], 4 * 8 * 4 * 16 * 48)
        self.assertEqual(rows["attention [4, 4, 8]"]["flops_per_step"], 4 * 8 * 2 * 4 * 4 * 8)
        for name, row in rows.items():
            if "calls_per_step" not in row:
                continue
            counts_flops = name.startswith(("linear", "attention"))
            self.assertEqual("gflops" in row, counts_flops, name)
            self.assertEqual("gigabytes_per_s" in row, not counts_flops, name)
            self.assertGreater(row["share_of_floor"], 0, name)
        outside = [name for name, row in rows.items() if "calls_per_step" not in row]
        self.assertEqual(len(outside), 2)

    def test_five_steps_are_taken_however_little_time_there_is(self):
        options = ("--seconds", "0", "--profile", "--json", "-")
        figures = json.loads(self.ebb(*STEP[:-4], *STEP[-2:], *options).stdout)
        self.assertEqual(figures["repeats"], 5)
        self.assertEqual(figures["profile"]["steps"], 3)  # the faster half

    def test_short_times_have_a_small_unit(self):
        attention = ("bench", "attention", "--batch", "1", "--heads", "1", "--tokens", "1",
                     "--head-dim", "1", "--threads", "1", "--seconds", "0", "--device", "cpu")
        time = self.ebb(*attention).stdout.splitlines()
        median = next(line for line in time if line.startswith("median time"))
        self.assertRegex(median, r"^median time +[1-9][0-9.]* (ns|us) ")
        self.assertNotIn(" 0.000", median)

    def test_a_profile_is_a_table(self):
        shown = self.ebb(*STEP, "--threads", "1", "--profile").stdout
        for text in ("operation", "of floor", "adamw", "between operations", "outside lanes",
                     "total", "100.0 %"):
            self.assertIn(text, shown)


class BenchAttentionTest(ProgramTest):
    SHAPE = ["bench", "attention", "--batch", "3", "--heads", "2", "--seq", "5", "--head-dim", "8",
             "--threads", "1", "--seconds", "0.05", "--device", "cpu"]

    def figures(self, *more):
        return json.loads(self.ebb(*self.SHAPE, *more, "--json", "-").stdout)

    def test_reports_the_figures_of_bench_step(self):
        attention = self.figures()
        step = json.loads(self.ebb(*STEP, "--threads", "1", "--json", "-").stdout)
        of_step_alone = {"precision", "rows_per_s", "flops_per_step", "parameters", "dim", "layers",
                         "feed_forward"}
        of_attention_alone = {"flops_per_call", "head_dim", "direction", "causal"}
        self.assertEqual(set(step) - of_step_alone, set(attention) - of_attention_alone)
        for key in ("median_s", "gflops", "peak_gflops", "share_of_peak"):
            self.assertGreater(attention[key], 0, key)

    def test_counts_operations_by_direction_and_causality(self):
        forward = 4 * 3 * 2 * 5 * 5 * 8
        self.assertEqual(self.figures()["flops_per_call"], forward)
        backward = self.figures("--direction", "backward", "--dropout", "0.1")
        self.assertEqual(backward["flops_per_call"], 2.5 * forward)
        self.assertEqual(backward["direction"], "backward")
        self.assertEqual(self.figures("--causal")["flops_per_call"], forward * 15 / 25)

    def test_refuses_what_it_cannot_time(self):
        self.assertIn("unknown device \"tpu\"",
                      self.ebb("bench", "attention", "--device", "tpu", code=2).stderr)
        for option, value in (("--head-dim", "257"), ("--dropout", "1"), ("--seq", "0")):
            self.assertIn(option.replace("--seq", "--tokens"),
                          self.ebb("bench", "attention", option, value, code=2).stderr)
        self.assertIn('--direction: "sideways" is not forward or backward\n',
                      self.ebb("bench", "attention", "--direction", "sideways", code=2).stderr)


class ComparisonTest(unittest.TestCase):
    def test_says_what_to_install_without_torch(self):
        script = Path(__file__).parents[2] / "bench/compare_pytorch.py"
        # -S: without installed packages.
        result = subprocess.run([sys.executable, "-B", "-S", script], capture_output=True, text=True,
                                env={})
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("pip install torch", result.stderr)


if __name__ == "__main__":
    unittest.main()
