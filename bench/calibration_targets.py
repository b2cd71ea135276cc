#!/usr/bin/env python3
"""What Platt's targets do for a fitted temperature and shift: log loss and calibration error on answers that the fit did not see.

  bernoulli evaluate RUN --answers answers.jsonl && python bench/calibration_targets.py answers.jsonl
Takes numpy and scipy. Of a binary task; 60 draws of each size, the rest of the answers judges.
"""

import json
import sys

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


def read(path):
    with open(path, encoding="utf-8") as file:
        answers = [json.loads(line) for line in file]
    # The positive label is the one that has the higher logits.
    names = sorted({answer["target"] for answer in answers})
    logits = np.array([answer["logit"] for answer in answers])
    targets = np.array([answer["target"] == names[1] for answer in answers], dtype=float)
    return logits, targets if np.corrcoef(logits, targets)[0, 1] > 0 else 1 - targets


def fit(z, targets):
    def loss(theta):
        u = theta[0] * z + theta[1]
        miss = expit(u) - targets
        return np.sum(np.logaddexp(0, u) - targets * u), np.array([np.sum(miss * z), np.sum(miss)])

    return minimize(loss, [1.0, 0.0], jac=True, method="L-BFGS-B", bounds=[(1e-4, 100), (-1000, 1000)],
                    options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-8}).x


def platt(y):
    positive, negative = y.sum(), len(y) - y.sum()
    return np.where(y == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))


def log_loss(z, y, theta):
    u = theta[0] * z + theta[1]
    return np.mean(np.logaddexp(0, u) - y * u)


z, y = read(sys.argv[1])
random = np.random.default_rng(0)
print(f"{len(y)} answers, log loss {log_loss(z, y, (1, 0)):.4f} as they are")
for size in (20, 50, 100, 300, 1000):
    found = []
    for _ in range(60):
        order = random.permutation(len(y))
        few, rest = order[:size], order[size:]
        if 0 < y[few].sum() < size:
            found.append([log_loss(z[rest], y[rest], fit(z[few], t)) for t in (y[few], platt(y[few]))])
    print(f"{size:5} for the fit: log loss {np.mean(found, axis=0)[0]:.4f} against 0 and 1, {np.mean(found, axis=0)[1]:.4f} against Platt's targets")
