#!/usr/bin/env python3
"""Remakes mahalanobis.json with scikit-learn and scipy: python3 make_mahalanobis.py > mahalanobis.json

Clouds of normal rows with clusters of outliers, and MinCovDet's estimates. Its own starts, halves of the rows, stop
at a worse half than need be; it is given 500 starts of few rows each, as the authors of the method advise. Values
of the chi-squared distribution.
"""
import json

import numpy as np
import scipy
import sklearn
from scipy.stats import chi2
from sklearn.covariance import MinCovDet, _robust_covariance


def thorough_mcd(rows, support_fraction=None, cov_computation_method=None, random_state=None):
    support = int(np.ceil(0.5 * (len(rows) + rows.shape[1] + 1)))
    random = np.random.default_rng(1)
    drawn = [rows[random.choice(len(rows), rows.shape[1] + 1, replace=False)] for _ in range(500)]
    elemental = (np.array([d.mean(0) for d in drawn]), np.array([np.cov(d.T, ddof=0) for d in drawn]))
    starts = _robust_covariance.select_candidates(rows, support, elemental, select=10, n_iter=2)
    best = _robust_covariance.select_candidates(rows, support, starts[:2], select=1)
    return tuple(part[0] for part in best)


def case(name, rows):
    _robust_covariance.fast_mcd = thorough_mcd
    best = MinCovDet(random_state=0).fit(rows)
    return {"name": name, "columns": rows.T.tolist(),
            "log_determinant": np.linalg.slogdet(best.raw_covariance_)[1],
            "location": best.location_.tolist(), "covariance": best.covariance_.ravel().tolist(),
            "distances": best.dist_[:20].tolist(),
            "isolated": int((best.dist_ > chi2.ppf(0.975, rows.shape[1])).sum())}


def main():
    random = np.random.default_rng(23)

    def cloud(count, outliers, width, distance):
        rows = random.normal(size=(count, width)) @ random.normal(size=(width, width)) + 10 * np.arange(width)
        rows[:outliers] = rows[:outliers] * 0.1 + distance
        return np.round(random.permutation(rows), 3)

    cases = [case("one subset", cloud(150, 40, 3, 25)), case("two subsets", cloud(700, 150, 2, 30)),
             case("five subsets", cloud(1700, 300, 3, -20)), case("clean", cloud(90, 0, 4, 0))]
    degrees = [1, 2, 3, 10, 100, 1000]
    print(json.dumps({"made_with": f"scikit-learn {sklearn.__version__}, scipy {scipy.__version__}",
                      "cases": cases,
                      "chi_squared": [{"probability": p, "degrees": d, "quantile": chi2.ppf(p, d),
                                       "beyond": chi2.cdf(1.3 * d, d)}
                                      for p in (1e-6, 0.025, 0.5, 0.975, 0.999999) for d in degrees]})
          .replace('{"name"', '\n{"name"'))


if __name__ == "__main__":
    main()
