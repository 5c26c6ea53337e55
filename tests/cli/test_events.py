"""From a log of events to a table of customers, and on to a model."""

import gzip
import json
import os
import shlex
import unittest

from program import ProgramTest, SMALL, rows_of

LOG = """user,at,order,amount,pieces,what
ann,2024-01-05,1,10,2,tea
ann,2024-02-10,2,5.5,1,cup
ann,2024-04-01,3,1,1,tea
bob,2024-01-20,4,7,1,cup
bob,2024-02-01,R5,7,-1,cup
,2024-02-02,6,7,1,cup
cid,,7,7,1,cup
dan,2024-03-31,8,2,3,tea
ann,2024-06-30,9,1,1,tea
"""


class EventsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.log = self.write("log.csv", LOG)

    def arguments(self, *more, data=None, cutoff="2024-04-01", out="customers.csv"):
        return ["events", "--data", data or self.log, "--customer", "user", "--time", "at",
                "--cutoff", cutoff, "--out", out, *more]

    def events(self, *more, code=0, **options):
        return self.ebb(*self.arguments(*more, **options), code=code)

    def table(self, *more, **options):
        return rows_of(self.events(*more, out="-", **options).stdout)

    def test_a_log_becomes_a_table_of_customers(self):
        result = self.events("--value", "amount", "--quantity", "pieces", "--invoice", "order", "--item",
                             "what", "--return-prefix", "R", "--window", "30d", "--recent", "30d")
        self.assertEqual(result.stderr, "")
        for text in ("9 rows, 2024-01-05 to 2024-06-30", "left out    1 without a customer, 1 without a time",
                     "7 of 3 customers: 6 purchases, 1 return, 0 others",
                     "2024-04-01          3  66.7 %        2024-04-01  2024-05-01",
                     "written     customers.csv: 3 rows, 26 features",
                     "ebb train --data customers.csv --target churn --id-column user --out model/"):
            self.assertIn(text, result.stdout)
        rows = rows_of((self.folder / "customers.csv").read_text())
        self.assertEqual([row["user"] for row in rows], ["ann", "bob", "dan"])
        self.assertEqual([row["churn"] for row in rows], ["0", "1", "1"])
        ann = rows[0]
        self.assertEqual(list(ann)[:3], ["user", "cutoff", "recency_days"])
        expected = {"cutoff": "2024-04-01", "recency_days": "51", "age_days": "87", "orders": "2",
                    "gap_mean_days": "36", "gap_deviation_days": "", "money_total": "25.5",
                    "money_deviation": "7.25", "items_distinct": "2", "orders_last_30d": "0",
                    "orders_change_30d": "-1", "returns": "0", "orders_on_friday": "1"}
        self.assertEqual({name: ann[name] for name in expected}, expected)
        self.assertEqual((rows[1]["returns"], rows[1]["money_returned"]), ("1", "7"))

    def test_the_screen_gets_the_table_alone(self):
        result = self.events("--window", "30d", out="-")
        self.assertEqual(len(rows_of(result.stdout)), 3)
        self.assertIn("written     -: 3 rows", result.stderr)

    def test_several_cutoffs_and_types(self):
        result = self.events("--type", "what", "--purchase-types", "tea", "--window", "30d", "--recent", "7d",
                             cutoff="2024-04-01,2024-02-15")
        self.assertIn("--id-column user --split-group user --drop-columns cutoff --out model/", result.stdout)
        self.assertIn("--count-by 'what=cup,tea'", result.stdout)
        rows = rows_of((self.folder / "customers.csv").read_text())
        self.assertEqual([(row["user"], row["cutoff"], row["churn"]) for row in rows],
                         [("ann", "2024-02-15", "1"), ("ann", "2024-04-01", "0"), ("dan", "2024-04-01", "1")])
        self.assertEqual([row["events_what_cup"] for row in rows], ["1", "1", "0"])
        fixed = self.table("--count-by", "what=tea")
        self.assertEqual([row["events_what_tea"] for row in fixed], ["1", "0", "1"])
        self.assertEqual([row["events_what_other"] for row in fixed], ["1", "2", "0"])

    def test_rules_for_customers(self):
        names = lambda *more: [row["user"] for row in self.table(*more)]
        self.assertEqual(names("--min-purchases", "2"), ["ann", "bob"])
        self.assertEqual(names("--active-within", "55d"), ["ann", "dan"])
        self.assertEqual(names("--customer-since", "72d"), ["ann", "bob"])
        self.assertEqual(names("--observe", "52d"), ["ann", "dan"])

    def test_without_a_window_there_is_no_label(self):
        result = self.events(cutoff="2025-01-01")
        self.assertIn("no label", result.stdout)
        self.assertNotIn("churn", (self.folder / "customers.csv").read_text())

    def test_columns_aligned_by_blanks_and_other_spellings_of_time(self):
        table = self.write("log.txt", "  user    at\r\n  0001  02/01/2024\r\n  0002  31/01/2024\r\n")
        rows = self.table("--delimiter", "blanks", "--time-format", "%d/%m/%Y", data=table)
        self.assertEqual([(row["user"], row["recency_days"]) for row in rows], [("0001", "90"), ("0002", "61")])
        table = self.write("epochs.csv", "user,at\n7,1704067200\n")
        rows = self.table("--time-format", "seconds", data=table)
        self.assertEqual(rows[0]["age_days"], "91")

    def test_json_lines_are_the_log_that_csv_is(self):
        expected = self.table("--invoice", "order", "--value", "amount", "--count-by", "what")
        lines = []
        for row in rows_of(LOG):
            event = {key: value if key in ("user", "at", "what", "order") else float(value)
                     for key, value in row.items() if value}
            lines.append(json.dumps({"session": "s", **event}))
        text = "\n".join(lines) + "\n"
        options = ["--invoice", "order", "--value", "amount", "--count-by", "what"]
        for name, content in (("log.jsonl", text.encode()), ("log.ndjson.gz", gzip.compress(text.encode()))):
            self.assertEqual(self.table(*options, data=self.write(name, content)), expected)
        other = self.write("log.txt", text)
        self.assertEqual(self.table(*options, "--format", "jsonl", data=other), expected)
        self.assertIn("log.txt: the file holds JSON", self.events(data=other, code=3).stderr)
        self.assertIn("--delimiter has no effect with --format jsonl",
                      self.events("--format", "jsonl", "--delimiter", "tab", data=other, code=2).stderr)
        bad = self.write("bad.jsonl", text + '{"user": "eve", "at": {"day": 1}}\n')
        refused = self.events(data=bad, code=3).stderr
        self.assertIn('bad.jsonl:10: the key "at" holds an object', refused)

    def test_results_do_not_depend_on_threads(self):
        lines = ["user,at,amount"]
        lines += [f"u{i * 37 % 501},2024-{i % 6 + 1:02}-{i % 28 + 1:02},{i % 97}.{i % 7}" for i in range(20000)]
        log = self.write("many.csv", "\n".join(lines) + "\n")
        for threads in ("1", "2", "3"):
            self.events("--value", "amount", "--window", "20d", "--threads", threads, data=log,
                        out=f"{threads}.csv")
        tables = [(self.folder / f"{threads}.csv").read_bytes() for threads in "123"]
        self.assertEqual(tables[0].count(b"\n"), 502)
        self.assertEqual(tables[0], tables[1])
        self.assertEqual(tables[0], tables[2])

    def test_a_model_is_trained_on_the_table(self):
        lines = ["user,at,amount"]
        for user in range(200):
            for order in range(1 + user % 5):
                lines.append(f"u{user},2024-0{1 + order}-{1 + user % 27:02},{user % 13 + 1}")
        lines += [f"u{user},2024-07-05,1" for user in range(0, 200) if user % 5 > 2]
        log = self.write("shop.csv", "\n".join([*lines, "z,2024-08-01,1"]) + "\n")
        made = self.events("--value", "amount", "--window", "30d", data=log, cutoff="2024-07-01")
        command = made.stdout.split("train with  ebb ")[1].split()
        trained = self.ebb(*command, "--config", self.write("small.toml", SMALL))
        self.assertIn('churn: "1" is predicted', trained.stdout)
        self.events("--value", "amount", data=log, cutoff="2024-08-02", out="now.csv")
        scores = self.ebb("predict", "--model", "model", "--data", "now.csv", "--out", "-").stdout
        self.assertEqual(list(rows_of(scores)[0])[0], "user")

    def test_no_customer_of_several_cutoffs_is_trained_on_and_tested(self):
        lines = ["user,at,amount"]
        for user in range(200):
            for order in range(1 + user % 5):
                lines.append(f"u{user},2024-0{1 + order}-{1 + user % 27:02},{user % 13 + 1}")
        lines += [f"u{user},2024-07-05,1" for user in range(0, 200) if user % 5 > 2]
        log = self.write("my shop.csv", "\n".join([*lines, "z,2024-08-01,1"]) + "\n")
        made = self.events("--value", "amount", "--window", "30d", data=log, cutoff="2024-05-01,2024-07-01",
                           out="my customers.csv")
        command = shlex.split(made.stdout.split("train with  ebb ")[1])
        self.assertIn("my customers.csv", command)
        trained = self.ebb(*command, "--config", self.write("small.toml", SMALL))
        self.assertNotIn("repeat an id", trained.stdout + trained.stderr)
        self.assertIn('by group, column "user"', trained.stdout)

    def test_a_rate_of_all_or_none_is_warned_of(self):
        result = self.events("--window", "1d", cutoff="2024-04-03")
        self.assertIn("warning: at the cut-off 2024-04-03 every customer leaves", result.stderr)

    def test_what_cannot_be_followed_is_refused(self):
        def refused(*more, code=3, **options):
            return self.events(*more, code=code, **options).stderr

        self.assertIn("the last event of the log is at 2024-06-30", refused("--window", "92d"))
        self.assertIn("the latest possible cut-off is 2024-03-31", refused("--window", "92d"))
        self.assertIn("the window is longer than the log, which begins at 2024-01-05", refused("--window", "900d"))
        self.assertIn("nothing lies before the cut-off", refused(cutoff="2024-01-05"))
        named = self.write("named.csv", LOG.replace("user,", "orders,"))
        message = self.ebb("events", "--data", named, "--customer", "orders", "--time", "at", "--cutoff",
                           "2024-04-01", "--out", "o.csv", code=3).stderr
        self.assertIn('the column of customers is called "orders"', message)
        self.assertNotIn("exists twice", message)
        message = refused("--value", "what")
        self.assertIn('"tea" is not a number, as it must be: correct the cell, or leave it empty', message)
        self.assertNotIn("declare", message)
        self.assertIn("plain CSV", refused(out="o.csv.gz", code=2))
        self.assertTrue(refused("--gap", "3d", code=2).startswith("ebb: --gap needs"))
        self.assertIn("write it as 2024-06-30", refused(cutoff="1.4.2024", code=2))
        self.assertIn("write days", refused("--window", "3mo", code=2))
        self.assertIn("--quantity needs --value", refused("--quantity", "pieces", code=2))
        self.assertIn("--gap needs --window", refused("--gap", "3d", code=2))
        self.assertIn("--purchase-types needs --type", refused("--purchase-types", "a", code=2))
        self.assertIn("--return-prefix needs --invoice", refused("--return-prefix", "R", code=2))
        self.assertIn("--cutoff", self.ebb("events", "--data", self.log, "--customer", "user", "--time", "at",
                                           "--out", "o.csv", code=2).stderr)
        self.assertIn('there is no column "amnt"', refused("--value", "amnt"))
        self.assertIn('the recent window 7d is given twice', refused("--recent", "7d,1w"))
        self.assertIn('log.csv:2: column "at": "2024-01-05" is not a time', refused("--time-format", "seconds"))
        self.assertIn('log.csv: column "what"', refused("--type", "what", "--purchase-types", "coffee"))
        self.assertIn("would be lost", refused(out=self.log, code=2))
        self.assertIn("no/such", refused(out="no/such/o.csv", code=4))
        self.assertEqual(self.log.read_text(), LOG)

    def test_a_failure_writes_nothing(self):
        old = self.write("customers.csv", "old")
        self.events("--window", "92d", code=3)
        self.assertEqual(old.read_text(), "old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["customers.csv", "log.csv", "small.toml"])


if __name__ == "__main__":
    unittest.main()
