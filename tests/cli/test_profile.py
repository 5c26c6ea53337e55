"""One page about one customer."""

import re
import unittest
from html.parser import HTMLParser

from program import TABLE, ProgramTest, rows_of

HOSTILE = """<script>alert("1")</script>&'"""

ACTIONS = """
[[actions]]
name = "call"
cost = 1.0
effect = 0.1
[[actions]]
name = "a month free"
cost = 2.0
effect = 0.5
[[actions.segments]]
where = {plan = "nobody has it"}
effect = 0.9
"""


class Tags(HTMLParser):
    """The tags of a document, which must nest, and its text."""

    def __init__(self, document):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


class ProfileTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()

    def profile(self, *more, id="S00017", data=TABLE, **options):
        return self.ebb("profile", "--model", "model", "--data", data, "--id", id, *more, **options)

    def scores(self):
        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")
        return rows_of((self.folder / "scores.csv").read_text())

    def test_says_what_is_known_of_a_customer(self):
        page = self.profile().stdout
        scores = self.scores()
        own = next(row for row in scores if row["customer_id"] == "S00017")
        self.assertIn("Customer S00017 (customer_id)", page)
        self.assertIn(f"probability of leaving  {100 * float(own['probability']):.1f} %", page)
        self.assertRegex(page, rf"risk +{own['risk_band']}\n")
        self.assertRegex(page, rf"decision +{own['decision']} \(")
        below = sum(float(row["probability"]) < float(own["probability"]) for row in scores)
        self.assertIn(f"higher than {100 * below / 399:.1f} % of the other 399 customers", page)
        customer = next(row for row in rows_of(TABLE.read_text()) if row["customer_id"] == "S00017")
        self.assertRegex(page, rf"\nplan +{customer['plan']} ")
        self.assertRegex(page, rf"\ntenure_months +{customer['tenure_months']} +\d\S* +above \d+ %\n")
        self.assertNotRegex(page, r"\n(churn|customer_id) ")
        similar = page.partition("Similar customers")[2]
        outcomes = {row["customer_id"]: row["churn"] for row in rows_of(TABLE.read_text())}
        found = re.findall(r"^(S\d+) +\S+ % +(left|stayed) +(\d+\.\d\d)$", similar, re.MULTILINE)
        self.assertEqual(len(found), 5)
        for id, outcome, _ in found:
            self.assertNotEqual(id, "S00017")
            self.assertEqual(outcome, "left" if outcomes[id] == "yes" else "stayed")
        distances = [float(distance) for *_, distance in found]
        self.assertEqual(distances, sorted(distances))
        self.assertEqual(self.profile("--threads", "2").stdout, page)

    def test_reasons_are_those_of_explain(self):
        page = self.profile("--top", "2").stdout
        self.ebb("explain", "--model", "model", "--data", TABLE, "--out", "reasons.csv", "--permutations", "32",
                 "--top", "2")
        own = next(row for row in rows_of((self.folder / "reasons.csv").read_text())
                   if row["customer_id"] == "S00017")
        self.assertIn(own["reason_1"], page)
        self.assertIn(own["reason_2"], page)

    def test_segment_and_offer_are_added(self):
        self.ebb("segment", "--model", "model", "--data", TABLE, "--value-column", "mean_basket",
                 "--out", "segments.csv")
        own = next(row for row in rows_of((self.folder / "segments.csv").read_text())
                   if row["customer_id"] == "S00017")
        actions = self.write("actions.toml", ACTIONS)
        page = self.profile("--segments", "segments.csv", "--actions", actions, "--customer-value", "1000").stdout
        self.assertRegex(page, rf"\nsegment +{own['segment_name']}\n")
        gain = 0.5 * 1000 * float(own["probability"]) - 2
        cost, found = re.search(r"best offer +a month free: costs (\S+), expected gain (\S+)\n", page).groups()
        self.assertEqual(cost, "2.00")
        self.assertAlmostEqual(float(found), gain, delta=0.01)
        poor = self.profile("--actions", actions, "--customer-value", "0.001").stdout
        self.assertRegex(poor, r"best offer +none gains\n")

    def test_html_is_whole_and_what_comes_from_data_is_escaped(self):
        text = TABLE.read_text().replace("S00017", '"' + HOSTILE.replace('"', '""') + '"')
        data = self.write("hostile.csv", text.replace(",basic,", ",<b>basic</b>,"))
        self.profile("--out", "page.html", id=HOSTILE, data=data)
        page = (self.folder / "page.html").read_text()
        parsed = Tags(page)
        self.assertEqual(parsed.open, [])
        self.assertNotIn("script", parsed.seen)
        self.assertNotIn("b", parsed.seen)
        self.assertIn(HOSTILE, parsed.text)
        self.assertIn("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;", page)
        for part in ("<!DOCTYPE html>", '<html lang="en">', "prefers-color-scheme: dark", "@media print", "viewport"):
            self.assertIn(part, page)
        self.assertNotRegex(page, r"https?://|src=|@import|url\(")

    def test_pages_may_be_chinese(self):
        page = self.profile("--language", "zh", "--out", "page.html")
        page = (self.folder / "page.html").read_text()
        self.assertIn('<html lang="zh">', page)
        for word in ("客户 S00017", "流失概率", "相似客户", "通常为"):
            self.assertIn(word, page)
        self.assertIn("与典型客户对比", self.profile("--language", "zh").stdout)

    def test_what_is_wrong_is_named_and_nothing_is_written(self):
        refused = self.profile("--out", "page.html", id="S0001", code=3).stderr
        self.assertRegex(refused, r'no customer "S0001" in column "customer_id".* Did you mean "S0\d+"')
        self.assertIn("what is the customer worth?",
                      self.profile("--actions", self.write("actions.toml", ACTIONS), code=2).stderr)
        self.assertIn("--actions is missing", self.profile("--customer-value", "2", code=2).stderr)
        self.assertRegex(self.profile("--segments", TABLE, code=3).stderr, 'no column "segment_name"')
        self.assertIn("--out", self.profile("--out", TABLE, code=2).stderr)
        self.assertFalse((self.folder / "page.html").exists())

    def test_rows_are_numbered_without_ids(self):
        data = self.write("new.csv", "\n".join(line.partition(",")[2] for line in TABLE.read_text().splitlines()))
        result = self.profile(id="17", data=data)
        self.assertIn("Customer 17 (row)", result.stdout)
        self.assertIn('no id column "customer_id"', result.stderr)


if __name__ == "__main__":
    unittest.main()
