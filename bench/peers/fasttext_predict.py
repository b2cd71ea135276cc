#!/usr/bin/env python3
"""One raw review to a label and its probability with fastText, for comparison with bench/predict_bench.cpp.

    python3 -m venv build/peers && build/peers/bin/pip install fasttext-wheel 'numpy<2'
    BERNOULLI_DATA=data build/peers/bin/python bench/peers/fasttext_predict.py

Trains as fastText's tutorial does (unigrams, dimension 16, 5 epochs) on the training reviews, standardised as ours are, and
measures single calls of predict on one thread over the same reviews that predict_bench reads: `predict` of the module,
and the bound C++ function below it. fastText's own reader only splits, so the standardised text is timed twice: without
the standardisation and, as a raw review needs it, with it.
"""

import os
import pathlib
import random
import statistics
import string
import sys
import tempfile
import time

import fasttext

NUM_TEXTS = 5000
DELETE_PUNCTUATION = str.maketrans("", "", string.punctuation)


def standardize(text):
    return " ".join(text.lower().replace("<br />", " ").translate(DELETE_PUNCTUATION).split())


def reviews(root, part, limit=None):
    for label in ("pos", "neg"):
        for path in sorted((root / part / label).iterdir())[:limit]:
            yield label, path.read_text(encoding="utf-8")


def train(root):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as lines:
        for label, text in reviews(root, "train"):
            lines.write(f"__label__{label} {standardize(text)}\n")
        lines.flush()
        return fasttext.train_supervised(lines.name, dim=16, epoch=5, lr=0.5, thread=1, verbose=0)


def quantiles(name, answer, texts):
    for text in texts:
        answer(text)
    times = []
    for text in texts:
        begin = time.perf_counter_ns()
        answer(text)
        times.append((time.perf_counter_ns() - begin) / 1000)
    times.sort()
    print(f"{name:<44} p50 {statistics.median(times):8.2f} us   p99 {times[len(times) * 99 // 100]:8.2f} us")


def main():
    root = pathlib.Path(os.environ.get("BERNOULLI_DATA", "data")) / "aclImdb"
    if not root.is_dir():
        sys.exit(f"no reviews in {root}: ./dev data imdb, or set BERNOULLI_DATA")
    model = train(root)
    raw = [text for _, text in reviews(root, "train", NUM_TEXTS // 2)]
    random.Random(7).shuffle(raw)
    plain = [standardize(text) for text in raw]
    quantiles("fastText C++ predict, standardised text", lambda text: model.f.predict(text + "\n", 1, 0.0, "strict"), plain)
    quantiles("fastText C++ predict, raw text as it is", lambda text: model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict"), raw)
    quantiles("standardised in Python, then fastText", lambda text: model.f.predict(standardize(text) + "\n", 1, 0.0, "strict"), raw)


if __name__ == "__main__":
    main()
