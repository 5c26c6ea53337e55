#!/usr/bin/env python3
"""Writes search.json: Sobol points (SciPy), Gaussian processes (scikit-learn) and expected improvements
(SciPy's normal distribution), for tests/churn/search/."""

import json
from pathlib import Path

import numpy
from scipy.integrate import quad
from scipy.stats import norm, qmc
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel


def process(generator, rows, features):
    x = generator.random((rows, features))
    y = numpy.sin(5 * x[:, 0]) + x.sum(axis=1) + 0.1 * generator.standard_normal(rows)
    y = (y - y.mean()) / y.std()
    lengths = numpy.exp(generator.uniform(-1, 1, features))
    variance, noise = 1.7, 0.02
    kernel = ConstantKernel(variance) * Matern(lengths, nu=2.5) + WhiteKernel(noise)
    fitted = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(x, y)
    likelihood, gradient = fitted.log_marginal_likelihood(fitted.kernel_.theta, eval_gradient=True)
    queries = numpy.vstack([generator.random((4, features)), x[:1]])
    mean, deviation = fitted.predict(queries, return_std=True)
    # scikit-learn's deviation is of an observation, with noise; its theta has the variance first.
    deviation = numpy.sqrt(numpy.maximum(deviation**2 - noise, 0))
    return {"rows": x.tolist(), "values": y.tolist(), "lengths": lengths.tolist(), "variance": variance,
            "noise": noise, "likelihood": likelihood,
            "gradient": [*gradient[1:1 + features], gradient[0], gradient[1 + features]],
            "queries": queries.tolist(), "means": mean.tolist(), "deviations": deviation.tolist()}


def improvement(mean, deviation, best):
    """By integrating max(best - y, 0) over the density, and its logarithm where that is 0 in doubles."""
    z = (best - mean) / deviation
    if z > -20:
        value = quad(lambda t: (z - t) * norm.pdf(t), min(z, 0) - 40 if z > 0 else z - 12, z, epsabs=0, epsrel=1e-12)[0]
        logarithm = float(numpy.log(value * deviation))
    else:  # the substitution t = z - s/|z| leaves an integral of order 1
        value = quad(lambda s: s * numpy.exp(-s - 0.5 * (s / z) ** 2), 0, 60, epsabs=0, epsrel=1e-12)[0]
        logarithm = float(norm.logpdf(z) - 2 * numpy.log(-z) + numpy.log(value * deviation))
    return {"mean": mean, "deviation": deviation, "best": best, "log": logarithm}


def main():
    generator = numpy.random.default_rng(11)
    cases = [(0.0, 1.0, 0.0), (1.0, 0.5, 0.7), (-2.0, 0.1, 0.0), (3.0, 1.0, 0.0), (0.9, 2.0, 1.0),
             (1.01, 1.0, 0.0), (20.0, 1.0, 0.0), (29.0, 1.0, 0.0), (31.0, 1.0, 0.0), (500.0, 2.0, 0.0)]
    document = {
        "sobol": qmc.Sobol(12, scramble=False, bits=32).random(64).tolist(),
        "processes": [process(generator, 7, 1), process(generator, 20, 3)],
        "improvements": [improvement(*case) for case in cases],
    }
    path = Path(__file__).parent / "search.json"
    path.write_text(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
