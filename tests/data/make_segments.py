#!/usr/bin/env python3
"""Remakes segments.json: k-means, Gaussian mixtures, silhouettes and Wilson intervals of small tables.

usage: make_segments.py > segments.json       (needs numpy, scipy and scikit-learn)
"""

import json
import sys
import warnings

import numpy as np
from scipy.stats import binomtest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

ITERATIONS = 25


def mixture(rows, labels, kind):
    """Expectation maximisation from rows that are each wholly of one component."""
    clusters = labels.max() + 1
    parts = [rows[labels == k] for k in range(clusters)]
    floor = 1e-6
    if kind == "full":
        precisions = [np.linalg.inv(np.cov(part.T, bias=True) + floor * np.eye(rows.shape[1])) for part in parts]
    else:
        precisions = [1 / (part.var(axis=0) + floor) for part in parts]
    # The first of scikit-learn's iterations makes the shares of this start, and the parameters of those.
    fitted = GaussianMixture(clusters, covariance_type={"diagonal": "diag"}.get(kind, kind), tol=0, reg_covar=floor,
                             max_iter=ITERATIONS, weights_init=[len(part) / len(rows) for part in parts],
                             means_init=[part.mean(axis=0) for part in parts], precisions_init=np.array(precisions))
    fitted.fit(rows)
    return {"log_likelihood": fitted.score(rows), "bic": fitted.bic(rows), "weights": fitted.weights_.tolist(),
            "means": fitted.means_.tolist(), "covariances": fitted.covariances_.tolist(),
            "of_row": fitted.predict(rows).tolist()}


def cases():
    generator = np.random.default_rng(3)
    for count, width, clusters, distance in [(60, 2, 3, 4.0), (200, 3, 4, 2.0), (150, 5, 2, 1.0)]:
        middles = generator.normal(0, distance, (clusters, width))
        rows = middles[generator.integers(clusters, size=count)] + generator.normal(0, 1, (count, width))
        rows = rows.round(3)
        centres = rows[generator.choice(count, clusters, replace=False)]
        found = KMeans(clusters, init=centres, n_init=1, tol=0, algorithm="lloyd").fit(rows)
        restarted = max(KMeans(clusters, n_init=10, tol=0, algorithm="lloyd", random_state=seed).fit(rows).inertia_
                        for seed in range(30))
        yield {"rows": rows.ravel().tolist(), "width": width, "start": centres.ravel().tolist(),
               "restarted": restarted,
               "centres": found.cluster_centers_.ravel().tolist(), "of_row": found.labels_.tolist(),
               "inertia": found.inertia_, "silhouette": silhouette_score(rows, found.labels_),
               "iterations": ITERATIONS,
               **{kind: mixture(rows, found.labels_, kind) for kind in ("diagonal", "full")}}


def intervals():
    for hits, count in [(0, 1), (1, 1), (3, 10), (0, 40), (250, 1000)]:
        interval = binomtest(hits, count).proportion_ci(method="wilson")
        yield [hits, count, interval.low, interval.high]


warnings.simplefilter("ignore", ConvergenceWarning)
json.dump({"cases": list(cases()), "wilson": list(intervals())}, sys.stdout)
print()
