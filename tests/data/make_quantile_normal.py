#!/usr/bin/env python3
"""Remakes quantile_normal.json with scikit-learn (1.x): python3 make_quantile_normal.py > quantile_normal.json

Each case: training values, the number of quantiles, points and what QuantileTransformer makes of them.
The least and the greatest training value occur once: at a tie there, ebb departs from scikit-learn on
purpose (preprocessing/scaling/scaling.h).
"""
import json

import numpy as np
from sklearn.preprocessing import QuantileTransformer


def case(name, values, quantiles, points):
    transformer = QuantileTransformer(n_quantiles=min(quantiles, len(values)), output_distribution="normal",
                                      subsample=None)
    transformer.fit(values.reshape(-1, 1))
    return {"name": name, "quantiles": quantiles, "values": values.tolist(), "points": points.tolist(),
            "scaled": transformer.transform(points.reshape(-1, 1)).ravel().tolist()}


def main():
    random = np.random.default_rng(7)
    normal = np.round(random.normal(50, 12, 57), 2)
    skewed = np.round(random.lognormal(3, 1.5, 1400), 2)
    tied = np.concatenate([[-3.0], np.repeat([0.0, 1.0, 2.0, 5.0], [60, 30, 7, 3]), [9.0]])
    cases = [
        case("continuous", normal, 1000, np.concatenate([normal[:20], np.round(random.normal(50, 20, 20), 3)])),
        case("more values than quantiles", skewed, 1000,
             np.concatenate([skewed[:30], np.round(random.lognormal(3, 2, 20), 3)])),
        case("few quantiles", skewed[:300], 11, skewed[:30]),
        case("tied", tied, 1000, np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 1.9, 2.0, 5.0, 7.0, 9.0])),
        case("two values", np.array([1.0, 4.0]), 1000, np.array([0.0, 1.0, 2.0, 2.5, 4.0, 5.0])),
    ]
    print("[" + ",\n".join(json.dumps(c) for c in cases) + "]")


if __name__ == "__main__":
    main()
