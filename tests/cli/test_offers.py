"""Choosing what to do for each customer."""

import re
import unittest

from program import TABLE, ProgramTest, rows_of

ACTIONS = """
[[actions]]
name = "call"
cost = 4.0
effect = 0.1
[[actions.segments]]
where = {plan = "basic"}
effect = 0.3
[[actions]]
name = "a month free"
cost = 30.0
effect = 0.5
"""


class OffersTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()
        self.actions = self.write("actions.toml", ACTIONS)
        self.command_line = ["offers", "--model", "model", "--data", TABLE, "--actions", self.actions,
                             "--out", "offers.csv"]

    def offers(self, *more, **options):
        return self.ebb(*self.command_line, *more, **options)

    def rows(self):
        return rows_of((self.folder / "offers.csv").read_text())

    def test_every_customer_gets_what_gains_most(self):
        printed = self.offers("--customer-value", "200").stdout
        table = rows_of(TABLE.read_text())
        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")
        scores = rows_of((self.folder / "scores.csv").read_text())
        total = 0.0
        for customer, score, offer in zip(table, scores, self.rows(), strict=True):
            self.assertEqual(offer["customer_id"], customer["customer_id"])
            self.assertEqual(offer["probability"], score["probability"])
            probability = float(score["probability"])
            call = probability * (0.3 if customer["plan"] == "basic" else 0.1) * 200 - 4
            free = probability * 0.5 * 200 - 30
            best = max(call, free, 0)
            if best < 0.01:
                continue  # rounding decides
            self.assertAlmostEqual(float(offer["expected_gain"]), best, delta=0.01)
            total += best
            if abs(call - free) > 0.01:
                self.assertEqual(offer["action"], "call" if call > free else "a month free")
            if offer["action"] == "call":
                self.assertIn("(plan = basic)" if customer["plan"] == "basic" else "in 10 % of cases, worth",
                              offer["reason"])
        gained = float(re.search(r"^all +400 +\S+ +(\S+)$", printed, re.MULTILINE)[1])
        self.assertAlmostEqual(gained, total, delta=0.05)

    def test_a_budget_is_kept_and_the_gap_said(self):
        printed = self.offers("--customer-value", "200", "--budget", "300").stdout
        cost = sum(float(row["cost"] or 0) for row in self.rows())
        self.assertTrue(250 < cost <= 300, cost)
        self.assertRegex(printed, r"within the budget of 300.00 no choice gains more than \d+\.\d\d: "
                                  r"this one is within \d+\.\d{2}, 0\.\d{4} %")
        first = (self.folder / "offers.csv").read_text()
        self.offers("--customer-value", "200", "--budget", "300", "--threads", "1")
        self.assertEqual((self.folder / "offers.csv").read_text(), first)

    def test_a_value_may_differ_from_customer_to_customer(self):
        header, *rows = TABLE.read_text().splitlines()
        worth = [f"{row},{'' if i % 10 == 0 else 1000 if i % 2 else 1}" for i, row in enumerate(rows)]
        data = self.write("worth.csv", "\n".join([header + ",worth", *worth]) + "\n")
        self.command_line[4] = data
        result = self.offers("--value-column", "worth")
        self.assertIn("40 customers without a value in column \"worth\": no offer", result.stderr)
        for i, row in enumerate(self.rows()):
            if i % 2 == 0:
                self.assertEqual(row["action"], "")
        self.assertGreater(sum(row["action"] != "" for row in self.rows()), 50)
        self.write("worth.csv", "\n".join([header + ",worth", *(f"{row},much" for row in rows)]) + "\n")
        refused = self.offers("--value-column", "worth", code=3)
        self.assertRegex(refused.stderr, r'worth.csv:2: column "worth" .*: "much" is no number')

    def test_what_is_wrong_is_named_and_nothing_is_written(self):
        self.assertIn("what is a customer worth?", self.offers(code=2).stderr)
        both = self.offers("--customer-value", "2", "--value-column", "mean_basket", code=2)
        self.assertIn("not both", both.stderr)
        self.assertIn('no column "wroth", which --value-column names',
                      self.offers("--value-column", "wroth", code=3).stderr)
        self.write("actions.toml", ACTIONS.replace("plan =", "plna ="))
        refused = self.offers("--customer-value", "200", code=3).stderr
        self.assertRegex(refused, r'no column "plna", which .*actions.toml names.*Did you mean "plan"')
        self.write("actions.toml", ACTIONS.replace("0.3", "3"))
        self.assertRegex(self.offers("--customer-value", "200", code=3).stderr,
                         r"actions.toml:\d+:\d+: effect: expected a number from 0 to 1")
        replaced = self.offers("--customer-value", "200", "--out", self.actions, code=2)
        self.assertIn("--out", replaced.stderr)
        self.assertFalse((self.folder / "offers.csv").exists())


if __name__ == "__main__":
    unittest.main()
