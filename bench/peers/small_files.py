#!/usr/bin/env python3
"""Bytes of a deployable file and accuracy on 5,000 held-out IMDB reviews: ours in every form, fastText plain and quantised.

    python3 -m venv build/peers && build/peers/bin/pip install fasttext-wheel 'numpy<2'
    BERNOULLI_DATA=data build/peers/bin/python bench/peers/small_files.py [--program build/bernoulli]

Ours: each configuration trained once, then exported. fastText: dimension 16, lr .5, one thread, on the same words, unigrams and
with pairs in 2,000,000 buckets; 5 epochs, then `quantize`, also with `cutoff` rows kept (and, as its documentation
has it, retrained).
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import fasttext
from reviews import NUM_TRAIN, raw_reviews, words

FORMS = [[], ["--weights", "float16"], ["--weights", "int8"], ["--fold"], ["--fold", "--weights", "float16"], ["--fold", "--weights", "int8"]]
CONFIGS = {"imdb_tutorial": [], "imdb_unigram": [], "imdb_bigrams": [], "imdb_bigrams_nb": ["--buckets", "used"]}


def line(model, form, size, accuracy, note=""):
    print(f"{model:<16} {form:<48} {size:>12,} {accuracy:.4f}  {note}", flush=True)


def ours(program, folder):
    for config, buckets in CONFIGS.items():
        run = str(folder / config)
        trained = subprocess.run([program, "train", f"configs/{config}.yaml", "--run-dir", run, "--json", "--quiet"], check=True, capture_output=True)
        summary = json.loads(trained.stdout)
        accuracy = summary["validation"]["metrics"]["accuracy"]
        line(config, "as trained", summary["artifact"]["size_bytes"], accuracy)
        for options in [form + buckets for form in FORMS if form + buckets]:
            exported = subprocess.run([program, "export", run, "--output", str(folder / "small.pt"), "--json", "--quiet", *options], check=True, capture_output=True)
            report = json.loads(exported.stdout)
            change = report["table"]["change"]
            line(config, " ".join(options), report["size_bytes"], change["metrics"]["accuracy"]["after"], f"{change['changed_texts']} decisions changed")


def peers(folder):
    texts, labels = raw_reviews()
    lines = [f"__label__{int(label)} " + b" ".join(words(text)).decode(errors="replace") for text, label in zip(texts, labels)]
    for name, part in (("train", lines[:NUM_TRAIN]), ("validation", lines[NUM_TRAIN:])):
        (folder / name).write_text("\n".join(part) + "\n")
    train, validation = str(folder / "train"), str(folder / "validation")
    quantisations = [{}, {"cutoff": 100_000}, {"cutoff": 100_000, "retrain": True, "epoch": 1}, {"qnorm": True, "cutoff": 100_000, "retrain": True, "epoch": 1}]
    for name, ngrams in (("fastText 1-gram", {"wordNgrams": 1}), ("fastText 2-gram", {"wordNgrams": 2, "bucket": 2_000_000})):
        for quantisation in [None, *quantisations]:
            model = fasttext.train_supervised(train, dim=16, epoch=5, lr=0.5, thread=1, verbose=0, **ngrams)
            if quantisation is not None:
                model.quantize(input=train, thread=1, verbose=0, **quantisation)
            form = "as trained" if quantisation is None else "quantize " + " ".join(f"{key}={value}" for key, value in quantisation.items())
            path = folder / "model.ftz"
            model.save_model(str(path))
            line(name, form, os.path.getsize(path), model.test(validation)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/bernoulli")
    program = parser.parse_args().program
    with tempfile.TemporaryDirectory() as name:
        ours(program, pathlib.Path(name))
        peers(pathlib.Path(name))


if __name__ == "__main__":
    main()
