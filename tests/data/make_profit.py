#!/usr/bin/env python3
"""Remakes profit.json: expected maximum profits of small score sets, and incomplete beta functions.

usage: make_profit.py > profit.json       (needs numpy, scipy and empulse)

The profit is the mean over quantiles of the acceptance rate of the best profit that any threshold
gives: by trying them all, without a convex hull. It is checked against empulse's closed form.
"""

import json
import sys

import numpy as np
from empulse.metrics import empc_score
from scipy import special, stats

QUANTILES = 200_000
OFFERS = 20


def expected_profit(y, scores, campaign):
    value, incentive, contact, rate = campaign
    thresholds = np.concatenate([[np.inf], np.unique(scores)[::-1]])
    leavers = np.array([(scores[y == 1] >= t).sum() for t in thresholds]) / len(y)
    stayers = np.array([(scores[y == 0] >= t).sum() for t in thresholds]) / len(y)
    rates = stats.beta.ppf((np.arange(QUANTILES) + 0.5) / QUANTILES, rate * OFFERS, (1 - rate) * OFFERS)
    profit = share = 0.0
    for part in np.array_split(rates, 100):
        gains = np.outer(part * (value - incentive) - contact, leavers) - (incentive + contact) * stayers
        best = gains.argmax(axis=1)
        profit += gains.max(axis=1).sum()
        share += (leavers + stayers)[best].sum()
    return profit / QUANTILES, share / QUANTILES


def cases():
    generator = np.random.default_rng(7)
    for rows, churn, separation, campaign in [
        (40, 0.3, 1.0, (200.0, 10.0, 1.0, 0.3)),
        (200, 0.2, 0.7, (200.0, 10.0, 1.0, 0.3)),
        (200, 0.2, 0.0, (200.0, 10.0, 1.0, 0.3)),
        (300, 0.1, 1.5, (80.0, 20.0, 5.0, 0.15)),
        (100, 0.5, 3.0, (1000.0, 0.0, 0.0, 0.6)),
        (60, 0.4, 0.5, (200.0, 60.0, 10.0, 0.5)),  # most rates have their best on a curve far from convex
    ]:
        y = (generator.random(rows) < churn).astype(int)
        y[:2] = 0, 1
        scores = 1 / (1 + np.exp(-(generator.normal(0, 1, rows) + separation * y)))
        scores = np.round(scores, 2).astype(np.float32)  # with ties
        profit, share = expected_profit(y, scores, campaign)
        value, incentive, contact, rate = campaign
        other = empc_score(y, scores, clv=value, incentive_cost=incentive, contact_cost=contact,
                           alpha=rate * OFFERS, beta=(1 - rate) * OFFERS)
        assert abs(other - profit) < 1e-4 * max(1.0, profit), (other, profit)
        yield {"scores": [float(s) for s in scores], "labels": y.tolist(), "campaign": campaign,
               "per_customer": profit, "contacted_share": share}


def beta_functions():
    for a, b in [(0.5, 0.5), (1, 1), (6, 14), (7, 14), (100, 3), (0.1, 30)]:
        for x in [0.0, 1e-6, 0.1, 0.3, 0.5, 0.9, 0.999, 1.0]:
            yield [a, b, x, float(special.betainc(a, b, x))]


json.dump({"cases": list(cases()), "incomplete_beta": list(beta_functions())}, sys.stdout)
print()
