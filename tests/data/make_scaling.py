#!/usr/bin/env python3
"""Remakes scaling.json with scikit-learn: python3 make_scaling.py > scaling.json

Each case: training values, points, and by scaling what the peer makes of the points; for yeo_johnson its
lambda too. Where ebb departs from scikit-learn on purpose (preprocessing/scaling/scaling.h) there is no
entry: quartiles that are equal, powers out of bounds, ties at the ends of a rank. Nor has "mostly zero"
one of ranks: numpy's rounding puts a quantile just beside the tie.
"""
import json

import numpy as np
import sklearn
from sklearn.preprocessing import (FunctionTransformer, MaxAbsScaler, PowerTransformer, QuantileTransformer,
                                   RobustScaler, StandardScaler)


def case(name, values, points, without=()):
    column, wanted = values.reshape(-1, 1), points.reshape(-1, 1)
    signed_log = FunctionTransformer(lambda x: np.sign(x) * np.log1p(np.abs(x)))
    power = PowerTransformer(method="yeo-johnson").fit(column)
    scaled = {
        "robust": RobustScaler().fit(column).transform(wanted),
        "max_abs": MaxAbsScaler().fit(column).transform(wanted),
        "quantile_uniform": QuantileTransformer(n_quantiles=min(1000, len(values)), subsample=None)
        .fit(column).transform(wanted),
        "log": StandardScaler().fit(signed_log.transform(column)).transform(signed_log.transform(wanted)),
        "yeo_johnson": power.transform(wanted),
    }
    return {"name": name, "values": values.tolist(), "points": points.tolist(), "lambda": power.lambdas_[0],
            "scaled": {kind: s.ravel().tolist() for kind, s in scaled.items() if kind not in without}}


def main():
    random = np.random.default_rng(11)
    normal = np.round(random.normal(50, 12, 157), 2)
    skewed = np.round(random.lognormal(3, 1.2, 400), 2)
    left = np.round(100 - random.gamma(2, 6, 200), 2)
    mixed = np.round(random.standard_t(3, 300) * 4 + 1, 2)
    tied = np.concatenate([[-3.0], np.repeat([0.0, 1.0, 2.0, 5.0], [60, 30, 7, 3]), [9.0]])
    balances = np.concatenate([[-1.0], np.zeros(80), np.round(random.uniform(1e3, 1e5, 19), 2)])
    cases = [
        case("normal", normal, np.concatenate([normal[:12], [-5.0, 0.0, 200.0]])),
        case("long right tail", skewed, np.concatenate([skewed[:12], [0.0, -2.5, 1e4]])),
        case("long left tail", left, np.concatenate([left[:12], [0.0, 101.5, 130.0]])),
        case("both signs", mixed, np.concatenate([mixed[:12], [0.0, -80.0, 90.0]])),
        case("negative", -skewed, np.concatenate([-skewed[:12], [0.0, 2.5, -1e4]])),
        case("tied", tied, np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 1.9, 2.0, 5.0, 7.0, 9.0])),
        case("mostly zero", balances, np.array([-1.0, 0.0, 500.0, 5e4, 1e6]), without=("robust", "quantile_uniform")),
    ]
    print(json.dumps({"made_with": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
                      "cases": cases}).replace('{"name"', '\n{"name"'))


if __name__ == "__main__":
    main()
