"""A step of models with a convolution, an LSTM and a GRU, with PyTorch eager and with Bernoulli, in turns, on one processor; prints milliseconds.

usage: run_layers.py PROGRAM REPOSITORY     PROGRAM is bernoulli; needs BERNOULLI_DATA and a python with torch.
PyTorch's side has the same layers, loss and Adam, over random ids; its texts have the lengths of the reviews. Its recurrent layers run in both of
its ways, over padded and over packed sequences (which skip padding, as ours do), and the faster one counts. Its steps are timed without any data
handling.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch

STEPS, WORDS, DIM, BATCH, TURNS = 50, 20_000, 64, 64, 3
MODELS = {  # name: (kind, units, length of a text at most)
    "conv1d": ("conv1d", 128, 400),
    "lstm": ("lstm", 128, 250),
    "lstm, both ways": ("lstm", 32, 250),
    "gru": ("gru", 128, 250),
    "gru, both ways": ("gru", 32, 250),
}


def both_ways(name):
    return name.endswith("both ways")


class Network(torch.nn.Module):
    def __init__(self, kind, units, bidirectional, packs):
        super().__init__()
        self.packs = packs
        self.table = torch.nn.Embedding(WORDS, DIM)
        self.drop = torch.nn.Dropout(0.5)
        if kind == "conv1d":
            self.layer = torch.nn.Conv1d(DIM, units, 3, padding=1)
        else:
            self.layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](DIM, units, batch_first=True, bidirectional=bidirectional)
        self.out = torch.nn.Linear(units * (2 if bidirectional else 1), 1)

    def forward(self, ids, lengths):
        x = self.drop(self.table(ids))
        if isinstance(self.layer, torch.nn.Conv1d):
            y = torch.relu(self.layer(x.transpose(1, 2))).amax(2)
        else:
            if self.packs:
                x = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            states, last = self.layer(x)
            if self.packs:
                y = torch.cat(tuple(last[0] if isinstance(last, tuple) else last), 1)
            else:
                y = states[torch.arange(len(ids)), lengths - 1]
        return self.out(y).squeeze(1)


def review_lengths(count, most):
    paths = sorted(pathlib.Path(os.environ["BERNOULLI_DATA"], "aclImdb", "train").glob("*/*.txt"))
    texts = [path for path in paths if path.parent.name in ("pos", "neg")]
    chosen = texts[:: max(1, len(texts) // count)][:count]
    return torch.tensor([min(most, max(1, len(path.read_bytes().split()))) for path in chosen])


def milliseconds_of_steps(network, lengths, ids, targets):
    """Of a step of Adam, the first three left aside."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7)
    loss = torch.nn.BCEWithLogitsLoss()
    for step in range(len(ids)):
        if step == 3:
            begin = time.perf_counter()
        optimizer.zero_grad()
        loss(network(ids[step], lengths[step]), targets[step]).backward()
        optimizer.step()
    return 1000 * (time.perf_counter() - begin) / (len(ids) - 3)


def torch_milliseconds(kind, units, most, bidirectional, packs):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = Network(kind, units, bidirectional, packs)
    steps = STEPS + 3
    lengths = review_lengths(steps * BATCH, most).view(steps, BATCH)
    ids = torch.randint(2, WORDS, (steps, BATCH, most)) * (torch.arange(most) < lengths.unsqueeze(2))
    targets = torch.randint(0, 2, (steps, BATCH)).float()
    return milliseconds_of_steps(network, lengths, ids, targets)


def our_milliseconds(program, repository, kind, units, most, bidirectional, settings=(), words=()):
    layer = {"channels": units, "kernel_size": 3} if kind == "conv1d" else {"units": units, "bidirectional": bidirectional, "output": "last"}
    behind = ["relu", "max_pool"] if kind == "conv1d" else []
    layers = [{"embedding": {"dim": DIM}}, {"dropout": 0.5}, {kind: layer}, *behind, {"linear": {"units": 1}}]
    sets = [f"data.root={os.environ['BERNOULLI_DATA']}", "training.threads=1", f"training.max_steps={STEPS}", "training.epochs=1",
            "data.validation.fraction=0.01", f"training.batch_size={BATCH}", f"text.sequence_length={most}",
            f"text.vocabulary.max_tokens={WORDS}", f"model.layers={json.dumps(layers)}", *settings]
    with tempfile.TemporaryDirectory() as folder:
        run = [program, "train", f"{repository}/configs/imdb_cnn.yaml", "--run-dir", f"{folder}/run", "--json", "--quiet", *words,
               *(word for value in sets for word in ("--set", value))]
        summary = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
    return 1000 * sum(summary["timings"]["epoch_seconds"]) / summary["steps"]


def main():
    program, repository = sys.argv[1:]
    print("| model | PyTorch eager, ms a step (padded / packed) | Bernoulli | times |\n|---|---|---|---|")
    for name, (kind, units, most) in MODELS.items():
        model = (kind, units, most, both_ways(name))
        ways = [False] if kind == "conv1d" else [False, True]
        turns = [(*(torch_milliseconds(*model, packs) for packs in ways), our_milliseconds(program, repository, *model)) for _ in range(TURNS)]
        *theirs, ours = (statistics.median(side) for side in zip(*turns))
        print(f"| {name}, {units} units | {' / '.join(f'{way:.1f}' for way in theirs)} | {ours:.1f} | {min(theirs) / ours:.1f} |", flush=True)


if __name__ == "__main__":
    main()
