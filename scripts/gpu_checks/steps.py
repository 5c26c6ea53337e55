"""Running commands within a budget of time, each as one step of a report that is written as it goes."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

PASSED, FAILED, TIMED_OUT, INTERRUPTED, NOT_RUN, ABSENT = (
    "passed", "failed", "timed out", "interrupted", "not run", "absent")
RUNNING = "running"  # what a report says of a step during which the machine went away
GOOD = (PASSED, ABSENT)
GRACE_SECONDS = 5  # between asking a command to end and ending it
LAST_LINES = 12


class Part:
    """One part of a report and the time that is left to it."""

    def __init__(self, name, report, budget_seconds):
        self.report = report
        self.logs = report.folder / "logs" / name
        self.logs.mkdir(parents=True, exist_ok=True)
        self.deadline = time.monotonic() + budget_seconds
        self.record = {"status": RUNNING, "budget_seconds": budget_seconds, "steps": []}
        report.parts[name] = self.record
        report.write()

    def seconds_left(self):
        return max(0.0, self.deadline - time.monotonic())

    def add(self, name, status, detail="", **more):
        """A step that needs no command."""
        step = {"name": name, "status": status, "detail": detail, **more}
        self.record["steps"].append(step)
        self.report.write()
        return step

    def absent(self, name, why):
        """Says that this machine lacks something that the step needs, which is no failure."""
        return self.add(name, ABSENT, why)

    def run(self, name, command, environment=None, read=None, share=1.0):
        """Runs a command for at most `share` of the time left, with its output in a log. `read(log text)` gives
        results to keep in the step, whatever the command's end; a result "problem" makes the step fail."""
        command = [str(word) for word in command]
        log = self.logs / (name.replace("/", "_").replace(" ", "_") + ".log")
        step = self.add(name, RUNNING, command=" ".join(command))
        limit = self.seconds_left() * share
        if limit < 1.0:
            step.update(status=NOT_RUN, detail="no time was left")
            self.report.write()
            return step
        begin = time.monotonic()
        try:
            step["status"], step["exit"] = run_within(command, limit, log, environment)
        except KeyboardInterrupt:
            step["status"] = INTERRUPTED
            raise
        finally:
            self._finish(step, log, time.monotonic() - begin, limit, read)
        return step

    def _finish(self, step, log, seconds, limit, read):
        text = log.read_text(errors="replace") if log.exists() else ""
        if step["status"] != PASSED:
            step["detail"] = "\n".join(text.strip().splitlines()[-LAST_LINES:])
        if step["status"] == TIMED_OUT:
            step["detail"] = f"ended after {limit:.0f} s; its last lines:\n{step['detail']}"
        if self.report.has_times():
            step["seconds"] = round(seconds, 1)
        try:
            if read is not None:
                step["results"] = read(text)
        except (ValueError, KeyError, OSError) as error:
            step["results"] = {"problem": f"the output cannot be read: {error}"}
        problem = step.get("results", {}).get("problem")
        if problem:
            step["detail"] = "\n".join(filter(None, [problem, step["detail"]]))
            if step["status"] == PASSED:
                step["status"] = FAILED
        self.report.write()

    def finish(self, interrupted=False):
        """The part's own status: the first of its steps that is not good."""
        bad = [step["status"] for step in self.record["steps"] if step["status"] not in GOOD]
        self.record["status"] = INTERRUPTED if interrupted else bad[0] if bad else PASSED
        self.report.write()


def run_within(command, seconds, log, environment=None):
    """Runs a command and what it starts; returns a status and the exit code. All of it has ended afterwards."""
    variables = {**os.environ, **{name: str(value) for name, value in (environment or {}).items()}}
    log = pathlib.Path(log)
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=subprocess.STDOUT, env=variables, start_new_session=True)
        except OSError as error:
            output.write(f"cannot be started: {error}\n".encode())
            return FAILED, None
    try:
        code = process.wait(timeout=seconds)
        return (PASSED if code == 0 else FAILED), code
    except subprocess.TimeoutExpired:
        return TIMED_OUT, None
    finally:
        end_session(process)


def end_session(process):
    """Ends a process and its children: kindly, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        if process.poll() is not None and number == signal.SIGTERM:
            continue  # its children may still be there
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE_SECONDS)
