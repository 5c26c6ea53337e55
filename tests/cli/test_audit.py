"""ebb audit: what is planted in a table is named, and nothing else is called serious."""

import json
import random
import unittest

from program import TABLE, ProgramTest, rows_of

HEADER = ["customer_id", "spend", "age", "plan", "city", "churn"]


def customers(count, seed=1, shift=0.0):
    generator = random.Random(seed)
    rows = []
    for row in range(count):
        spend = round(generator.uniform(0, 1000) + shift, 2)
        churn = "yes" if generator.random() < (0.4 if spend < 300 else 0.15) else "no"
        rows.append([f"C{seed}{row:05}", spend, generator.randrange(18, 78), f"plan {generator.randrange(3)}",
                     f"city {generator.randrange(20)}", churn])
    return rows


def text_of(rows, header=HEADER):
    return "\n".join(",".join(str(cell) for cell in row) for row in [header, *rows]) + "\n"


class AuditTest(ProgramTest):
    def audit(self, name, text, *more, code=0):
        return self.ebb("audit", "--data", self.write(name, text), "--target", "churn", *more, code=code)

    def report(self, name, text, *more):
        self.audit(name, text, "--json", "audit.json", *more)
        return json.loads((self.folder / "audit.json").read_text())

    def serious(self, report):
        return [finding["topic"] for finding in report["findings"] if finding["severity"] == "serious"]

    def test_dates_after_the_label_date_are_suspicious(self):
        rows = customers(1000)
        dated = [row[:-1] + [f"2024-0{1 + i % 9}-15", f"2024-0{1 + i % 5}-01", row[-1]] for i, row in enumerate(rows)]
        text = text_of(dated, HEADER[:-1] + ["closed", "joined", HEADER[-1]])
        report = self.report("users.csv", text, "--label-date", "2024-06-30")
        self.assertEqual(self.serious(report), ["leak"])
        found = next(finding["text"] for finding in report["findings"] if finding["topic"] == "leak")
        self.assertIn('column "closed": 333 of 1000 dates lie after the label date, such as 2024-07-15 at ', found)
        self.assertIn("users.csv:8, where it is 2024-06-30", found)
        self.assertEqual(report["dates"]["columns"], ["closed", "joined"])
        self.assertEqual(report["dates"]["late"][0]["late"], 333)
        report = self.report("users.csv", text, "--label-date", "joined")
        self.assertEqual(report["dates"]["columns"], ["closed"])
        # As many as have the label date in the column come after it, in each row.
        late = sum(row[-3] > row[-2] for row in dated)
        self.assertEqual(report["dates"]["late"][0]["late"], late)
        self.assertNotIn("dates", self.report("users.csv", text))
        note = self.audit("users.csv", text, "--label-date", "2024-06-30", "--time-format", "%d.%m.%Y").stdout
        self.assertIn("no column holds dates that could be compared with the label date", note)
        self.assertIn('no column "whenever"', self.audit("users.csv", text, "--label-date", "whenever", code=3).stderr)
        self.assertIn("use iso or a pattern", self.audit("users.csv", text, "--label-date", "joined", "--time-format",
                                                         "seconds", code=2).stderr)

    def test_an_honest_table_has_nothing_serious(self):
        report = self.report("users.csv", text_of(customers(1000)))
        self.assertEqual(self.serious(report), [])
        self.assertEqual([column["column"] for column in report["identifiers"]], ["customer_id"])
        shown = self.ebb("audit", "--data", TABLE, "--target", "churn").stdout
        self.assertNotIn("\n!", shown)
        self.assertIn('column "customer_id" names rows', shown)

    def test_a_planted_leak_is_named(self):
        rows = [[*row, 80 + row[2] if row[-1] == "yes" else row[2] - 18] for row in customers(600)]
        result = self.audit("leak.csv", text_of(rows, [*HEADER, "days_since_goodbye"]))
        self.assertRegex(result.stdout, r'\n! leak +column "days_since_goodbye": its high values almost give '
                                        r'the label: area under the ROC curve 1\.0000')
        self.assertEqual(result.stdout.count("\n!"), 1)

    def test_ebb_train_warns_of_a_leak(self):
        rows = rows_of(TABLE.read_text())
        header = [*rows[0], "state"]
        cells = [[*row.values(), "closed" if row["churn"] == "yes" else "open"] for row in rows]
        leak = self.write("leak.csv", text_of(cells, header))
        self.assertIn('warning: column "state": its values almost give the label', self.train(data=leak).stderr)
        self.assertNotIn("almost give", self.train("--overwrite").stderr)
        self.assertNotIn("almost give", self.train("--overwrite", "--drop-columns", "state", data=leak).stderr)

    def test_planted_twins_are_found(self):
        rows = customers(500)
        copies = [[f"D{i:05}", round(row[1] + 7.5, 2), row[2], {"plan 0": "basic"}.get(row[3], row[3] + "x"), *row[4:]]
                  for i, row in enumerate(rows)]
        report = self.report("copied.csv", text_of(rows + copies))
        self.assertEqual(self.serious(report), ["twins"])
        copy = report["block_copy"]
        self.assertEqual((copy["lag"], copy["rows"]), (500, 499))
        self.assertEqual([change["column"] for change in copy["changes"]], ["spend", "plan"])
        self.assertAlmostEqual(copy["changes"][0]["shift"], 7.5)
        shuffled = [[f"D{i:05}", row[1], row[2] + 3, *row[3:]] for i, row in enumerate(rows[:200])]
        random.Random(3).shuffle(shuffled)
        result = self.audit("shifted.csv", text_of(rows + shuffled))
        self.assertRegex(result.stdout, r'\n! twins +2\d\d pairs of rows are equal but for one column, with "age" '
                                        r'raised by 3, such as .*shifted.csv:\d+ and ')

    def test_every_run_says_the_same(self):
        rows = customers(400)
        copies = [[f"D{i:05}", round(row[1] + 7.5, 2), *row[2:]] for i, row in enumerate(rows)]
        both = rows + copies
        random.Random(4).shuffle(both)  # so that the copy comes first in half of the pairs
        self.write("shuffled.csv", text_of(both))
        arguments = ("audit", "--data", "shuffled.csv", "--target", "churn")
        shown = {self.ebb(*arguments).stdout for _ in range(6)}
        self.assertEqual(len(shown), 1, shown)
        self.assertRegex(shown.pop(), r'"spend" (raised|lowered) by 7\.5, such as')
        self.assertEqual(len({self.ebb(*arguments, "--json", "-").stdout for _ in range(3)}), 1)

    def test_a_sorted_table_of_few_categories_has_no_twins(self):
        generator = random.Random(6)
        rows = []
        for _ in range(5000):
            kind = generator.randrange(3)
            cells = [f"{(kind + i) % 3 if generator.random() < 0.8 else generator.randrange(3)}"
                     for i in range(8)]
            rows.append([f"level {cell}" for cell in cells] +
                        ["yes" if generator.random() < 0.1 + 0.2 * kind else "no"])
        rows.sort()
        report = self.report("sorted.csv", text_of(rows, [*(f"c{i}" for i in range(8)), "churn"]))
        self.assertEqual(report["twins"], [])
        self.assertIsNone(report["block_copy"])

    def test_rows_with_both_labels_are_not_called_renamed(self):
        rows = customers(400)
        other = {"yes": "no", "no": "yes"}
        copies = [[f"D{i:05}", *row[1:-1], other[row[-1]]] for i, row in enumerate(rows) if row[-1] == "no"]
        shown = self.audit("both.csv", text_of(rows + copies)).stdout
        self.assertIn('with the label "churn" changed ("no" to "yes"), such as', shown)
        self.assertNotIn("renamed", shown)

    def test_settings_say_how_the_table_is_read(self):
        rows = [[row[0], "-" if i % 50 == 0 else row[1], *row[2:], i % 5, "x"]
                for i, row in enumerate(customers(500))]
        text = text_of(rows, [*HEADER, "region", "comment"]).replace(",", ";")
        self.write("users.csv", text)
        self.write("s.toml", '[data]\ntarget = "churn"\nmissing_tokens = ["-"]\ndelimiter = ";"\n'
                             'drop_columns = ["comment"]\n[data.columns]\nregion = "category"\ncomment = "ignore"\n')
        self.write("later.csv", text.replace(";4;x", ";7;x"))
        shown = self.ebb("audit", "--data", "users.csv", "--config", "s.toml", "--against", "later.csv",
                         "--json", "a.json").stdout
        self.assertIn('column "region" in later.csv: ', shown)
        report = json.loads((self.folder / "a.json").read_text())
        self.assertEqual(report["missing_values"]["columns"][0]["missing"], 10)
        drift = {shift["column"]: shift for shift in report["drift"]}
        self.assertEqual(drift["region"]["new_examples"], ["7"])
        self.assertNotIn("comment", drift)
        self.assertIn('"-" is not a number', self.ebb("audit", "--data", "users.csv", "--target", "churn", code=3).stderr)
        self.assertIn("--target is missing", self.ebb("audit", "--data", "users.csv", code=2).stderr)
        self.assertIn("would be lost", self.ebb("audit", "--data", "users.csv", "--config", "s.toml", "--json", "s.toml",
                                                code=2).stderr)

    def test_texts_among_the_numbers_of_the_other_table_are_drift(self):
        later = customers(800, seed=2)
        for i in (17, 400, 401):
            later[i][2] = "maybe"
        self.write("2024.csv", text_of(later))
        arguments = ("2023.csv", text_of(customers(800)), "--against", "2024.csv")
        self.assertIn('! drift           column "age" in 2024.csv: texts stand among its numbers, such as "maybe" '
                      'in line 19, 3 in all', self.audit(*arguments).stdout)
        report = self.report(*arguments)
        self.assertEqual([shift["texts_after"] for shift in report["drift"] if shift["column"] == "age"], [3])

    def test_an_empty_label_column_of_the_other_table_is_none(self):
        self.write("2024.csv", text_of([[*row[:-1], ""] for row in customers(800, seed=2)]))
        report = self.report("2023.csv", text_of(customers(800)), "--against", "2024.csv")
        self.assertEqual([shift["column"] for shift in report["drift"]], ["spend", "age", "plan", "city"])
        self.assertNotIn("drift", self.serious(report))

    def test_planted_drift_is_shown(self):
        later = customers(800, seed=2, shift=200.0)
        for i, row in enumerate(later):
            if i % 8 == 0:
                row[3] = "plan 9"
        self.write("2024.csv", text_of([row[:-1] for row in later], HEADER[:-1]))
        arguments = ("2023.csv", text_of(customers(800)), "--against", "2024.csv")
        shown = self.audit(*arguments).stdout
        self.assertRegex(shown, r'\n! drift +column "spend" in .*2024.csv: the population stability index is ')
        self.assertIn('100 rows have a new level, such as "plan 9"', shown)
        drift = {shift["column"]: shift for shift in self.report(*arguments)["drift"]}
        self.assertEqual(set(drift), {"spend", "age", "plan", "city"})
        self.assertAlmostEqual(drift["spend"]["mean_after"] - drift["spend"]["mean_before"], 200, delta=30)
        self.assertEqual(drift["age"]["warnings"], [])

    def test_parts_that_share_customers(self):
        rows = [[*row, "train" if i < 300 else "test"] for i, row in enumerate(customers(400))]
        rows += [[f"E{i}", *row[1:-1], "test"] for i, row in enumerate(rows[:7])]
        rows.append([rows[0][0], 1, 20, "plan 1", "city 1", "no", "test"])
        report = self.report("split.csv", text_of(rows, [*HEADER, "part"]), "--split-column", "part")
        self.assertEqual(report["split"]["test_rows_in_train"], 7)
        self.assertEqual(report["split"]["identifiers"], [{"column": "customer_id", "shared_values": 1}])
        self.assertIn("split", self.serious(report))

    def test_missing_values_that_tell(self):
        rows = customers(1000)
        for i, row in enumerate(rows):
            if i % 3 == 0 and (row[-1] == "yes" or i % 2 == 0):
                row[1] = ""
        shown = self.audit("gaps.csv", text_of(rows)).stdout
        self.assertRegex(shown, r'missing values  column "spend": "yes" is \d+\.\d % where it is missing')

    def test_threads_change_nothing(self):
        text = text_of(customers(2000))
        reports = [self.report("users.csv", text, "--threads", threads) for threads in ("1", "2", "5")]
        self.assertEqual(reports[0], reports[1])
        self.assertEqual(reports[0], reports[2])

    def test_the_screen_has_the_json_alone(self):
        result = self.audit("users.csv", text_of(customers(300)), "--json", "-")
        self.assertEqual(json.loads(result.stdout)["format"], "ebb.audit")

    def test_what_is_refused(self):
        text = text_of(customers(60))
        message = self.ebb("audit", "--data", self.write("a.csv", text), "--target", "chrun", code=3).stderr
        self.assertIn('Did you mean "churn"?', message)
        self.assertIn("would be lost", self.audit("a.csv", text, "--json", "a.csv", code=2).stderr)
        self.assertEqual((self.folder / "a.csv").read_text(), text)
        result = self.audit("a.csv", text, "--json", "no/such/file.json", code=4)
        self.assertEqual(result.stdout, "")
        self.audit("a.csv", text, "--against", "missing.csv", "--json", "new.json", code=4)
        self.assertFalse((self.folder / "new.json").exists())
        self.assertIn("--target", self.ebb("audit", "--data", "a.csv", code=2).stderr)
        self.assertIn("both be standard input",
                      self.ebb("audit", "--data", "-", "--against", "-", "--target", "churn", code=2).stderr)
        self.assertIn('Did you mean "spend"?', self.audit("a.csv", text, "--drop-columns", "spent", code=3).stderr)


if __name__ == "__main__":
    unittest.main()
