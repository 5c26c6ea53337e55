#!/usr/bin/env python3
"""Remakes imputation.json with scikit-learn and pandas: python3 make_imputation.py > imputation.json

Columns of training and new rows, null where missing, and what KNNImputer makes of the new ones; a log of
customers and what pandas' groupby(customer).ffill() makes of it in order of time.
"""
import json

import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import KNNImputer


def columns(matrix):
    return [[None if np.isnan(v) else v for v in column] for column in matrix.T.tolist()]


def main():
    random = np.random.default_rng(17)

    def rows(count, missing):
        matrix = np.round(random.normal(size=(count, 4)) @ random.normal(size=(4, 4)), 3)
        return np.where(random.uniform(size=matrix.shape) < missing, np.nan, matrix)

    training, new = rows(80, 0.25), rows(40, 0.4)
    new[0] = np.nan  # nothing shared: the means
    training[5] = [1, 2, 3, 4]
    new[1] = [1, 2, np.nan, 4]  # at distance 0, which scikit-learn's differences of squares give for whole numbers
    few = training.copy()
    few[3:, 1] = np.nan  # fewer values than neighbours
    cases = []
    for name, fitted, neighbours, weights in (("five", training, 5, "uniform"), ("one", training, 1, "uniform"),
                                              ("by distance", training, 4, "distance"),
                                              ("few values", few, 9, "distance")):
        filled = KNNImputer(n_neighbors=neighbours, weights=weights).fit(fitted).transform(new)
        cases.append({"name": name, "neighbours": neighbours, "weights": weights, "training": columns(fitted),
                      "filled": filled.T.tolist()})
    log = pd.DataFrame({"customer": random.integers(0, 6, 60), "time": random.permutation(60),
                        "value": np.where(random.uniform(size=60) < 0.5, np.nan, random.integers(0, 99, 60))})
    filled = log.sort_values("time").groupby("customer")["value"].ffill().sort_index()
    print(json.dumps({"made_with": f"scikit-learn {sklearn.__version__}, pandas {pd.__version__}",
                      "new": columns(new), "cases": cases,
                      "log": {"customers": log["customer"].tolist(), "times": log["time"].tolist(),
                              "values": [None if np.isnan(v) else v for v in log["value"]],
                              "filled": [None if np.isnan(v) else v for v in filled]}})
          .replace('{"name"', '\n{"name"'))


if __name__ == "__main__":
    main()
