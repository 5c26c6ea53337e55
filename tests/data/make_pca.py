#!/usr/bin/env python3
"""Remakes pca.json with scikit-learn's PCA: python3 make_pca.py > pca.json"""
import json

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler


def case(name, values, components, standardise=False, explained=1.0):
    mean, scale = values.mean(axis=0), np.ones(values.shape[1])
    if standardise:
        scaler = StandardScaler().fit(values)
        scale = scaler.scale_ * np.sqrt(len(values) / (len(values) - 1))  # ebb's has divisor n - 1
    scaled = (values - mean) / scale
    kept = components if explained == 1.0 else explained
    # "full" is by singular values: it takes a share of the variance as well, and sets the same signs.
    pca = PCA(n_components=kept, svd_solver="covariance_eigh" if explained == 1.0 else "full").fit(scaled)
    scores = pca.transform(scaled)
    return {"name": name, "values": values.T.tolist(), "components": 0 if explained < 1.0 else components,
            "standardise": standardise, "explained": explained, "weights": pca.components_.ravel().tolist(),
            "variances": pca.explained_variance_.tolist(), "shares": pca.explained_variance_ratio_.tolist(),
            "scores": scores.T.tolist(), "inverse": (pca.inverse_transform(scores) * scale + mean).T.tolist()}


def main():
    random = np.random.default_rng(8)
    mixed = random.normal(size=(40, 5)) @ random.normal(size=(5, 5)) + np.array([0.0, 10.0, -5.0, 1e3, 1.0])
    units = mixed * np.array([1.0, 1e3, 1e-2, 5.0, 1.0])
    cases = [case("all components", mixed, 5), case("two components", mixed, 2),
             case("standardised", units, 5, standardise=True), case("a share", mixed, 5, explained=0.9)]
    print(json.dumps({"versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
                      "cases": cases}))


if __name__ == "__main__":
    main()
