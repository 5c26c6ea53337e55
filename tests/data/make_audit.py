#!/usr/bin/env python3
"""Remakes audit.json, two-sample Kolmogorov-Smirnov tests by scipy: python3 make_audit.py > audit.json

The p-value is that of the Kolmogorov distribution at statistic * sqrt(n m / (n + m)), which is the limit of
ks_2samp's for many values.
"""
import json
import math

import numpy as np
import scipy
from scipy import special, stats


def case(before, after):
    statistic = stats.ks_2samp(before, after).statistic
    n, m = len(before), len(after)
    return {"before": before.tolist(), "after": after.tolist(), "statistic": statistic,
            "p_value": special.kolmogorov(statistic * math.sqrt(n * m / (n + m)))}


def main():
    random = np.random.default_rng(10)
    cases = [case(np.round(random.normal(0, 1, 80), 3), np.round(random.normal(0.5, 1, 60), 3)),
             case(random.integers(0, 5, 100).astype(float), random.integers(0, 6, 70).astype(float)),
             case(np.array([1.0, 2.0]), np.array([3.0]))]
    print(json.dumps({"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "cases": cases}))


if __name__ == "__main__":
    main()
