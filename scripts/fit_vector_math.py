#!/usr/bin/env python3
"""Fits the polynomials of kernels/common/vector_math.h (standard library only).

Prints, for each, the coefficients from the highest power down and the largest weighted error. The
fit is the minimax one (Remez exchange): the weighted error reaches its bound with alternating signs
at degree + 2 points.
"""
import argparse
import math
import struct


def solve(matrix, right):
    """Gaussian elimination with partial pivoting."""
    rows = [row[:] + [value] for row, value in zip(matrix, right)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda row: abs(rows[row][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(i + 1, size):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i])]
    solution = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = (rows[i][size] - known) / rows[i][i]
    return solution


def evaluate(coefficients, x):
    value = 0.0
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


def remez(function, weight, low, high, degree, grid=20000):
    """Coefficients, lowest power first, that minimise max weight(x) |function(x) - p(x)|."""
    center, radius = (low + high) / 2, (high - low) / 2
    count = degree + 2
    points = [center - radius * math.cos(math.pi * i / (count - 1)) for i in range(count)]
    xs = [center - radius * math.cos(math.pi * i / grid) for i in range(grid + 1)]
    values = [(function(x), weight(x)) for x in xs]
    for _ in range(30):
        matrix = [[x**k for k in range(degree + 1)] + [(-1) ** i / weight(x)]
                  for i, x in enumerate(points)]
        coefficients = solve(matrix, [function(x) for x in points])[:-1]
        errors = [w * (f - evaluate(coefficients, x)) for x, (f, w) in zip(xs, values)]
        extrema = []  # the largest error of every run of one sign
        for x, error in zip(xs, errors):
            if extrema and (extrema[-1][1] > 0) == (error > 0):
                if abs(error) > abs(extrema[-1][1]):
                    extrema[-1] = (x, error)
            else:
                extrema.append((x, error))
        while len(extrema) > count:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        if len(extrema) < count:
            break
        points = [x for x, _ in extrema]
    return coefficients, max(abs(error) for error in errors)


def report(name, coefficients, error):
    print(f"{name}: largest weighted error {error:.2e} = 2^{math.log2(error):.1f}")
    for coefficient in reversed(coefficients):
        single = struct.unpack("f", struct.pack("f", coefficient))[0]
        print(f"  {single:.8e}F")


def exp_rest(r):
    """(e^r - 1 - r) / r^2, by its series where the difference would cancel."""
    if abs(r) > 0.1:
        return (math.exp(r) - 1 - r) / r**2
    return sum(r**k / math.factorial(k + 2) for k in range(12))


def erfcx(z):
    return math.exp(z * z) * math.erfc(z)


def erf_over_x(square):
    x = math.sqrt(square)
    return math.erf(x) / x if x > 0 else 2 / math.sqrt(math.pi)


def erf_excess(square):
    """erf(x) / x - 1: erf is then x + x * excess, whose last rounding is the only large one."""
    return erf_over_x(square) - 1


# erf switches formulas at |x| = 0.9; beyond z = 4 the f32 values of erf are 1.
SMALLEST, LARGEST, CENTER = 0.9, 4.0, 3.0


def z_of(s):
    """The inverse of s = (z - CENTER) / (z + CENTER), the variable of the polynomial."""
    return CENTER * (1 + s) / (1 - s)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    # A little past ln(2) / 2, since the reduction rounds.
    report("(e^r - 1 - r) / r^2 in powers of r, weighted by r^2 / e^r",
           *remez(exp_rest, lambda r: max(r**2, 1e-12) / math.exp(r), -0.347, 0.347, 4))
    report("2^r in powers of r, relative",
           *remez(lambda r: 2.0**r, lambda r: 2.0**-r, -0.5, 0.5, 6))
    report("erf(x) / x - 1 in powers of x^2, relative to erf(x) / x",
           *remez(erf_excess, lambda square: 1 / erf_over_x(square), 0.0, SMALLEST**2, 5))
    # erfcx is always multiplied by exp(-z^2), so its tail may be less exact.
    report("erfcx(z) in powers of s, relative, weighted by exp(-z^2 / 4)",
           *remez(lambda s: erfcx(z_of(s)),
                  lambda s: math.exp(-z_of(s)**2 / 4) / erfcx(z_of(s)),
                  -1.0, (LARGEST - CENTER) / (LARGEST + CENTER), 7))
