#!/usr/bin/env python3
"""Remakes metrics_fixture.json: small labelled score sets with scikit-learn's metrics of each.

usage: make_metrics_fixture.py > metrics_fixture.json       (needs numpy and scikit-learn)

Undefined metrics are null. Scores and weights are float32 values, written exactly.
"""

import json
import sys
import warnings

import numpy as np
from sklearn import metrics as sk

BINS = 15
FLOAT32_EPSILON = float(np.finfo(np.float32).eps)


def calibration_error(y, p, w):
    """Straight from the definition: gap between mean label and mean probability of every bin."""
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    total = 0.0
    for b in range(BINS):
        inside = bins == b
        if w[inside].sum() > 0:
            gap = np.average(y[inside], weights=w[inside]) - np.average(p[inside], weights=w[inside])
            total += w[inside].sum() / w.sum() * abs(gap)
    return total


def lift(y, scores, w, fraction=0.10):
    """Takes rows from the top until a tenth of the weight; a tied group counts with its mean."""
    left, hit = fraction * w.sum(), 0.0
    for score in sorted(set(scores), reverse=True):
        tied = scores == score
        part = min(left, w[tied].sum())
        if part > 0:
            hit += part * np.average(y[tied], weights=w[tied])
        left -= part
    return hit / (fraction * w.sum()) / np.average(y, weights=w)


def expected_metrics(scores, y, w, threshold, is_logit):
    s = scores.astype(np.float64)
    p = 1 / (1 + np.exp(-s)) if is_logit else s
    flagged = (p >= threshold).astype(int)
    both, positives = len(set(y)) == 2, y.sum() > 0
    (tn, fp), (fn, tp) = sk.confusion_matrix(y, flagged, labels=[0, 1], sample_weight=w)
    if is_logit:  # scikit-learn's clipping would hide the saturated rows
        log_loss = np.average(np.logaddexp(0, np.where(y == 1, -s, s)), weights=w)
    else:
        clipped = np.clip(p, FLOAT32_EPSILON, 1 - FLOAT32_EPSILON)
        log_loss = sk.log_loss(y, clipped, labels=[0, 1], sample_weight=w)
    rates = {"sample_weight": w, "zero_division": np.nan}
    return {
        "base_rate": np.average(y, weights=w),
        "true_positive": tp,
        "false_positive": fp,
        "true_negative": tn,
        "false_negative": fn,
        "accuracy": sk.accuracy_score(y, flagged, sample_weight=w),
        "precision": sk.precision_score(y, flagged, **rates),
        "recall": sk.recall_score(y, flagged, **rates),
        "f1": sk.f1_score(y, flagged, **rates),
        "balanced_accuracy": sk.balanced_accuracy_score(y, flagged, sample_weight=w) if both else None,
        "roc_auc": sk.roc_auc_score(y, s, sample_weight=w) if both else None,
        "pr_auc": sk.average_precision_score(y, s, sample_weight=w) if positives else None,
        "log_loss": log_loss,
        "brier": sk.brier_score_loss(y, p, sample_weight=w, labels=[0, 1]),
        "expected_calibration_error": calibration_error(y, p, w),
        "lift_at_10_percent": lift(y, s, w) if positives else None,
    }


def cases():
    draw = np.random.default_rng(20240607)
    y = (draw.random(150) < 0.3).astype(int)
    p = 1 / (1 + np.exp(-(draw.normal(size=150) + 1.2 * y - 1)))
    weights = draw.exponential(size=150).astype(np.float32)
    weights[::17] = 0
    logits = np.log(p / (1 - p)) * 3
    logits[:4] = [60, -60, 104, -104]
    yield "continuous", p, y, None, 0.41, False
    yield "tied in tenths", p.round(1), y, None, 0.3, False
    yield "weighted", p.round(2), y, weights, 0.35, False
    yield "logits, some saturated", logits, y, None, 0.5, True
    yield "weighted logits", logits.round(0), y, weights, 0.6, True
    yield "saturated probabilities", np.where(p < 0.2, 0, np.where(p > 0.6, 1, p)), y, None, 0.5, False
    yield "all scores equal", np.full(40, 0.25), y[:40], None, 0.25, False
    yield "only positives", p[:20], np.ones(20, int), None, 0.4, False
    yield "only negatives", p[:20], np.zeros(20, int), None, 0.4, False
    yield "nobody flagged", p[:30], y[:30], None, 1.0, False
    yield "one positive row", np.array([0.7]), np.array([1]), None, 0.5, False
    yield "one negative row", np.array([0.7]), np.array([0]), None, 0.8, False


def plain(value):
    return None if value is None or np.isnan(value) else float(value)


def case_as_json(name, scores, labels, weights, threshold, is_logit):
    scores = np.asarray(scores, np.float32)
    w = np.ones(len(labels)) if weights is None else weights.astype(np.float64)
    expected = expected_metrics(scores, labels, w, threshold, is_logit)
    return {
        "name": name,
        "kind": "logit" if is_logit else "probability",
        "threshold": threshold,
        "scores": [float(v) for v in scores],
        "labels": [int(v) for v in labels],
        "weights": [] if weights is None else [float(v) for v in weights],
        "expected": {key: plain(value) for key, value in expected.items()},
    }


def main():
    warnings.simplefilter("ignore")  # scikit-learn warns of every undefined metric
    lines = ",\n".join(json.dumps(case_as_json(*case)) for case in cases())
    sys.stdout.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
