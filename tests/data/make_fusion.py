#!/usr/bin/env python3
"""Writes fusion.json: weights and stacking of made-up members (SciPy, scikit-learn) and diversity figures by
their definitions (NumPy), for tests/churn/fusion/."""

import json
from pathlib import Path

import numpy
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

LEAST = float(numpy.finfo(numpy.float32).eps)


def members(generator, rows, count):
    """Probabilities that know the label more or less, and labels of 0 and 1."""
    labels = (generator.random(rows) < 0.3).astype(int)
    scores = []
    for member in range(count):
        strength = 0.4 + 0.2 * member
        z = strength * (labels - 0.3) * 2 - 0.8 + generator.standard_normal(rows)
        scores.append(numpy.float32(1 / (1 + numpy.exp(-z))))
    return numpy.array(scores), labels


def weights_of(scores, labels):
    """By SLSQP: least log loss of a mean by weights that are not negative and sum to 1."""
    p = numpy.clip(scores.astype(float), LEAST, 1 - LEAST)
    likelihood = numpy.where(labels == 1, p, 1 - p)

    def loss(w):
        return -numpy.mean(numpy.log(w @ likelihood))

    count = len(scores)
    found = minimize(loss, numpy.full(count, 1 / count), method="SLSQP", bounds=[(0, 1)] * count,
                     constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-14, "maxiter": 500})
    return found.x, loss(found.x)


def diversity(scores, labels):
    flags = scores >= 0.5
    right = flags == (labels == 1)
    pairs = []
    for a in range(len(scores)):
        for b in range(a + 1, len(scores)):
            both, neither = (right[a] & right[b]).sum(), (~right[a] & ~right[b]).sum()
            first, second = (right[a] & ~right[b]).sum(), (~right[a] & right[b]).sum()
            errors = labels - scores[[a, b]].astype(float)
            pairs.append({"disagreement": float((flags[a] != flags[b]).mean()),
                          "q": float((both * neither - first * second) / (both * neither + first * second)),
                          "correlation": float(numpy.corrcoef(errors)[0, 1])})
    mean = scores.astype(float).mean(axis=0)
    return {"pairs": pairs, "members": float(((scores - labels) ** 2).mean()),
            "ensemble": float(((mean - labels) ** 2).mean())}


def main():
    generator = numpy.random.default_rng(5)
    cases = []
    for rows, count in ((200, 3), (400, 5)):
        scores, labels = members(generator, rows, count)
        weights, loss = weights_of(scores, labels)
        p = numpy.clip(scores.astype(float), LEAST, 1 - LEAST)
        stacking = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(numpy.log(p / (1 - p)).T, labels)
        cases.append({"scores": scores.tolist(), "labels": labels.tolist(), "weights": weights.tolist(), "loss": loss,
                      "stacking": stacking.coef_[0].tolist(), "intercept": float(stacking.intercept_[0]),
                      "diversity": diversity(scores, labels)})
    Path(__file__).with_name("fusion.json").write_text(json.dumps({"cases": cases}) + "\n")


if __name__ == "__main__":
    main()
