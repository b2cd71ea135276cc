#!/usr/bin/env python3
"""Writes metrics.json: every metric of scikit-learn 1.9.1 (NumPy 2.4.6) over small sets of float32 logits.

scikit-learn gets what its functions ask for: logits where it ranks, float64 probabilities for the Brier score, decisions
elsewhere. Three oracles are NumPy's instead: the log loss (scikit-learn clips probabilities, which changes saturated
logits; where none is saturated both are compared here), the precision at 1 (scikit-learn breaks ties in other ways; where
there is none both are compared) and the expected calibration error, which scikit-learn lacks.
Temperatures are
where SciPy 1.17's brentq finds the log loss flat. A value that is undefined is null. Run from this folder: python make_metrics.py
"""

import json
import math
import pathlib
import warnings

import numpy as np
from scipy.optimize import brentq
from sklearn import metrics as sk

BETA, BINS = 2.0, 15
warnings.filterwarnings("ignore", category=UserWarning)


def sigmoid(z):
    z = z.astype(np.float64)
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def decide(z, threshold):
    with np.errstate(over="ignore"):
        p = np.float32(1) / (np.float32(1) + np.exp(-z))  # float32, like the probabilities of an exported file
    return (p.astype(np.float64) > threshold).astype(int)


def log_loss(y, z, w):
    losses = np.logaddexp(0, np.where(y == 1, -1.0, 1.0) * z.astype(np.float64))
    if np.abs(z).max() < 15 and len(set(y[w > 0])) == 2:
        theirs = sk.log_loss(y, sigmoid(z), sample_weight=w)
        assert math.isclose(theirs, np.average(losses, weights=w), rel_tol=1e-9)
    return np.average(losses, weights=w)


def expected_calibration_error(y, p, w):
    index = np.minimum((p * BINS).astype(int), BINS - 1)
    gap = 0.0
    for b in range(BINS):
        inside = index == b
        if w[inside].sum() > 0:
            gap += w[inside].sum() / w.sum() * abs(np.average(p[inside], weights=w[inside]) - np.average(y[inside], weights=w[inside]))
    return gap


def brier_score(y, p, w):
    # scikit-learn wants both classes or pos_label; the mean square is its definition for one class as well.
    if len(set(y)) == 2:
        return sk.brier_score_loss(y, p, sample_weight=w)
    return np.average((p - y) ** 2, weights=w)


def precision_at_1(y, z, w):
    """Over the examples with a label. scikit-learn has it for one label an example as top_k_accuracy_score, for any number of
    them as ndcg_score, whose discounts make no difference at k=1."""
    used = y.any(axis=1) & (w > 0)
    if not used.any():
        return None
    y, z, w = y[used], z[used], w[used]
    share = np.average(y[np.arange(len(y)), z.argmax(axis=1)], weights=w)  # argmax: the first of equals
    if ((z == z.max(axis=1, keepdims=True)).sum(axis=1) == 1).all():
        assert math.isclose(share, sk.ndcg_score(y, z, k=1, sample_weight=w), rel_tol=1e-12)
        if (y.sum(axis=1) == 1).all():
            theirs = sk.top_k_accuracy_score(y.argmax(axis=1), z, k=1, sample_weight=w, labels=range(y.shape[1]))
            assert math.isclose(share, theirs, rel_tol=1e-12)
    return share


