#!/usr/bin/env python3
"""One raw review to a label and its probability with fastText, for comparison with bench/predict_bench.cpp.

    python3 -m venv build/peers && build/peers/bin/pip install fasttext-wheel 'numpy<2'
    BERNOULLI_DATA=data build/peers/bin/python bench/peers/fasttext_predict.py

Trains as fastText's tutorial does (unigrams, dimension 16, 5 epochs) on the training reviews, standardised as ours are, and
measures single calls of predict on one thread over the same reviews that predict_bench reads: `predict` of the module,
and the bound C++ function below it. fastText's own reader only splits, so the standardised text is timed twice: without
the standardisation and, as a raw review needs it, with it.
"""

import random
import string
import tempfile

import fasttext
import single_reviews
from single_reviews import quantiles, times_us

DELETE_PUNCTUATION = str.maketrans("", "", string.punctuation)


def standardize(text):
    return " ".join(text.lower().replace("<br />", " ").translate(DELETE_PUNCTUATION).split())


def train(root):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as lines:
        for label in ("pos", "neg"):
            for path in sorted((root / label).iterdir()):
                lines.write(f"__label__{label} {standardize(path.read_text(encoding='utf-8'))}\n")
        lines.flush()
        return fasttext.train_supervised(lines.name, dim=16, epoch=5, lr=0.5, thread=1, verbose=0)


def report(name, answer, texts):
    times_us(answer, texts)
    print(f"{name:<44} {quantiles(times_us(answer, texts))}")


def main():
    model = train(single_reviews.root())
    raw = single_reviews.texts()
    random.Random(7).shuffle(raw)
    plain = [standardize(text) for text in raw]
    report("fastText C++ predict, standardised text", lambda text: model.f.predict(text + "\n", 1, 0.0, "strict"), plain)
    report("fastText C++ predict, raw text as it is", lambda text: model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict"), raw)
    report("standardised in Python, then fastText", lambda text: model.f.predict(standardize(text) + "\n", 1, 0.0, "strict"), raw)


if __name__ == "__main__":
    main()
