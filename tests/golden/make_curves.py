#!/usr/bin/env python3
"""Writes curves.json: the curves of scikit-learn 1.9.1 (NumPy 2.4.6) over small sets of float32 logits, and a bootstrap.

roc_curve and precision_recall_curve rank logits; precision, recall and F1 at a threshold are those of decisions on float32
probabilities; calibration_curve bins float64 probabilities (none lies on an edge, where it would close bins on the other
side). The bootstrap draws with the project's own generator, written once more here, and takes scikit-learn's metrics and
NumPy's quantiles of what it drew. Run from this folder: python make_curves.py
"""

import json
import pathlib

import numpy as np
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

STEPS, BINS, SEED, RESAMPLES = 20, 10, 3, 1000
MASK = (1 << 64) - 1


def sigmoid(z):
    return 1 / (1 + np.exp(-z.astype(np.float64)))


def decide(z, threshold):
    p = np.float32(1) / (np.float32(1) + np.exp(-z))
    return (p.astype(np.float64) > threshold).astype(int)


def thresholds(y, z, w):
    points = []
    for step in range(STEPS + 1):
        d = decide(z, step / STEPS)
        undefined = {"sample_weight": w, "zero_division": np.nan}
        values = [sk.precision_score(y, d, **undefined), sk.recall_score(y, d, **undefined), sk.f1_score(y, d, **undefined)]
        points.append([None if np.isnan(v) else float(v) for v in values])
    return points


