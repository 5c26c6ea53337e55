"""Putting customers in groups."""

import json
import unittest
from statistics import median

from program import TABLE, ProgramTest, rows_of

CUSTOMERS = rows_of(TABLE.read_text())
FEATURES = set(CUSTOMERS[0]) - {"customer_id", "churn"}


class SegmentTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()

    def segment(self, *more, out="segments.csv", data=TABLE, **options):
        return self.ebb("segment", "--model", "model", "--data", data, "--out", out, "--summary", "segments.json",
                        *more, **options)

    def rows(self):
        return rows_of((self.folder / "segments.csv").read_text())

    def summary(self):
        return json.loads((self.folder / "segments.json").read_text())

    def check_summary(self, by):
        """The summary says of each segment what the rows and the table say."""
        summary = self.summary()
        self.assertEqual((summary["by"], summary["customers"]), (by, 400))
        rows = list(zip(self.rows(), CUSTOMERS, strict=True))
        self.assertEqual({segment["segment"] for segment in summary["segments"]},
                         {int(row["segment"]) for row, _ in rows})
        for segment in summary["segments"]:
            own = [(row, customer) for row, customer in rows if int(row["segment"]) == segment["segment"]]
            self.assertEqual(len(own), segment["customers"])
            self.assertEqual({row["segment_name"] for row, _ in own}, {segment["name"]})
            self.assertAlmostEqual(segment["share"], len(own) / 400)
            self.assertAlmostEqual(segment["mean_probability"],
                                   sum(float(row["probability"]) for row, _ in own) / len(own), delta=1e-5)
            rate = sum(customer["churn"] == "yes" for _, customer in own) / len(own)
            self.assertAlmostEqual(segment["churn_rate"], rate)
            self.assertLessEqual(segment["churn_rate_low"], rate + 1e-12)
            self.assertGreaterEqual(segment["churn_rate_high"], rate - 1e-12)
            self.assertLessEqual(len(segment["factors"]), 3)
            for factor in segment["factors"]:
                self.assertIn(factor["column"], FEATURES)
                self.check_factor(factor, [customer for _, customer in own])
        return summary

    def check_factor(self, factor, own):
        def share_or_mean(customers):
            values = [customer[factor["column"]] for customer in customers if customer[factor["column"]]]
            if "level" in factor:
                return sum(value == factor["level"] for value in values) / len(values)
            return sum(map(float, values)) / len(values)

        others = [customer for customer in CUSTOMERS if customer not in own]
        self.assertAlmostEqual(factor["inside"], share_or_mean(own))
        self.assertAlmostEqual(factor["outside"], share_or_mean(others))
        self.assertEqual(factor["difference"] > 0, factor["inside"] > factor["outside"])

    def test_quadrants_are_by_risk_and_value(self):
        printed = self.segment("--value-column", "mean_basket").stdout
        summary = self.check_summary("quadrants")
        middle = median(float(customer["mean_basket"]) for customer in CUSTOMERS if customer["mean_basket"])
        for row, customer in zip(self.rows(), CUSTOMERS, strict=True):
            self.assertEqual(row["customer_id"], customer["customer_id"])
            if not customer["mean_basket"]:
                self.assertEqual(row["segment_name"], "value unknown")
                continue
            worth = "valuable" if float(customer["mean_basket"]) > middle else "less valuable"
            risk = "at risk" if float(row["probability"]) >= summary["threshold"] else "loyal"
            self.assertEqual(row["segment_name"], f"{worth} and {risk}")
        self.assertIn("less valuable and loyal", printed)
        self.assertIn("what sets them apart", printed)
        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")
        scores = rows_of((self.folder / "scores.csv").read_text())
        self.assertEqual([row["probability"] for row in self.rows()], [row["probability"] for row in scores])

    def test_a_share_may_be_at_risk(self):
        self.segment("--value-column", "mean_basket", "--risk-share", "0.1")
        self.check_summary("quadrants")
        probabilities = [float(row["probability"]) for row in self.rows()
                         if row["segment_name"].endswith("at risk")]
        self.assertIn(len(probabilities), range(35, 42))  # some of the forty may have no value
        others = [float(row["probability"]) for row in self.rows() if row["segment_name"].endswith("loyal")]
        self.assertLessEqual(max(others), min(probabilities))

    def test_rfm_classes_have_their_names(self):
        self.segment("--recency-column", "days_since_order", "--frequency-column", "orders_90_days",
                     "--monetary-column", "mean_basket")
        self.check_summary("rfm")
        names = {row["segment_name"] for row in self.rows()}
        self.assertIn("champions", names)
        self.assertIn("hibernating", names)

    def test_clusters_are_the_same_for_any_number_of_threads(self):
        for by in ("k-means", "mixture"):
            self.segment("--by", by, "--clusters", "3", "--threads", "1")
            self.check_summary(by)
            first = (self.folder / "segments.csv").read_text()
            self.segment("--by", by, "--clusters", "3", "--threads", "2")
            self.assertEqual((self.folder / "segments.csv").read_text(), first)
            self.assertEqual({row["segment"] for row in self.rows()}, {"1", "2", "3"})
            risks = [segment["mean_probability"] for segment in self.summary()["segments"]]
            self.assertEqual(risks, sorted(risks, reverse=True))

    def test_without_a_number_the_best_is_taken(self):
        self.segment()
        summary = self.check_summary("k-means")
        self.assertEqual([tried["clusters"] for tried in summary["tried"]], list(range(2, 11)))
        best = max(summary["tried"], key=lambda tried: tried["score"])
        self.assertEqual(len(summary["segments"]), best["clusters"])
        self.segment("--by", "mixture")
        summary = self.summary()
        self.assertEqual(summary["score"], "bic")
        best = min(summary["tried"], key=lambda tried: tried["score"])
        self.assertLessEqual(len(summary["segments"]), best["clusters"])

    def test_names_may_be_chinese(self):
        self.segment("--by", "k-means", "--clusters", "2", "--language", "zh")
        self.assertRegex(self.rows()[0]["segment_name"], "^[高中低]风险：.* (偏|多为|少为)")

    def test_no_labels_are_needed(self):
        header, *rows = TABLE.read_text().splitlines()
        data = self.write("new.csv", "\n".join(line.rpartition(",")[0] for line in [header, *rows]) + "\n")
        printed = self.segment("--value-column", "mean_basket", data=data, out="-")
        self.assertTrue(printed.stdout.startswith("customer_id,probability,segment,segment_name\n"))
        self.assertNotIn("churn_rate", self.summary()["segments"][0])

    def test_what_is_wrong_is_named_and_nothing_is_written(self):
        for arguments, code, message in [
            (["--by", "quadrants"], 2, "--by quadrants needs --value-column"),
            (["--by", "rfm", "--recency-column", "days_since_order"], 2, "needs --frequency-column"),
            (["--by", "k-means", "--value-column", "mean_basket"], 2, "--value-column is about --by quadrants"),
            (["--risk-share", "0.1"], 2, "--risk-share is about --by quadrants"),
            (["--risk-share", "0.1", "--value-column", "mean_basket", "--threshold", "0.5"], 2, "in place of --thresh"),
            (["--clusters", "3", "--value-column", "mean_basket"], 2, "--clusters is about --by k-means"),
            (["--value-column", "mean_baskte"], 3, 'no column "mean_baskte", which --value-column names.* Did you mean '
                                                   '"mean_basket"'),
            (["--value-column", "plan"], 3, 'column "plan" .*: "basic" is no number'),
            (["--clusters", "500"], 3, "500 clusters of 400 rows"),
            (["--by", "kmeans"], 2, "kmeans"),
        ]:
            self.assertRegex(self.segment(*arguments, code=code).stderr, message)
        self.assertFalse((self.folder / "segments.csv").exists())
        self.assertFalse((self.folder / "segments.json").exists())


if __name__ == "__main__":
    unittest.main()
