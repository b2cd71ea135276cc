#!/usr/bin/env python3
"""One raw review to a probability: an exported file of ours beside the TorchScript that a PyTorch user would write.

    bernoulli train configs/imdb_tutorial.yaml --run-dir runs/tutorial
    BERNOULLI_DATA=data ~/.cache/bernoulli/peers/bin/python bench/peers/torchscript_predict.py runs/tutorial

All are loaded into this process and called in turns with one review, on one thread. The two peers, plainly written and with thought
for speed, have the run's vocabulary and random weights.
"""

import pathlib
import random
import string
import sys
import tempfile
from typing import Dict, List

import single_reviews
import torch
from single_reviews import quantiles, times_us
from torch import Tensor, nn

TURNS = 3


class Thoughtful(nn.Module):
    def __init__(self, vocabulary: List[str]):
        super().__init__()
        self.ids: Dict[str, int] = {token: i + 2 for i, token in enumerate(vocabulary)}
        self.punctuation: List[str] = list(string.punctuation)
        self.embedding = nn.Embedding(len(vocabulary) + 2, 16)
        self.dropout = nn.Dropout(0.2)
        self.linear = nn.Linear(16, 1)

    def encode(self, text: str) -> List[int]:
        text = text.lower().replace("<br />", " ")
        for mark in self.punctuation:
            text = text.replace(mark, "")
        ids = [self.ids.get(word, 1) for word in text.split()][:250]
        return ids + [0] * (250 - len(ids))

    def forward(self, texts: List[str]) -> Tensor:
        ids = torch.tensor([self.encode(text) for text in texts])
        pooled = self.dropout(self.embedding(ids)).mean(1)
        return torch.sigmoid(self.linear(self.dropout(pooled)))


class Plain(nn.Module):
    def __init__(self, vocabulary: List[str]):
        super().__init__()
        self.ids: Dict[str, int] = {token: i + 2 for i, token in enumerate(vocabulary)}
        self.punctuation: str = string.punctuation
        self.embedding = nn.Embedding(len(vocabulary) + 2, 16)
        self.dropout = nn.Dropout(0.2)
        self.linear = nn.Linear(16, 1)

    def forward(self, texts: List[str]) -> Tensor:
        rows: List[List[int]] = []
        for text in texts:
            text = text.lower().replace("<br />", " ")
            for mark in self.punctuation:
                text = text.replace(mark, "")
            row: List[int] = []
            for word in text.split()[:250]:
                if word in self.ids:
                    row.append(self.ids[word])
                else:
                    row.append(1)
            while len(row) < 250:
                row.append(0)
            rows.append(row)
        pooled = self.dropout(self.embedding(torch.tensor(rows))).mean(1)
        return torch.sigmoid(self.linear(self.dropout(pooled)))


def loaded(peer):
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.jit.script(peer.eval()).save(file.name)
        return torch.jit.load(file.name)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    texts = single_reviews.texts()
    random.Random(7).shuffle(texts)
    vocabulary = (run / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    models = {"exported by bernoulli": torch.jit.load(run / "model.pt"), "plain Python": loaded(Plain(vocabulary)),
              "thoughtful Python": loaded(Thoughtful(vocabulary))}
    with torch.no_grad():
        for model in models.values():
            times_us(lambda text, model=model: model([text]), texts[:1000])
        for _ in range(TURNS):
            for name, model in models.items():
                print(f"{name:<24} {quantiles(times_us(lambda text, model=model: model([text]), texts))}")


if __name__ == "__main__":
    main()
