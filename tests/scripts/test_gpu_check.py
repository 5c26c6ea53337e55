"""The budgets and reports of scripts/gpu_check, with commands that succeed, fail, hang and leave children."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
from gpu_checks import bench_part, report as reports, steps, tests_part, train_part  # noqa: E402

GPU = {"virtual": False, "gpu": "NVIDIA Nothing", "driver": "1", "processor": "none", "commit": "c0ffee"}


class GpuCheckTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        steps.GRACE_SECONDS = 0.3

    def report(self, machine=GPU):
        return reports.Report(self.folder, machine)

    def written(self):
        return json.loads((self.folder / "report.json").read_text())

    def shell(self, part, name, script, **more):
        return part.run(name, ["sh", "-c", script], **more)

    def test_a_part_passes_when_every_step_does(self):
        report = self.report()
        part = steps.Part("tests", report, 60)
        self.shell(part, "one", "echo fine")
        part.absent("two", "is not here")
        part.finish()
        self.assertTrue(report.passed(["tests"]))
        record = self.written()["parts"]["tests"]
        self.assertEqual([step["status"] for step in record["steps"]], ["passed", "absent"])
        self.assertIn("seconds", record["steps"][0])
        self.assertEqual((self.folder / "logs/tests/one.log").read_text(), "fine\n")

    def test_a_failure_is_recorded_with_its_last_words_and_the_next_step_runs(self):
        report = self.report()
        part = steps.Part("tests", report, 60)
        self.shell(part, "bad", "echo what went wrong; exit 3")
        self.shell(part, "good", "true")
        part.add("missing", *steps.run_within(["/no such program"], 9, self.folder / "log")[:1])
        part.finish()
        self.assertFalse(report.passed(["tests"]))
        record = self.written()["parts"]["tests"]
        self.assertEqual([step["status"] for step in record["steps"]], ["failed", "passed", "failed"])
        self.assertEqual(record["steps"][0]["exit"], 3)
        markdown = (self.folder / "report.md").read_text()
        self.assertIn("## tests: failed", markdown)
        self.assertIn("what went wrong", markdown)

    @staticmethod
    def is_running(process):
        try:
            return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def test_what_hangs_is_ended_with_its_children_and_leaves_no_time(self):
        part = steps.Part("tests", self.report(), 1.5)
        begin = time.monotonic()
        # Ignores the kind signal, and so does its child, which outlives it.
        self.shell(part, "hangs", "trap '' TERM; sleep 100 & echo $! >&1; wait; sleep 100")
        late = self.shell(part, "late", "true")
        self.assertLess(time.monotonic() - begin, 5)
        part.finish()
        record = self.written()["parts"]["tests"]
        self.assertEqual([step["status"] for step in record["steps"]], ["timed out", "not run"])
        self.assertEqual(late["detail"], "no time was left")
        child = int((self.folder / "logs/tests/hangs.log").read_text().split()[0])
        while self.is_running(child):  # a killed process may take its time to end
            self.assertLess(time.monotonic() - begin, 60)
            time.sleep(0.01)

    def test_a_share_of_the_time_leaves_the_rest_to_others(self):
        part = steps.Part("tests", self.report(), 3)
        self.shell(part, "hangs", "exec sleep 100", share=0.4)
        self.assertEqual(self.shell(part, "next", "true")["status"], "passed")

    def test_a_step_is_in_the_report_while_it_runs(self):
        part = steps.Part("tests", self.report(), 60)
        step = self.shell(part, "looks", f"cat '{self.folder}/report.json'")
        seen = json.loads((self.folder / "logs/tests/looks.log").read_text())
        self.assertEqual(seen["parts"]["tests"]["steps"][0]["status"], "running")
        self.assertEqual(step["status"], "passed")

    def test_ctrl_c_keeps_what_was_written(self):
        script = (f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
                  "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
                  "from gpu_checks import report, steps\n"
                  f"part = steps.Part('tests', report.Report({str(self.folder)!r}, {GPU!r}), 60)\n"
                  "part.run('done', ['true'])\npart.run('hangs', ['sleep', '100'])\n")
        process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        log = self.folder / "logs/tests/hangs.log"
        deadline = time.monotonic() + 20
        while not log.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        self.assertNotEqual(process.wait(timeout=20), 0)
        statuses = [step["status"] for step in self.written()["parts"]["tests"]["steps"]]
        self.assertEqual(statuses, ["passed", "interrupted"])

    def test_no_times_are_written_of_the_virtual_gpu(self):
        part = steps.Part("tests", self.report({**GPU, "virtual": True}), 60)
        self.assertNotIn("seconds", self.shell(part, "one", "true"))
        self.assertNotIn("seconds", (self.folder / "report.md").read_text())

    def test_parts_that_ran_alone_are_kept_and_joined(self):
        for name in ("tests", "bench"):
            steps.Part(name, self.report(), 60).finish()
        self.assertEqual(list(self.written()["parts"]), ["tests", "bench"])
        steps.Part("train", self.report({**GPU, "commit": "other"}), 60).finish()
        self.assertEqual(list(self.written()["parts"]), ["train"])
        one = self.folder / "one.json"
        (self.folder / "report.json").rename(one)
        steps.Part("tests", self.report({**GPU, "commit": "other"}), 60).finish()
        two = self.folder / "report.json"
        joined = reports.join(self.folder / "joined", [one, two])
        self.assertEqual(sorted(joined.parts), ["tests", "train"])
        steps.Part("bench", self.report(), 60).finish()
        with self.assertRaises(ValueError):
            reports.join(self.folder / "joined", [one, two])

    def test_a_result_that_is_a_problem_fails_its_step(self):
        part = steps.Part("tests", self.report(), 60)
        step = self.shell(part, "one", "true", read=lambda _: {"problem": "no test ran"})
        self.assertEqual((step["status"], step["detail"]), ("failed", "no test ran"))


    def test_what_cannot_be_joined_is_an_error_in_one_line(self):
        damaged = self.folder / "damaged.json"
        damaged.write_text("[")
        other = self.folder / "other.json"
        other.write_text("[]")
        for path, words in ((self.folder / "missing.json", "No such file"), (damaged, "is no report"),
                            (other, "is no report"), (self.folder, "Is a directory")):
            done = subprocess.run([sys.executable, SCRIPTS / "gpu_check", "--out", self.folder / "out", "--join", path],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, rf"^error: .*{path.name}.*{words}[^\n]*\n$")


class ReadersTest(unittest.TestCase):
    def test_google_test_is_counted_also_where_it_did_not_end(self):
        text = ("[ RUN      ] A.One\n[       OK ] A.One (0 ms)\n[ RUN      ] A.Two\n[  SKIPPED ] A.Two (0 ms)\n"
                "[ RUN      ] S/A.Three/0\n")
        results = tests_part.read_google_test(text)
        self.assertEqual(results["counts"], {"passed": 1, "failed": 0, "skipped": 1})
        self.assertEqual(results["problem"], "in S/A.Three/0")
        self.assertNotIn("problem", tests_part.read_google_test(text + "[       OK ] S/A.Three/0 (0 ms)\n"))
        failed = tests_part.read_google_test(text + "[  FAILED  ] S/A.Three/0, where GetParam() = 1 (0 ms)\n")
        self.assertEqual(failed["failed"], ["S/A.Three/0"])
        self.assertEqual(tests_part.read_google_test("")["problem"], "no test ran")

    def test_sanitizers_fail_without_a_summary_and_with_errors(self):
        text = "[ RUN      ] A.One\n[       OK ] A.One (0 ms)\n"
        self.assertIn("no summary", tests_part.read_sanitizer(text)["problem"])
        self.assertNotIn("problem", tests_part.read_sanitizer(text + "========= ERROR SUMMARY: 0 errors\n"))
        self.assertEqual(tests_part.read_sanitizer(text + "========= ERROR SUMMARY: 2 errors\n")["problem"],
                         "2 errors")

    def test_losses_are_compared_epoch_by_epoch(self):
        self.assertNotIn("problem", train_part.compare([(0.5, 0.6), (0.4, 0.5)], [(0.5, 0.6), (0.401, 0.5)]))
        self.assertIn("epoch 1", train_part.compare([(0.5, 0.6)], [(0.51, 0.6)])["problem"])
        self.assertIn("epoch 2", train_part.compare([(0.5, 0), (0.5, 0)], [(0.5, 0), (float("nan"), 0)])["problem"])
        self.assertIn("2 epochs", train_part.compare([(0.5, 0), (0.5, 0)], [(0.5, 0)])["problem"])

    def test_medians_are_kept_and_what_was_skipped_is_named_with_its_reason(self):
        name = "attention:cudnn/forward/cuda/{}/8x8x8x8"
        runs = [{"run_name": name.format("f32") + "/manual_time", "error_occurred": True, "error_message": "no engine"},
                {"run_name": name.format("bf16") + "/manual_time", "aggregate_name": "mean", "real_time": 9.0},
                {"run_name": name.format("bf16") + "/manual_time", "aggregate_name": "median", "real_time": 8.0,
                 "flop/s": 2e12, "floor": 0.5, "error": 0.01}]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "attention.json"
            read = bench_part.read_times(path)
            path.write_text(json.dumps({"benchmarks": runs}))
            found = read("")
            path.write_text(json.dumps({"benchmarks": []}))
            self.assertEqual(read("")["problem"], "nothing was measured")
        self.assertEqual(found["counts"], {"cases": 1, "skipped": 1})
        self.assertEqual(list(found["seconds"]), [name.format("bf16")])
        self.assertEqual(found["rows"], [[name.format("bf16"), 8.0, "2.00 Tflop/s", "50.0 %", 0.01],
                                         [name.format("f32"), None, "no engine", None, None]])
        self.assertNotIn("problem", found)

    def test_errors_that_are_too_large_or_no_numbers_fail(self):
        def run(dtype, error, operation="softmax", **more):
            return {"run_name": f"{operation}/forward/cuda/{dtype}/8x8/manual_time", "error": error, **more}

        def times(*runs):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "softmax.json"
                path.write_text(json.dumps({"benchmarks": runs}))
                return bench_part.read_times(path)("")

        def counts(*runs):
            with tempfile.TemporaryDirectory() as folder:
                paths = [Path(folder) / name for name in ("runs", "kernels")]
                paths[0].write_text(json.dumps({"benchmarks": runs}))
                paths[1].write_text(json.dumps({"kernels": []}))
                return bench_part.read_counts(*paths)("")

        median = {"aggregate_name": "median", "real_time": 1.0}
        self.assertNotIn("problem", times(run("f32", 3e-7, **median), run("bf16", 0.01, **median)))
        self.assertNotIn("problem", times(run("f32", 0.0, **median), run("f32", float("nan"), aggregate_name="cv")))
        self.assertIn("softmax/forward/cuda/f32/8x8 errs by 0.01", times(run("f32", 0.01, **median))["problem"])
        self.assertNotIn("problem", times(run("f32", 7e-4, "attention:tf32", **median)))
        self.assertIn("errs by 0.01", times(run("f32", 0.01, "attention:tf32", **median))["problem"])
        self.assertIn("errs by nan", times(run("bf16", float("nan"), **median), run("f16", 0.0, **median))["problem"])
        self.assertNotIn("problem", counts(run("f32", 3e-7), run("f16", 1e-3)))
        found = counts(run("f32", 3e-7), run("bf16", float("nan")), run("f16", 1e-3))
        self.assertIn("softmax/forward/cuda/bf16/8x8 errs by nan", found["problem"])
        self.assertEqual(found["largest_error"], "nan")
        json.dumps(found, allow_nan=False)

    def test_the_first_shape_of_each_direction_and_dtype_is_a_small_one(self):
        names = ["a/forward/cuda/f32/2x2", "a/forward/cuda/f32/9x9", "a/forward/cuda/bf16/2x2"]
        self.assertEqual(bench_part.first_shapes(names), [names[0], names[2]])


if __name__ == "__main__":
    unittest.main()