def make_case(name, y, z, w=None):
    y, z = np.asarray(y, dtype=int), np.asarray(z, dtype=np.float32)
    weights = None if w is None else np.asarray(w, dtype=np.float32).astype(np.float64)
    fpr, tpr, _ = sk.roc_curve(y, z, sample_weight=weights, drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(y, z, sample_weight=weights)
    case = {"name": name, "targets": y.tolist(), "logits": [float(v) for v in z], "weights": [] if w is None else weights.tolist(),
            "false_positive_rate": fpr.tolist(), "true_positive_rate": tpr.tolist(),
            # theirs begins with the lowest threshold, and ends with a point (recall 0, precision 1) that no threshold gives
            "precision": precision[:-1][::-1].tolist(), "recall": recall[:-1][::-1].tolist(),
            "thresholds": thresholds(y, z, weights)}
    if w is None:
        positive, mean = calibration_curve(y, sigmoid(z), n_bins=BINS)
        case["bins"] = {"positive": positive.tolist(), "mean": mean.tolist()}
    return case


def mix_seed(seed, stream, index=0):
    z = (seed + 0x9E3779B97F4A7C15 * (stream + 1) + 0xD1B54A32D192ED03 * index) & MASK
    for _ in range(2):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
    return z


def draws(seed, index, count):
    """Examples of one resample."""
    state, counter, drawn = mix_seed(seed, index), 0, []
    limit = MASK - MASK % count
    while len(drawn) < count:
        counter += 1
        value = mix_seed(state, counter)
        if value < limit:
            drawn.append(value % count)
    return np.array(drawn)


def difference(metric, y, w, a, b):
    return metric(y, b, sample_weight=w) - metric(y, a, sample_weight=w)


def metrics_of(y, z, w):
    """What each metric is on a resample d."""
    decided, p = decide(z, .5), sigmoid(z)
    of_decisions = {"accuracy": sk.accuracy_score, "precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score,
                    "matthews_corrcoef": sk.matthews_corrcoef, "balanced_accuracy": sk.balanced_accuracy_score}
    of_ranking = {"roc_auc": sk.roc_auc_score, "average_precision": sk.average_precision_score}
    of_probabilities = {"log_loss": sk.log_loss, "brier_score": sk.brier_score_loss}
    return {name: lambda d, metric=metric, answers=answers: metric(y[d], answers[d], sample_weight=w[d])
            for metrics, answers in ((of_decisions, decided), (of_ranking, z), (of_probabilities, p)) for name, metric in metrics.items()}


def make_bootstrap(y, first, second, w):
    w = np.asarray(w, dtype=np.float32).astype(np.float64)
    result = {"seed": SEED, "targets": y.tolist(), "first": [float(v) for v in first], "second": [float(v) for v in second],
              "weights": w.tolist()}
    drawn = [draws(SEED, i, len(y)) for i in range(RESAMPLES)]
    for name, metric, a, b in (("f1", sk.f1_score, decide(first, .5), decide(second, .5)), ("roc_auc", sk.roc_auc_score, first, second)):
        low, high = np.quantile([difference(metric, y[d], w[d], a[d], b[d]) for d in drawn], [.025, .975])
        result[name] = {"difference": float(difference(metric, y, w, a, b)), "low": float(low), "high": float(high)}
    result["intervals"] = {name: np.quantile([metric(d) for d in drawn], [.025, .975]).tolist()
                           for name, metric in metrics_of(y, first, w).items()}
    right_a, right_b = decide(first, .5) == y, decide(second, .5) == y
    result["only_first_right"], result["only_second_right"] = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return result


def precision_at_1(y, z, w):
    used = y.any(axis=1)
    return np.average(y[np.arange(len(y)), z.argmax(axis=1)][used], weights=w[used])


def make_multi_label_bootstrap(y, z, w):
    """Of several labels, examples drawn whole; micro figures are of all decisions together, macro ones means over the labels."""
    w = np.asarray(w, dtype=np.float32).astype(np.float64)
    decided, p = decide(z, .5), sigmoid(z)
    spread = np.broadcast_to(w[:, None], y.shape)
    pooled = metrics_of(y.ravel(), z.ravel(), spread.ravel())
    of_label = [metrics_of(y[:, label], z[:, label], w) for label in range(y.shape[1])]
    flat = lambda d: (d[:, None] * y.shape[1] + np.arange(y.shape[1])).ravel()
    metrics = {"accuracy": lambda d: pooled["accuracy"](flat(d)),
               "hamming_loss": lambda d: sk.hamming_loss(y[d].ravel(), decided[d].ravel(), sample_weight=spread[d].ravel()),
               "subset_accuracy": lambda d: sk.accuracy_score(y[d], decided[d], sample_weight=w[d]),
               "precision_at_1": lambda d: precision_at_1(y[d], z[d], w[d]),
               "samples_f1": lambda d: sk.f1_score(y[d], decided[d], average="samples", sample_weight=w[d], zero_division=0),
               "weighted_f1": lambda d: sk.f1_score(y[d], decided[d], average="weighted", sample_weight=w[d]),
               "jaccard": lambda d: sk.jaccard_score(y[d], decided[d], average="samples", sample_weight=w[d], zero_division=1),
               "log_loss": lambda d: pooled["log_loss"](flat(d)), "brier_score": lambda d: pooled["brier_score"](flat(d))}
    for name in ("precision", "recall", "f1", "roc_auc", "average_precision"):
        metrics["micro_" + name] = lambda d, name=name: pooled[name](flat(d))
        metrics["macro_" + name] = lambda d, name=name: float(np.mean([one[name](d) for one in of_label]))
    drawn = [draws(SEED, i, len(y)) for i in range(RESAMPLES)]
    return {"seed": SEED, "num_labels": y.shape[1], "targets": y.ravel().tolist(), "logits": [float(v) for v in z.ravel()],
            "weights": w.tolist(),
            "intervals": {name: np.quantile([metric(d) for d in drawn], [.025, .975]).tolist() for name, metric in metrics.items()}}


def main():
    draw = np.random.default_rng(11)

    def logits_for(y, noise=1.5):
        return ((2 * y - 1) + noise * draw.standard_normal(y.shape)).astype(np.float32)

    y = (draw.random(60) < 0.4).astype(int)
    cases = [make_case("distinct logits", y, logits_for(y)), make_case("ties", y, np.round(logits_for(y))),
             make_case("weighted ties", y, np.round(logits_for(y), 1), w=draw.random(60) + 0.1)]
    bootstrap = make_bootstrap(y, np.round(logits_for(y), 1), np.round(logits_for(y, 1.0), 1), draw.random(60) + 0.1)
    several = (draw.random((60, 3)) < 0.4).astype(int)
    multi_label = make_multi_label_bootstrap(several, np.round(logits_for(several), 1), draw.random(60) + 0.1)
    path = pathlib.Path(__file__).with_name("curves.json")
    path.write_text("{\"steps\": %d, \"calibration_bins\": %d, \"cases\": [\n" % (STEPS, BINS) + ",\n".join(json.dumps(c) for c in cases)
                    + "\n],\n\"bootstrap\": " + json.dumps(bootstrap) + ",\n\"multi_label_bootstrap\": " + json.dumps(multi_label) + "}\n")


if __name__ == "__main__":
    main()
