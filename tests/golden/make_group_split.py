#!/usr/bin/env python3
"""Writes group_split.json: folds of whole groups, stratified.

"counts" has a row a group: how many examples of each class it has. "parts" is where src/data/group_split.h puts them, from the sum that it
names, in fractions; no two groups of such a case hold equally much, so that no draw decides. "scikit_learn" is the root of the mean square
over folds and classes of (share of the class in the fold - 1 / folds) * folds that StratifiedGroupKFold reaches on the same groups.
Run from this folder with scikit-learn 1.9.1 and numpy 2.4.6: python make_group_split.py
"""

import json
import warnings
from fractions import Fraction

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

warnings.simplefilter("ignore")  # a class with fewer examples than folds


def deal(counts, shares):
    """The part of each group. @param shares  of the parts, whose sum is 1"""
    totals = [sum(column) for column in zip(*counts)]
    weights = [sum(Fraction(n, total) ** 2 for n, total in zip(group, totals)) for group in counts]
    assert len(set(weights)) == len(weights), "a draw would decide"
    filled = [[0] * len(totals) for _ in shares]
    parts = [None] * len(counts)

    def uneven(group, part):
        """The sum over classes and parts once the group is there."""
        after = [[n + (group[c] if p == part else 0) for c, n in enumerate(row)] for p, row in enumerate(filled)]
        sum_ = Fraction(0)
        for c, total in enumerate(totals):
            mean = Fraction(sum(row[c] for row in after), total)
            sum_ += sum(share * (Fraction(row[c], total) / share - mean) ** 2 for share, row in zip(shares, after))
        return sum_

    for number in sorted(range(len(counts)), key=lambda n: -weights[n]):
        group = counts[number]
        part = min(range(len(shares)), key=lambda p: (uneven(group, p), sum(filled[p][:2]) / shares[p]))
        parts[number] = part
        filled[part] = [n + more for n, more in zip(filled[part], group)]
    return parts


def distance(counts, parts, folds):
    totals = counts.sum(axis=0)
    shares = np.array([counts[parts == fold].sum(axis=0) / totals for fold in range(folds)])
    return float(np.sqrt(np.mean((shares * folds - 1) ** 2)))


def scikit_learn(counts, folds):
    labels = np.concatenate([np.repeat(np.arange(len(row)), row) for row in counts])
    groups = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    parts = np.zeros(len(counts), dtype=int)
    for fold, (_, test) in enumerate(StratifiedGroupKFold(folds).split(labels, labels, groups)):
        parts[groups[test]] = fold
    return distance(counts, parts, folds)


def groups(random, number, sizes):
    """Two classes; each group leans to one of them."""
    return np.array([random.multinomial(size, random.dirichlet([0.8, 2.0])) for size in sizes(number)])


def distinct(make):
    """Groups no two of which hold equally much."""
    while True:
        counts = make()
        if len({sum(Fraction(int(n), int(t)) ** 2 for n, t in zip(row, counts.sum(axis=0))) for row in counts}) == len(counts):
            return counts


random = np.random.default_rng(11)
exact = []
for number, folds in ((6, 3), (12, 4), (20, 5), (9, 9)):
    counts = distinct(lambda: groups(random, number, lambda n: random.integers(3, 90, n)))
    exact.append({"counts": counts.tolist(), "folds": folds, "parts": deal(counts.tolist(), [Fraction(1, folds)] * folds)})
for number, wanted in ((10, 40), (25, 200)):
    counts = distinct(lambda: groups(random, number, lambda n: random.integers(3, 90, n)))
    size = int(counts.sum())
    shares = [Fraction(wanted, size), Fraction(size - wanted, size)]
    exact.append({"counts": counts.tolist(), "wanted": wanted, "parts": deal(counts.tolist(), shares)})

compared = []
for case in range(30):
    sizes = (lambda n: np.minimum(random.zipf(1.6, n), 150), lambda n: random.integers(5, 60, n), lambda n: random.integers(1, 8, n))[case % 3]
    folds = int(random.integers(3, 8))
    counts = groups(random, int(random.integers(15, 80)), sizes)
    while (counts.sum(axis=0) < folds).any():
        counts = groups(random, len(counts), sizes)
    compared.append({"counts": counts.tolist(), "folds": folds, "scikit_learn": scikit_learn(counts, folds)})

with open("group_split.json", "w", encoding="utf-8") as file:
    json.dump({"exact": exact, "compared": compared}, file)
    file.write("\n")
