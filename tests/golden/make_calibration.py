#!/usr/bin/env python3
"""Writes calibration.json: what metrics.shift, with and without metrics.temperature, fits.

"factor" and "shift" minimise the cross-entropy of sigmoid(factor * z + shift) against Platt's targets, by Newton's method in float64 until
the gradient is rounding; each is held here against scikit-learn's _sigmoid_calibration (CalibratedClassifierCV, method "sigmoid"), which
stops at a gradient of 1e-6. "shift_alone" is the one beside factor 1. Run from this folder with scikit-learn 1.9.1 and numpy 2.4.6:
python make_calibration.py
"""

import json

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.calibration import _sigmoid_calibration


def targets(y, w):
    positive, negative = w[y == 1].sum(), w[y == 0].sum()
    return np.where(y == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))


def both(y, z, w):
    t = targets(y, w)

    def loss(theta):
        u = theta[0] * z + theta[1]
        return np.sum(w * (np.logaddexp(0, u) - t * u))

    theta = np.array([1e-3, 0.0])
    for _ in range(200):
        p = expit(theta[0] * z + theta[1])
        gradient = np.array([np.sum(w * (p - t) * z), np.sum(w * (p - t))])
        bend = w * p * (1 - p)
        step = np.linalg.solve([[np.sum(bend * z * z), np.sum(bend * z)], [np.sum(bend * z), np.sum(bend)]], gradient)
        scale = 1.0
        while loss(theta - scale * step) > loss(theta) and scale > 1e-12:
            scale /= 2
        theta = theta - scale * step
    return float(theta[0]), float(theta[1])


def case(name, y, z, w=None):
    y, z = np.asarray(y, dtype=int), np.asarray(z, dtype=np.float32).astype(np.float64)
    used = np.ones(len(y)) if w is None else np.asarray(w, dtype=np.float32).astype(np.float64)
    factor, shift = both(y, z, used)
    a, b = _sigmoid_calibration(z, y, used)
    assert np.allclose(expit(factor * z + shift), expit(-(a * z + b)), atol=1e-4), (name, factor, shift, a, b)
    t = targets(y, used)
    alone = brentq(lambda s: np.sum(used * (expit(z + s) - t)), -400, 400, xtol=1e-14, rtol=1e-14)
    return {"name": name, "targets": y.tolist(), "logits": z.tolist(), "weights": [] if w is None else used.tolist(),
            "factor": factor, "shift": shift, "shift_alone": alone}


draw = np.random.default_rng(5)
y = (draw.random(150) < 0.3).astype(int)
z = 2 * y - 1 + 1.4 * draw.standard_normal(150)
rare = (draw.random(200) < 0.05).astype(int)
cases = [
    case("honest", y, z),
    case("surer than right, and all too high", y, 3 * z + 2),
    case("far from 0", y, z - 40),
    case("rare", rare, 2 * rare + draw.standard_normal(200) + 1),
    case("weighted", y, z, 3 * draw.random(150) + 0.01),
    case("without a wrong answer", [0, 0, 0, 1, 1], [-2.0, -1.5, -1.0, 0.5, 3.0]),
    case("one of each", [0, 1], [0.5, 1.5]),
]
with open("calibration.json", "w", encoding="utf-8") as file:
    json.dump({"cases": cases}, file)
    file.write("\n")
