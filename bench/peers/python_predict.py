#!/usr/bin/env python3
"""Raw reviews to probabilities in Python: the package `bernoulli`, without PyTorch, beside torch.jit.load, on the same exported file.

    bernoulli train configs/imdb_tutorial.yaml --run-dir runs/tutorial
    ./dev wheel && ~/.cache/bernoulli/peers/bin/pip install build/wheel/bernoulli-*.whl
    BERNOULLI_DATA=data ~/.cache/bernoulli/peers/bin/python bench/peers/python_predict.py runs/tutorial/model.pt

Start: a new interpreter until its first answer, less an empty one. One review: in turns, each call with a list of one. A batch: 5,000
reviews in one call, on one thread and on all.
"""
import random
import statistics
import subprocess
import sys
import time

import bernoulli
import single_reviews
import torch
from single_reviews import quantiles, times_us

TURNS = 3
STARTS = {
    "bernoulli": "import sys, bernoulli; bernoulli.Classifier(sys.argv[1]).probabilities(['a film'])",
    "torch.jit.load": "import sys, torch; torch.jit.load(sys.argv[1])(['a film'])",
    "an empty interpreter": "",
}


def start_seconds(code, path):
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, path], check=True)
    return time.perf_counter() - begin


def batch_seconds(answer, texts):
    begin = time.perf_counter()
    answer(texts)
    return time.perf_counter() - begin


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = sys.argv[1]
    texts = single_reviews.texts()
    random.Random(7).shuffle(texts)
    for name, code in STARTS.items():
        print(f"start  {name:<22} {statistics.median(start_seconds(code, path) for _ in range(5)):8.3f} s")
    ours, shared, theirs = bernoulli.Classifier(path), bernoulli.Classifier(path, threads=0), torch.jit.load(path)
    cores = torch.get_num_threads()
    difference = abs(torch.from_numpy(ours.probabilities(texts)) - theirs(texts)).max().item()
    print(f"largest difference of a probability: {difference:.2g}")
    torch.set_num_threads(1)
    singles = {"bernoulli": lambda text: ours.probabilities([text]), "torch.jit.load": lambda text: theirs([text])}
    for answer in singles.values():
        times_us(answer, texts[:1000])
    for _ in range(TURNS):
        for name, answer in singles.items():
            print(f"single {name:<22} {quantiles(times_us(answer, texts))}")
    batches = {"bernoulli, 1 thread": (ours.probabilities, 1), f"bernoulli, {cores} threads": (shared.probabilities, 1),
               "torch, 1 thread": (theirs, 1), f"torch, {cores} threads": (theirs, cores)}
    for name, (answer, threads) in batches.items():
        torch.set_num_threads(threads)
        seconds = statistics.median(batch_seconds(answer, texts) for _ in range(7))
        print(f"batch  {name:<22} {len(texts) / seconds:10,.0f} reviews a second")


if __name__ == "__main__":
    main()
