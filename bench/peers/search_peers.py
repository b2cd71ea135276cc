#!/usr/bin/env python3
"""A search of SECONDS for good settings: fastText's autotune and `bernoulli sweep --halving --max-seconds`, on the same lines.

    python3 -m venv build/peers && build/peers/bin/pip install fasttext-wheel 'numpy<2'
    BERNOULLI_DATA=data build/peers/bin/python bench/peers/search_peers.py [--program build/bernoulli] [--seconds 60] [--seeds 1 2 3]

The 25,000 training reviews of IMDB, lower case, without punctuation, shuffled: 16,000 to train on, 4,000 by which both choose, and
5,000 that neither sees before all is chosen. Both may use two threads: fastText has its own, ours has two trials at once. Both
choose by accuracy (fastText's F1 of one label a text). Printed: accuracy on the 5,000, seconds from the lines to the saved model, bytes.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import fasttext
from reviews import NUM_TRAIN, raw_reviews, words

NUM_CHOOSE = 4_000
CONFIG = """
data:
  root: {root}
  train: {{path: train.ft}}
  validation: {{path: choose.ft}}
  cache: {{folder: {root}/cache}}
task: {{kind: binary, positive: pos}}
text:
  standardize: []
  vocabulary: {{max_tokens: 200000, min_count: 2}}
model:
  layers:
    - embedding_bag: {{dim: 16, mode: mean}}
    - linear: {{units: 1}}
optimizer: {{adagrad: {{lr: 0.1}}}}
training: {{epochs: 9, batch_size: 32, monitor: accuracy, threads: 1}}
"""
AXES = [
    "text.ngrams=1,2,3",
    "model.layers[0].embedding_bag.dim=8,16",
    "model.layers[0].embedding_bag.initializer={uniform: {low: -0.05, high: 0.05}},{naive_bayes: {scale: 3}},{naive_bayes: {scale: 5}}",
    "optimizer.adagrad.lr=log:0.02..0.5",
    "training.batch_size=16,32,64",
]


def write_lines(folder):
    texts, labels = raw_reviews()
    lines = [f"__label__{'pos' if label else 'neg'} " + b" ".join(words(text)).decode(errors="replace") for text, label in zip(texts, labels)]
    parts = {"train": lines[: NUM_TRAIN - NUM_CHOOSE], "choose": lines[NUM_TRAIN - NUM_CHOOSE : NUM_TRAIN], "held_out": lines[NUM_TRAIN:]}
    for name, part in parts.items():
        (folder / f"{name}.ft").write_text("\n".join(part) + "\n")


def line(name, accuracy, chosen_by, seconds, size, note):
    print(f"{name:<34} {accuracy:.4f}  {chosen_by:>10}  {seconds:7.1f} s  {size:>12,}  {note}", flush=True)


@contextlib.contextmanager
def standard_error_to(path):
    """autotune writes a line every half second there, whatever `verbose` says."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(path, "w") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def autotune(folder, seconds):
    begin = time.perf_counter()
    with standard_error_to(folder / "progress"):
        model = fasttext.train_supervised(str(folder / "train.ft"), autotuneValidationFile=str(folder / "choose.ft"), autotuneDuration=seconds, thread=2, verbose=0)
    model.save_model(str(folder / "model.bin"))
    took = time.perf_counter() - begin
    args = model.f.getArgs()
    num_trials = re.findall(r"Trials: *(\d+)", (folder / "progress").read_text())[-1]
    note = f"{num_trials} trials; " + " ".join(f"{name}={getattr(args, name):.4g}" for name in ("dim", "epoch", "lr", "wordNgrams", "minn", "maxn", "bucket"))
    chosen_by = model.test(str(folder / "choose.ft"))[1]
    line(f"fastText autotune, {seconds} s", model.test(str(folder / "held_out.ft"))[1], f"{chosen_by:.4f}", took, os.path.getsize(folder / "model.bin"), note)


def halving(program, folder, seconds, seed, log):
    (folder / "config.yaml").write_text(CONFIG.format(root=folder))
    sweep = folder / f"sweep-{seed}"
    shutil.rmtree(folder / "cache", ignore_errors=True)
    begin = time.perf_counter()
    done = subprocess.run([program, "sweep", str(folder / "config.yaml"), *AXES, "--random", "500", "--seed", str(seed), "--halving", "--max-seconds",
                           str(seconds), "--jobs", "2", "--device", "cpu", "--sweep-dir", str(sweep), "--json"], capture_output=True, text=True)
    took = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    if log:
        log.write_text(done.stderr)
    board = json.loads(done.stdout)
    best = board["rows"][0]
    run = pathlib.Path(best["runs"][0])
    report = subprocess.run([program, "evaluate", str(run / "model.pt"), "--data", str(folder / "held_out.ft"), "--json"], check=True, capture_output=True, text=True)
    trained = sum(row["trained_to_end"] for row in board["rows"])
    note = " ".join(f"{key.rsplit('.', 1)[-1]}={value}" for key, value in best["settings"].items())
    line(f"bernoulli sweep, {seconds} s, seed {seed}", json.loads(report.stdout)["metrics"]["accuracy"], f"{best['validation']['mean']:.4f}", took,
         os.path.getsize(run / "model.pt"), f"{len(board['rows'])} begun, {trained} trained to their ends; {note}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/bernoulli")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of the draws of ours, a search each")
    parser.add_argument("--log", type=pathlib.Path, help="where what the sweep says shall go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_lines(folder)
        print(f"{'':<34} {'held out':<6}  {'chosen by':>10}  {'in all':>9}  {'bytes':>12}")
        autotune(folder, options.seconds)
        for seed in options.seeds:
            halving(options.program, folder, options.seconds, seed, options.log)


if __name__ == "__main__":
    main()
