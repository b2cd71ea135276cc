#!/usr/bin/env python3
"""Writes significance.json: what scipy 1.17.1 says about paired t tests, McNemar's exact test, the incomplete beta
and Clopper-Pearson's bounds of a share.

Run from this folder: python make_significance.py
"""

import json
import random

from scipy import special, stats

random.seed(7)
pairs = [([.7, .71, .69], [.5, .5, .5]), ([.812, .815, .809, .82], [.813, .814, .811, .818]), ([1.0, 2.0], [1.5, 2.1])]
pairs += [([random.gauss(.8, .02) for _ in range(n)], [random.gauss(.79, .02) for _ in range(n)]) for n in (3, 5, 30, 200)]
t_tests = []
for baseline, values in pairs:
    result = stats.ttest_rel(values, baseline)
    t_tests.append({"baseline": baseline, "values": values, "t": result.statistic, "p": result.pvalue})
mcnemar = []
for first, second in [(0, 0), (0, 1), (1, 0), (0, 6), (3, 3), (5, 12), (40, 21), (100, 100), (700, 650), (2500, 3), (0, 1100)]:
    p = stats.binomtest(min(first, second), first + second, .5).pvalue if first + second else 1.0
    mcnemar.append({"first": first, "second": second, "p": p})
beta = [{"a": a, "b": b, "x": x, "value": special.betainc(a, b, x)}
        for a in (.5, 1, 2.5, 40, 700) for b in (.5, 1, 3, 90) for x in (0, 1e-6, .01, .3, .5, .77, .999, 1)]
bounds = []
for hits, trials in [(0, 1), (1, 1), (5, 5), (0, 5), (3, 3), (9, 10), (18, 20), (1, 300), (299, 300), (2612, 5000), (1_999_990, 2_000_000)]:
    for confidence in (.5, .9, .95, .975, .999):
        low = stats.binomtest(hits, trials, alternative="greater").proportion_ci(confidence, "exact").low
        bounds.append({"hits": hits, "trials": trials, "confidence": confidence, "low": low})
with open("significance.json", "w", encoding="utf-8") as file:
    json.dump({"scipy": "1.17.1", "t_tests": t_tests, "mcnemar": mcnemar, "incomplete_beta": beta, "share_bounds": bounds}, file, indent=0)
    file.write("\n")
