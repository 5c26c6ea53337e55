"""Ctrl-C at any moment: the exit code says so, nothing half done is left, and no table is blamed."""

import os
import signal
import subprocess
import time
import unittest

from program import TABLE, ProgramTest

LOG = "user,at,amount\nann,2024-01-05,1\nbob,2024-02-01,2\nann,2024-02-10,3\n"
HEADER, *ROWS = TABLE.read_text().splitlines(keepends=True)


class InterruptTest(ProgramTest):
    def start(self, *command):
        process = subprocess.Popen(self.command(*command), cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def interrupt(self, command, content):
        """Starts `command` on a pipe, which ends with `content` once it has been interrupted."""
        pipe = self.folder / "table.fifo"
        if not pipe.exists():
            os.mkfifo(pipe)
        process = self.start(*command, "--data", pipe)
        with open(pipe, "w") as table:
            table.write(content)
            table.flush()
            process.send_signal(signal.SIGINT)
            heard = process.stderr.readline() + process.stderr.readline()
        shown, errors = process.communicate(timeout=300)
        self.assertEqual([path.name for path in self.folder.rglob(".*.tmp")], [])
        return process.returncode, shown, heard + errors

    def check_cuts(self, command, contents, expected, code=130):
        for content in contents:
            with self.subTest(command[0], size=len(content)):
                returned, shown, errors = self.interrupt(command, content)
                self.assertEqual(returned, code, errors)
                self.assertEqual(shown, expected)
                self.assertEqual(errors, "\nebb: stopping as soon as possible; once more ends at once\n")

    # Where the pipe may end: with nothing, the header, or half a line.
    CUSTOMERS = ("", HEADER, HEADER + "".join(ROWS[:50]) + ROWS[50][:9])
    EVENTS = ("", LOG.split("\n", 1)[0] + "\n", LOG + "cid,2024")

    def test_a_pipe_that_ends_with_ctrl_c_is_not_blamed(self):
        self.train()
        written = "interrupted: out was not written\n"
        self.check_cuts(["predict", "--model", "model", "--out", "out"], self.CUSTOMERS, written)
        self.check_cuts(["prepare", "--target", "churn", "--out", "out"], self.CUSTOMERS, written)
        self.check_cuts(["events", "--customer", "user", "--time", "at", "--cutoff", "2024-03-01",
                         "--out", "out"], self.EVENTS, written)

    def test_a_fitted_pipeline_is_a_file_too_where_the_table_goes_to_the_screen(self):
        code, shown, errors = self.interrupt(
            ["prepare", "--target", "churn", "--out", "-", "--save-pipeline", "p.json"], HEADER)
        self.assertEqual((code, shown), (130, ""))
        self.assertIn("interrupted: p.json was not written", errors)

    def test_a_training_that_has_not_begun_leaves_no_folder(self):
        for content in (*self.CUSTOMERS, TABLE.read_text()):
            with self.subTest(size=len(content)):
                code, shown, errors = self.interrupt(
                    ["train", "--config", self.config, "--target", "churn", "--out", "new"], content)
                self.assertEqual(code, 130, errors)
                self.assertEqual(shown, "interrupted before the training began: nothing was written\n")
                self.assertNotIn("table.fifo", errors)
                self.assertFalse((self.folder / "new").exists())

    def test_a_report_leaves_no_temporary_file(self):
        self.train()
        for command in (["evaluate", "--model", "model"], ["audit", "--target", "churn"]):
            with self.subTest(command[0]):
                code, shown, _ = self.interrupt([*command, "--json", "report.json"], HEADER)
                self.assertEqual((code, shown), (-signal.SIGINT, ""))
                self.assertFalse((self.folder / "report.json").exists())
        process = self.start("bench", "step", "--device", "cpu", "--threads", "1", "--seconds", "100",
                             "--json", "report.json")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=300), -signal.SIGINT)
        self.assertEqual([path.name for path in self.folder.rglob(".*.tmp")], [])

    def test_a_report_goes_to_a_pipe(self):
        """Opened once: the reader would take closing for the end."""
        pipe = self.folder / "report.fifo"
        os.mkfifo(pipe)
        process = self.start("audit", "--data", TABLE, "--target", "churn", "--json", pipe)
        with open(pipe) as report:
            self.assertIn('"findings"', report.read())
        self.assertEqual(process.wait(timeout=300), 0)

    def test_the_command_to_go_on_with_is_accepted(self):
        for flag in ("--overwrite=true", "--overwrite"):
            process, output = self.start_training("epoch  2/80", "--epochs", "80", flag,
                                                  out=f"model{flag[2:]}")
            process.send_signal(signal.SIGINT)
            command = output.readall().decode().splitlines()[-1].strip()
            self.assertEqual(process.wait(timeout=300), 130)
            self.assertNotIn(" --overwrite", command)
            self.assertTrue(command.endswith(" --resume"), command)
            resumed = subprocess.run(command, shell=True, cwd=self.folder, capture_output=True, text=True)
            self.assertEqual(resumed.returncode, 0, resumed.stderr)
            self.assertIn("resumed ", resumed.stdout)


if __name__ == "__main__":
    unittest.main()
