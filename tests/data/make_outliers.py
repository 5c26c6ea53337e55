#!/usr/bin/env python3
"""Remakes outliers.json with pandas and scipy: python3 make_outliers.py > outliers.json

Bounds by quartiles and by quantiles from pandas, by z-score from scipy's zscore (population deviation).
"""
import json

import numpy as np
import pandas as pd
import scipy
from scipy import stats


def case(name, values):
    series = pd.Series(values)
    low, high = series.quantile([0.25, 0.75])
    present = series.dropna()
    # A value's z-score is linear in it, so two of them give mean and deviation.
    z = stats.zscore(present)
    slope = (present.max() - present.min()) / (z.max() - z.min())
    mean = present.min() - z.min() * slope
    return {"name": name, "values": [None if np.isnan(v) else v for v in values.tolist()],
            "iqr": [low - 1.5 * (high - low), high + 1.5 * (high - low)],
            "z_score": [mean - 3 * slope, mean + 3 * slope],
            "quantile": series.quantile([0.01, 0.99]).tolist(),
            "clipped_sum": series.clip(low - 1.5 * (high - low), high + 1.5 * (high - low)).sum(),
            "below": int((series < low - 1.5 * (high - low)).sum()),
            "above": int((series > high + 1.5 * (high - low)).sum())}


def main():
    random = np.random.default_rng(3)
    normal = np.round(random.normal(40, 9, 200), 2)
    skewed = np.round(random.lognormal(2, 1.5, 301), 3)
    holes = np.where(random.uniform(size=150) < 0.2, np.nan, np.round(random.standard_t(2, 150), 3))
    cases = [case("normal", normal), case("skewed", skewed), case("missing values", holes),
             case("two values", np.array([1.0, 5.0]))]
    print(json.dumps({"made_with": f"pandas {pd.__version__}, scipy {scipy.__version__}", "cases": cases})
          .replace('{"name"', '\n{"name"'))


if __name__ == "__main__":
    main()
