"""Choosing a threshold for a purpose, and measuring with intervals."""

import json
import unittest

from program import TABLE, ProgramTest, rows_of


class DecisionTest(ProgramTest):
    def test_a_budget_flags_no_more_than_can_be_contacted(self):
        trained = self.train("--objective", "budget", "--contact-share", "0.2")
        self.assertRegex(trained.stdout, r"it flags \d+\.\d+ % of the validation rows, where 20 % can be")
        metrics = json.loads((self.folder / "model/metrics.json").read_text())
        matrix = metrics["network"]["validation"]["confusion_matrix"]
        flagged = matrix["true_positive"] + matrix["false_positive"]
        self.assertLessEqual(flagged, 0.2 * metrics["network"]["validation"]["rows"])
        self.assertGreater(flagged, 0)

    def test_a_campaign_is_measured_in_money(self):
        trained = self.train("--objective", "profit", "--customer-value", "300", "--acceptance-rate", "0.5")
        self.assertIn("a leaver who is kept is worth 300, 50 % of leavers take the offer of 10", trained.stdout)
        measured = json.loads(self.ebb("evaluate", "--model", "model", "--data", TABLE, "--json", "-").stdout)
        matrix = measured["confusion_matrix"]
        gained = matrix["true_positive"] * (0.5 * (300 - 10) - 1) - matrix["false_positive"] * (10 + 1)
        self.assertAlmostEqual(measured["profit_per_customer"], gained / measured["rows"], places=9)
        self.assertGreater(measured["expected_maximum_profit"], measured["profit_per_customer"] * 0.9)
        self.assertLess(measured["best_contacted_share"], 1)
        self.assertIn("expected_maximum_profit",
                      self.ebb("evaluate", "--model", "model", "--data", TABLE).stdout)

    def test_intervals_hold_the_figures(self):
        self.train()
        command = ["evaluate", "--model", "model", "--data", TABLE, "--intervals", "200"]
        measured = json.loads(self.ebb(*command, "--json", "-").stdout)
        self.assertNotIn("profit_per_customer", measured)  # the model was not trained for it
        for name, (low, high) in measured["intervals"].items():
            self.assertLessEqual(low, high, name)
        low, high = measured["intervals"]["roc_auc"]
        self.assertTrue(low < measured["roc_auc"] < high)
        one_thread = json.loads(self.ebb(*command, "--json", "-", "--threads", "1").stdout)
        self.assertEqual(one_thread["intervals"], measured["intervals"])
        self.assertRegex(self.ebb(*command).stdout, r"roc_auc +0\.\d{4} +0\.\d{4} +0\.\d{4}\n")

    def test_calibrated_scores_keep_their_order(self):
        self.train(out="plain")
        plain = json.loads(self.ebb("evaluate", "--model", "plain", "--data", TABLE, "--json", "-").stdout)
        trained = self.train("--calibration", "platt")
        self.assertRegex(trained.stdout, r"calibration logits times \S+ plus \S+ \(Platt\)")
        self.assertRegex(self.ebb("info", "--model", "model").stdout, r"calibration +logits times")
        platt = json.loads(self.ebb("evaluate", "--model", "model", "--data", TABLE, "--json", "-").stdout)
        self.assertEqual(platt["roc_auc"], plain["roc_auc"])
        self.assertNotEqual(platt["log_loss"], plain["log_loss"])
        self.assertEqual(sum(bin["rows"] for bin in platt["reliability"]), platt["rows"])
        shown = self.ebb("evaluate", "--model", "model", "--data", TABLE, "--reliability").stdout
        self.assertRegex(shown, r"probability +rows +mean +happened\n0\.")
        for model in ("plain", "model"):
            self.ebb("predict", "--model", model, "--data", TABLE, "--out", f"{model}.csv")
        scores = {model: [float(row["probability"]) for row in rows_of((self.folder / f"{model}.csv").read_text())]
                  for model in ("plain", "model")}
        self.assertNotEqual(scores["plain"], scores["model"])
        by_plain = sorted(range(len(scores["plain"])), key=lambda row: (scores["plain"][row], scores["model"][row]))
        calibrated = [scores["model"][row] for row in by_plain]
        self.assertEqual(calibrated, sorted(calibrated))

    def test_options_of_another_objective_are_refused(self):
        for option, needed in (("--contact-share", "budget"), ("--customer-value", "profit"),
                               ("--false-negative-cost", "cost")):
            refused = self.ebb("train", "--data", TABLE, "--target", "churn", "--out", "model",
                               option, "0.5", code=2)
            self.assertIn(f"{option} has no effect without --objective {needed}", refused.stderr)
        refused = self.ebb("train", "--data", TABLE, "--target", "churn", "--out", "model",
                           "--objective", "profit", "--customer-value", "5", code=3)
        self.assertIn("customer_value 5 is not above incentive_cost 10", refused.stderr)
        refused = self.ebb("train", "--data", TABLE, "--target", "churn", "--out", "model",
                           "--objective", "cost", "--true-positive-cost", "6", code=3)
        self.assertIn("false_negative_cost 5 is not above true_positive_cost 6", refused.stderr)
        refused = self.ebb("train", "--data", TABLE, "--target", "churn", "--out", "model",
                           "--objective", "luck", code=2)
        self.assertIn("expected f1, accuracy, cost, profit or budget", refused.stderr)


if __name__ == "__main__":
    unittest.main()
