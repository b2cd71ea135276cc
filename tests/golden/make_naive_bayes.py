#!/usr/bin/env python3
"""Writes naive_bayes.json: what scikit-learn's MultinomialNB says of binarised counts, one label against the rest.

A log-count ratio is feature_log_prob_ of the texts with the label less that of the texts without it. Id 0 is padding, which no text
has. Run from this folder: python make_naive_bayes.py
"""

import json
import math
import random

import numpy as np
import sklearn
from sklearn.naive_bayes import MultinomialNB

random.seed(11)


def case(num_ids, num_labels, num_texts, alpha, weighted, length):
    texts = [[random.randint(1, num_ids - 3) for _ in range(random.randint(0, 9))] for _ in range(num_texts)]
    targets = [[random.randint(0, 1) for _ in range(num_labels)] for _ in texts]
    weights = [random.choice([0.5, 1.0, 2.25]) for _ in texts] if weighted else []
    present = np.zeros((num_texts, num_ids - 1))
    for row, text in zip(present, texts):
        for token in text[:length]:
            row[token - 1] = 1
    ratios, log_odds = [], []
    for label in range(num_labels):
        y = np.array(targets)[:, label]
        model = MultinomialNB(alpha=alpha).fit(present, y, sample_weight=weights or None)
        ratios.append([0.0, *(model.feature_log_prob_[1] - model.feature_log_prob_[0])])
        w = np.array(weights or [1.0] * num_texts)
        log_odds.append(math.log((alpha + w[y == 1].sum()) / (alpha + w[y == 0].sum())))
    return {"num_ids": num_ids, "alpha": alpha, "length": length, "texts": texts, "targets": targets, "weights": weights,
            "ratios": np.array(ratios).T.tolist(), "log_odds": log_odds}


cases = [case(9, 1, 12, 1.0, False, None), case(20, 3, 30, 0.25, True, None), case(12, 2, 25, 1.0, False, 4)]
with open("naive_bayes.json", "w", encoding="utf-8") as file:
    json.dump({"sklearn": sklearn.__version__, "cases": cases}, file)
    file.write("\n")
