"""A step of configs/imdb_cnn.yaml with PyTorch eager and with Bernoulli, three turns each, on one processor; prints milliseconds.

usage: run_cnn.py PROGRAM REPOSITORY     PROGRAM is bernoulli; needs BERNOULLI_DATA and a python with torch.
PyTorch's side has the same layers, loss and Adam over random ids of the same shape; its steps are timed without any data handling.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch

STEPS, WORDS, LENGTH, BATCH = 100, 20_000, 400, 64


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(WORDS, 64)
        self.windows = torch.nn.Conv1d(64, 128, 3, padding=1)
        self.out = torch.nn.Linear(128, 1)
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, ids):
        x = self.windows(self.drop(self.table(ids)).transpose(1, 2))
        return self.out(self.drop(torch.relu(x).amax(2))).squeeze(1)


def torch_milliseconds():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = Network()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7)
    loss = torch.nn.BCEWithLogitsLoss()
    ids = torch.randint(2, WORDS, (STEPS + 5, BATCH, LENGTH))
    targets = torch.randint(0, 2, (STEPS + 5, BATCH)).float()
    for step in range(STEPS + 5):
        if step == 5:
            begin = time.perf_counter()
        optimizer.zero_grad()
        loss(network(ids[step]), targets[step]).backward()
        optimizer.step()
    return 1000 * (time.perf_counter() - begin) / STEPS


def our_milliseconds(program, repository):
    sets = [f"data.root={os.environ['BERNOULLI_DATA']}", "training.threads=1", f"training.max_steps={STEPS}", "training.epochs=1",
            "data.validation.fraction=0.01"]
    with tempfile.TemporaryDirectory() as folder:
        run = [program, "train", f"{repository}/configs/imdb_cnn.yaml", "--run-dir", f"{folder}/run", "--json", "--quiet",
               *(word for value in sets for word in ("--set", value))]
        summary = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
    return 1000 * sum(summary["timings"]["epoch_seconds"]) / summary["steps"]


def main():
    program, repository = sys.argv[1:]
    turns = [(torch_milliseconds(), our_milliseconds(program, repository)) for _ in range(3)]
    for name, values in zip(("PyTorch eager", "Bernoulli"), zip(*turns)):
        print(f"{name:<14} {statistics.median(values):6.1f} ms a step  (turns: {', '.join(f'{v:.1f}' for v in values)})")


if __name__ == "__main__":
    main()
