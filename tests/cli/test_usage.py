"""The command line itself: help, exit codes, and what is refused."""

import os
import re
import subprocess
import unittest

from program import PROGRAM, TABLE, ProgramTest, one_openmp


class UsageTest(ProgramTest):
    def refused(self, *arguments, code=2):
        return self.ebb(*arguments, code=code).stderr

    def test_help_teaches_by_example(self):
        program = self.ebb("--help").stdout
        for text in ("ebb train", "ebb evaluate", "ebb predict", "Exit codes", "130"):
            self.assertIn(text, program)
        for command in (["audit"], ["train"], ["evaluate"], ["predict"], ["bench", "step"],
                        ["bench", "attention"], ["info"]):
            self.assertIn("Examples:", self.ebb(*command, "--help").stdout)

    def test_a_message_begins_with_the_command(self):
        self.assertTrue(self.refused("trian").startswith("ebb: unknown command"))
        message = self.refused(*self.train_arguments(), "--epochs", "0")
        self.assertTrue(message.startswith("ebb train: --epochs"), message)

    def test_an_unwritable_json_file_is_found_before_the_work(self):
        self.train()
        for command in (["evaluate", "--model", "model", "--data", TABLE], ["bench", "step"],
                        ["bench", "attention"]):
            result = self.ebb(*command, "--json", "no/such/file.json", code=4)
            self.assertEqual(result.stdout, "")
            self.assertIn("no/such/file.json", result.stderr)

    def test_an_unknown_option_names_the_nearest(self):
        message = self.refused("train", "--data", TABLE, "--epoch", "3")
        self.assertIn("unknown option --epoch", message)
        self.assertIn('Did you mean "--epochs"?', message)
        self.assertIn('"--split-column"', self.refused("train", "--split", "part"))
        self.assertIn('"--feed-forward"', self.refused("bench", "step", "--feedforward", "8"))

    def test_an_unknown_command_names_the_nearest(self):
        self.assertIn('Did you mean "train"?', self.refused("trian"))

    def test_a_missing_command_lists_all(self):
        program = self.refused()
        for command in ("audit", "train", "evaluate", "predict", "bench", "info", "See ebb --help"):
            self.assertIn(command, program)
        self.assertRegex(self.refused("bench"), r"\n  step +Time .*\n  attention +Time ")

    def test_bad_values(self):
        for option, value in (("--epochs", "0"), ("--epochs", "ten"), ("--batch-size", "-1"),
                              ("--seed", "-1"), ("--threads", "-1"), ("--threads", "1.5")):
            message = self.refused(*self.train_arguments(), option, value)
            self.assertIn(option, message)
            self.assertIn("whole number from ", message)
        for command, option in ((["predict", "--model", "m", "--data", "d", "--out", "o"],
                                 "--threshold"),
                                (["bench", "step"], "--seconds"),
                                (["bench", "attention"], "--dropout")):
            for value in ("nan", "-0.5", "inf"):
                message = self.refused(*command, option, value)
                self.assertIn(f'{option}: "{value}" is not a number from 0 to ', message)
        for option, value, expected in (
                ("--false-negative-cost", "inf", "of at least -1000000000000 and at most 1000000000000"),
                ("--validation-fraction", "0", "above 0 and below 1"),
                ("--validation-fraction", "1", "above 0 and below 1"),
                ("--test-fraction", "1", "of at least 0 and below 1"),
                ("--test-fraction", "nan", "of at least 0 and below 1")):
            message = self.refused(*self.train_arguments(), "--objective", "cost", option, value)
            self.assertIn(f'ebb train: {option}: "{value}" is not a number {expected}', message)

    def test_zero_means_what_the_settings_say(self):
        self.train("--threads", "0", "--batch-size", "0", "--test-fraction", "0")
        config = (self.folder / "model/config.toml").read_text()
        self.assertRegex(config, r"threads = 0 ")
        self.assertRegex(config, r"batch_size = (16|32|64|128) ")
        for command in (["predict", "--model", "model", "--out", "-"], ["evaluate", "--model", "model"],
                        ["audit", "--target", "churn"], ["prepare", "--target", "churn", "--out", "-"]):
            self.ebb(*command, "--data", TABLE, "--threads", "0")
        self.ebb("bench", "attention", "--threads", "0", "--seconds", "0", "--device", "cpu")
        self.assertIn("--threads", self.refused("bench", "step", "--threads", "4097"))

    def test_an_option_without_a_value_or_with_several(self):
        for options, expected in (
                (["--epochs", "1", "--epochs", "2"], "ebb train: --epochs is given twice; give it once"),
                (["--seed", "1"] * 3, "ebb train: --seed is given 3 times; give it once"),
                (["--drop-columns"], "ebb train: --drop-columns has no value; write --drop-columns A,B"),
                (["--data"], "ebb train: --data has no value; write --data FILE")):
            self.assertIn(f"{expected}\nSee ebb train --help", self.refused("train", *options))
        self.assertIn("--tokens,--seq is given twice",
                      self.refused("bench", "attention", "--tokens", "4", "--seq", "8"))

    def test_no_argument_moves_the_cursor(self):
        for arguments in (["\x1b[31mevil"], ["train", "--\x1b[31mevil"], ["train", "--epochs", "\x1b[2J"]):
            self.assertNotIn("\x1b", self.refused(*arguments))

    def test_help_names_formats_hardware_and_defaults(self):
        def help_of(*command):
            return " ".join(self.ebb(*command, "--help").stdout.split())

        for command in ("train", "audit", "prepare", "predict", "evaluate"):
            self.assertIn("CSV, TSV or JSON lines, plain, .gz, .xz or .zst; - for stdin", help_of(command))
        for command in (["train"], ["predict"], ["evaluate"], ["bench", "step"]):
            self.assertIn("f32; tf32 in attention, on a GPU; or bf16 in linear layers, on a GPU or a processor "
                          "with AVX-512 BF16 or AMX", help_of(*command))
        train = help_of("train")
        for text in ("Passes over the training rows (20)", "0: 16 to 128, by the number of training rows (0)",
                     "Threads, 0: all; results do not depend on it (0)"):
            self.assertIn(text, train)

    def test_an_unknown_name_lists_those_there_are(self):
        for option, value, names in (("--device", "gpu", "auto, cpu, cuda or cuda:N"),
                                     ("--objective", "auc", "f1, accuracy, cost, profit or budget"),
                                     ("--preset", "sed", "seed")):
            message = self.refused(*self.train_arguments(), option, value)
            self.assertIn(f"{option}: ", message)
            self.assertIn(names, message)

    def test_whole_numbers_are_decimal_and_not_cut(self):
        for option, value in (("--seed", "9223372036854775808"), ("--seed", "0x3"),
                              ("--epochs", "1e3"), ("--epochs", "3 "), ("--threads", "-1")):
            message = self.refused(*self.train_arguments(), option, value)
            self.assertIn(f'{option}: "{value}" is not a whole number', message)
        self.train("--epochs", "010", "--seed", "9223372036854775807")
        self.assertIn("epochs = 10 ", (self.folder / "model/config.toml").read_text())

    def test_a_missing_option_is_named(self):
        self.assertIn("--data is missing", self.refused("train"))
        self.assertIn("--target is missing", self.refused("train", "--data", TABLE))
        self.assertIn("--out is missing",
                      self.refused("train", "--data", TABLE, "--target", "churn"))
        self.assertIn("--model", self.refused("predict", "--data", TABLE, "--out", "s.csv"))

    def test_options_that_exclude_each_other_say_why(self):
        cases = [
            (["--resume", "--overwrite"], "the other replaces it"),
            (["--resume", "--dry-run"], "a dry run trains nothing"),
            (["--preset", "seed"], "both choose the starting point"),
            (["--test-data", "t.csv", "--test-fraction", "0.1"], "test rows come from one place"),
            (["--split-column", "part", "--test-data", "t.csv"], "test rows come from one place"),
            (["--split-column", "part", "--split-group", "customer_id"],
             "says where a row belongs"),
            (["--split-group", "customer_id", "--split-time", "day"], "says where a row belongs"),
            (["--split-column", "part", "--validation-fraction", "0.1"],
             "the column says where every row belongs"),
            (["--false-negative-cost", "3"], "no effect without --objective cost"),
            (["--cuda-graph", "--device", "cpu"], "needs a CUDA device, but this run is on cpu"),
        ]
        for options, reason in cases:
            with self.subTest(options=options):
                message = self.refused(*self.train_arguments(), *options)
                self.assertIn(options[0], message)
                self.assertIn(reason, message)

    def test_bad_configurations(self):
        typo = self.write("typo.toml", "[training]\nepoch = 3\n")
        message = self.refused("train", "--config", typo, code=3)
        self.assertIn("typo.toml:2", message)
        self.assertIn('"epochs"', message)
        self.assertIn("no.toml", self.refused("train", "--config", "no.toml", code=4))
        message = self.refused(*self.train_arguments(), "--device", "cuda:99", code=3)
        self.assertIn("device cuda:99: ", message)

    def test_an_unwritable_place_is_found_before_training(self):
        blocked = self.write("file", "")
        message = self.refused(*self.train_arguments(out=blocked / "model"), code=4)
        self.assertIn("file/model", message)
        self.train()
        message = self.refused("predict", "--model", "model", "--data", TABLE, "--out",
                               "no/folder/scores.csv", code=4)
        self.assertIn("no/folder", message)

    def test_a_full_disk_is_reported(self):
        for arguments in (["info"], ["--help"], ["--version"]):
            with open("/dev/full", "w") as full:
                result = subprocess.run(self.command(*arguments), stdout=full,
                                        stderr=subprocess.PIPE, text=True)
            self.assertEqual(result.returncode, 4, arguments)
            self.assertIn("standard output cannot be written", result.stderr)

    @one_openmp
    def test_waiting_threads_spin_for_a_short_while_unless_told_otherwise(self):
        chosen = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
        plain = {name: value for name, value in os.environ.items() if name not in chosen}
        plain["OMP_DISPLAY_ENV"] = "VERBOSE"  # OpenMP says what it goes by
        link = self.folder / "a link"
        link.symlink_to(PROGRAM)
        for program in (PROGRAM, link):
            shown = subprocess.run([program, "info"], env=plain, capture_output=True, text=True)
            self.assertRegex(shown.stdout, r"waiting threads +GOMP_SPINCOUNT=4000\n")
            if "GOMP_SPINCOUNT" in shown.stderr:  # libgomp
                self.assertTrue(shown.stderr.rpartition("GOMP_SPINCOUNT")[2].startswith(" = '4000'"))
        for name, value in (("GOMP_SPINCOUNT", "77"), ("OMP_WAIT_POLICY", "passive")):
            shown = self.ebb("info", env={**plain, name: value})
            self.assertRegex(shown.stdout, rf"waiting threads +{name}={value}\n")
            self.assertLessEqual(shown.stderr.count("OPENMP DISPLAY ENVIRONMENT BEGIN"), 1)

    @one_openmp
    def test_a_refused_number_of_threads_is_complained_of_once(self):
        for refused in ("0", "2x", "2,x", "-1"):
            shown = self.ebb("info", env={**os.environ, "OMP_NUM_THREADS": refused})
            self.assertLessEqual(shown.stderr.count("OMP_NUM_THREADS"), 1, refused)

    @one_openmp
    def test_bound_threads_keep_all_processors(self):
        def threads(**more):
            unset = ("OMP_", "GOMP_")
            plain = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
            return re.search(r"threads +(\d+) ", self.ebb("info", env={**plain, **more}).stdout)[1]

        self.assertEqual(threads(OMP_PROC_BIND="true"), threads())

    def test_info_shows_the_machine_and_a_model(self):
        shown = self.ebb("info").stdout
        for text in ("ebb ", "cpu", "instruction set", "threads", "oneDNN"):
            self.assertIn(text, shown)
        baseline = dict(os.environ, EBB_ISA="baseline")
        self.assertIn("baseline (", self.ebb("info", env=baseline).stdout)
        self.assertIn("EBB_ISA", self.ebb("info", env=dict(os.environ, EBB_ISA="mmx"), code=3).stderr)
        self.train()
        shown = self.ebb("info", "--model", "model").stdout
        for text in ("churn", "tenure_months", "roc_auc", "threshold"):
            self.assertIn(text, shown)
        self.assertIn("no-model", self.ebb("info", "--model", "no-model", code=4).stderr)


if __name__ == "__main__":
    unittest.main()