def binary_metrics(y, z, w, threshold):
    d, p = decide(z, threshold), sigmoid(z)
    classes, predicted = len(set(y[w > 0])), len(set(d[w > 0]))
    tn, fp, fn, tp = sk.confusion_matrix(y, d, labels=[0, 1], sample_weight=w).ravel()
    nan = {"sample_weight": w, "zero_division": np.nan}
    return {
        "accuracy": sk.accuracy_score(y, d, sample_weight=w),
        # of the one class that there is, scikit-learn answers the recall
        "balanced_accuracy": sk.balanced_accuracy_score(y, d, sample_weight=w) if classes == 2 else None,
        "precision": sk.precision_score(y, d, **nan),
        "recall": sk.recall_score(y, d, **nan),
        "specificity": sk.recall_score(1 - y, 1 - d, **nan),
        "f1": sk.f1_score(y, d, **nan),
        "f_beta": sk.fbeta_score(y, d, beta=BETA, **nan),
        # 0/0, for which scikit-learn answers 0
        "matthews_corrcoef": sk.matthews_corrcoef(y, d, sample_weight=w) if classes == 2 and predicted == 2 else None,
        "cohen_kappa": sk.cohen_kappa_score(y, d, sample_weight=w, labels=[0, 1]) if classes == 2 or set(y) != set(d) else None,
        "roc_auc": sk.roc_auc_score(y, z, sample_weight=w) if classes == 2 else None,
        "average_precision": sk.average_precision_score(y, z, sample_weight=w) if y[w > 0].any() else None,
        "log_loss": log_loss(y, z, w),
        "brier_score": brier_score(y, p, w),
        "expected_calibration_error": expected_calibration_error(y, p, w),
        "true_positives": tp, "false_positives": fp, "true_negatives": tn, "false_negatives": fn,
    }


def temperature(y, z, w):
    wrong_way = np.where(y == 1, -1.0, 1.0) * z.astype(np.float64)

    def slope(factor):
        return float(np.sum(w * wrong_way * sigmoid(factor * wrong_way)))

    if not (w[y == 1].sum() > 0 and w[y == 0].sum() > 0) or slope(1e-4) >= 0 or slope(100) <= 0:
        return None
    return 1 / brentq(slope, 1e-4, 100, xtol=1e-15, rtol=1e-14, maxiter=1000)


def macro(per_label, name):
    values = [m[name] for m in per_label if m[name] is not None and not math.isnan(m[name])]
    return np.mean(values) if values else None


def multi_label_metrics(y, z, w, thresholds):
    d = np.stack([decide(z[:, l], t) for l, t in enumerate(thresholds)], axis=1)
    pooled = (y.ravel(), z.ravel(), np.repeat(w, y.shape[1]))
    per_label = [binary_metrics(y[:, l], z[:, l], w, t) for l, t in enumerate(thresholds)]
    nan = {"sample_weight": w, "zero_division": np.nan}
    hamming = sk.hamming_loss(y, d, sample_weight=w)
    everything = {
        "accuracy": 1 - hamming,
        "hamming_loss": hamming,
        "subset_accuracy": sk.accuracy_score(y, d, sample_weight=w),
        "precision_at_1": precision_at_1(y, z, w),
        "jaccard": sk.jaccard_score(y, d, average="samples", sample_weight=w, zero_division=1.0),
        "samples_f1": sk.f1_score(y, d, average="samples", sample_weight=w, zero_division=0),
        "micro_precision": sk.precision_score(y, d, average="micro", **nan),
        "micro_recall": sk.recall_score(y, d, average="micro", **nan),
        "micro_f1": sk.f1_score(y, d, average="micro", **nan),
        "micro_roc_auc": sk.roc_auc_score(y, z, average="micro", sample_weight=w),
        "micro_average_precision": sk.average_precision_score(y, z, average="micro", sample_weight=w),
        "macro_precision": sk.precision_score(y, d, average="macro", **nan),
        "macro_recall": sk.recall_score(y, d, average="macro", **nan),
        "macro_f1": sk.f1_score(y, d, average="macro", **nan),
        "macro_roc_auc": macro(per_label, "roc_auc"),
        "macro_average_precision": macro(per_label, "average_precision"),
        # where no label has a positive example nothing weighs, and scikit-learn answers the plain mean
        "weighted_f1": sk.f1_score(y, d, average="weighted", **nan) if y[w > 0].any() else None,
        "log_loss": log_loss(*pooled),
        "brier_score": brier_score(pooled[0], sigmoid(pooled[1]), pooled[2]),
        "expected_calibration_error": expected_calibration_error(pooled[0], sigmoid(pooled[1]), pooled[2]),
    }
    return everything, per_label


