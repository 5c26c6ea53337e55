#!/usr/bin/env python3
"""Remakes calibration.json: scores and labels, and what scikit-learn's calibrations make of them.

usage: make_calibration.py > calibration.json       (needs numpy, scipy and scikit-learn)

Platt's is scikit-learn's own; that of a temperature alone is minimised by scipy against the same
targets.
"""

import json
import sys

import numpy as np
from scipy import optimize
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

QUERIES = np.array([0.0, 0.001, 0.1, 0.25, 0.5, 0.6, 0.85, 0.99, 1.0], dtype=np.float32)
EPSILON = float(np.finfo(np.float32).eps)


def logit(p):
    p = np.clip(p.astype(np.float64), EPSILON, 1 - EPSILON)
    return np.log(p) - np.log1p(-p)


def temperature(scores, y):
    targets = np.where(y == 1, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))
    z = logit(scores)
    loss = lambda slope: np.sum(np.logaddexp(0, slope * z) - targets * slope * z)
    return optimize.minimize_scalar(loss, bounds=(1e-3, 50), method="bounded", options={"xatol": 1e-12}).x


def case(generator, rows, confidence, shift):
    p = 1 / (1 + np.exp(-generator.normal(-1, 1.5, rows)))
    y = (generator.random(rows) < p).astype(int)
    y[:2] = 0, 1
    scores = np.round(1 / (1 + np.exp(-confidence * np.log(p / (1 - p)) - shift)), 3).astype(np.float32)
    platt = _SigmoidCalibration().fit(logit(scores), y)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(scores.astype(np.float64), y)
    slope = temperature(scores, y)
    return {
        "scores": [float(s) for s in scores],
        "labels": y.tolist(),
        "platt": platt.predict(logit(QUERIES)).tolist(),
        "temperature": (1 / (1 + np.exp(-slope * logit(QUERIES)))).tolist(),
        "isotonic": isotonic.predict(QUERIES.astype(np.float64)).tolist(),
    }


generator = np.random.default_rng(3)
cases = [case(generator, *shape) for shape in [(60, 2.0, 0.0), (400, 3.0, 1.0), (400, 0.4, -1.0), (30, 1.0, 0.0)]]
json.dump({"queries": [float(q) for q in QUERIES], "cases": cases}, sys.stdout)
print()