def plain(metrics):
    return {k: None if v is None or math.isnan(v) else float(v) for k, v in metrics.items()}


def make_case(name, y, z, w=None, thresholds=(0.5,)):
    y, z = np.asarray(y, dtype=int), np.asarray(z, dtype=np.float32)
    ones = np.ones(len(y))
    weights = ones if w is None else np.asarray(w, dtype=np.float32)
    case = {"name": name, "num_labels": 1 if y.ndim == 1 else y.shape[1], "thresholds": list(thresholds),
            "targets": y.ravel().tolist(), "logits": [float(v) for v in z.ravel()],
            "weights": [] if w is None else [float(v) for v in weights]}
    used = weights.astype(np.float64)
    columns = [(y, z)] if y.ndim == 1 else list(zip(y.T, z.T))
    case["temperatures"] = [temperature(labels, logits, used) for labels, logits in columns]
    if y.ndim == 1:
        case["metrics"], case["per_label"] = plain(binary_metrics(y, z, used, thresholds[0])), []
    else:
        everything, per_label = multi_label_metrics(y, z, used, thresholds)
        case["metrics"], case["per_label"] = plain(everything), [plain(m) for m in per_label]
    return case


def main():
    draw = np.random.default_rng(7)

    def logits_for(y, noise=1.5):
        return ((2 * y - 1) + noise * draw.standard_normal(y.shape)).astype(np.float32)

    balanced = (draw.random(300) < 0.5).astype(int)
    rare = (draw.random(400) < 0.03).astype(int)
    tied = (draw.random(200) < 0.4).astype(int)
    saturated = (draw.random(120) < 0.5).astype(int)
    extremes = draw.choice([-200, -120, -90, -40, -17, 17, 40, 90, 120, 200], 120) * np.where(draw.random(120) < 0.8, 2 * saturated - 1, 1)
    weights = draw.random(300) * 3
    weights[:20] = 0
    many = (draw.random((150, 4)) < [0.5, 0.1, 0.3, 0.0]).astype(int)  # the last label has no positive example
    cases = [
        make_case("balanced", balanced, logits_for(balanced)),
        make_case("imbalanced", rare, logits_for(rare), thresholds=(0.8,)),
        make_case("ties", tied, np.round(logits_for(tied)), thresholds=(0.5,)),
        make_case("all logits equal", tied, np.zeros(200)),
        make_case("weighted", balanced, np.round(logits_for(balanced), 1), w=weights, thresholds=(0.4,)),
        make_case("saturated", saturated, extremes),
        make_case("logits far above where float32 probabilities tie", saturated, 30 + logits_for(saturated), thresholds=(0.99,)),
        make_case("perfect", balanced, 6 * (2 * balanced - 1)),
        make_case("reversed", balanced, -6 * (2 * balanced - 1)),
        make_case("only negatives, some predicted positive", np.zeros(40), logits_for(np.zeros(40, dtype=int), 3)),
        make_case("only positives, all predicted positive", np.ones(40), np.full(40, 3.0)),
        make_case("only negatives, none predicted positive", np.zeros(40), np.full(40, -3.0)),
        make_case("none predicted positive", balanced, logits_for(balanced) - 30),
        make_case("one example", [1], [0.25]),
        make_case("multi-label", many, logits_for(many), thresholds=(0.5, 0.5, 0.5, 0.5)),
        make_case("multi-label weighted", many, np.round(logits_for(many), 1), w=draw.random(150) + 0.1, thresholds=(0.3, 0.8, 0.5, 0.999)),
    ]
    one_each = np.eye(3, dtype=int)[draw.integers(0, 3, 120)]
    cases += [
        make_case("one label an example", one_each, logits_for(one_each), thresholds=(0.5, 0.5, 0.5)),
        make_case("one label an example, ties and weights", one_each, np.round(logits_for(one_each)), w=draw.random(120) + 0.1, thresholds=(0.5, 0.2, 0.5)),
    ]
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text("{\"f_beta\": %s, \"calibration_bins\": %d, \"cases\": [\n" % (BETA, BINS) + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
