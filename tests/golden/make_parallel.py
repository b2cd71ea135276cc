#!/usr/bin/env python3
"""Writes parallel.json: logits and gradients of models with branches as PyTorch computes them in float64, written as one would by
hand: Kim's TextCNN (2014), mean and largest value side by side, and a residual connection around a convolution.

Run from this folder: python make_parallel.py
"""

import json

import numpy as np
import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
NUM_IDS, DIM, OUTPUTS = 9, 3, 2
IDS = torch.tensor([[3, 4, 3, 8, 1, 2], [1, 2, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [7, 6, 5, 4, 0, 0]])
LENGTHS = (IDS != 0).sum(1)
REAL = (IDS != 0).unsqueeze(2)
FACTORS = torch.cos(torch.arange(len(IDS) * OUTPUTS, dtype=torch.float64)).reshape(len(IDS), OUTPUTS)


def convolve(layer, x):
    return layer((x * REAL).transpose(1, 2)).transpose(1, 2)


def highest(x):
    largest = x.masked_fill(~REAL, -torch.inf).amax(1)
    return torch.where(LENGTHS.unsqueeze(1) == 0, 0.0, largest)


def mean(x):
    return (x * REAL).sum(1) / LENGTHS.clamp(1).unsqueeze(1)


class TextCnn(nn.Module):
    layers = ("[{embedding: 3}, {parallel: [[{conv1d: {channels: 4, kernel_size: 3}}, relu, max_pool], "
              "[{conv1d: {channels: 4, kernel_size: 4}}, relu, max_pool], "
              "[{conv1d: {channels: 4, kernel_size: 5}}, relu, max_pool]]}, {linear: 2}]")

    def __init__(self):
        super().__init__()
        self.embedding_0 = nn.Embedding(NUM_IDS, DIM)
        self.conv1d_1_0_0 = nn.Conv1d(DIM, 4, 3, padding="same")
        self.conv1d_1_1_0 = nn.Conv1d(DIM, 4, 4, padding="same")
        self.conv1d_1_2_0 = nn.Conv1d(DIM, 4, 5, padding="same")
        self.linear_2 = nn.Linear(12, OUTPUTS)

    def forward(self, ids):
        x = self.embedding_0(ids)
        windows = (self.conv1d_1_0_0, self.conv1d_1_1_0, self.conv1d_1_2_0)
        return self.linear_2(torch.cat([highest(torch.relu(convolve(window, x))) for window in windows], 1))


class MeanAndHighest(nn.Module):
    layers = "[{embedding: 3}, {parallel: [[mean_pool], [max_pool]]}, {linear: 2}]"

    def __init__(self):
        super().__init__()
        self.embedding_0 = nn.Embedding(NUM_IDS, DIM)
        self.linear_2 = nn.Linear(2 * DIM, OUTPUTS)

    def forward(self, ids):
        x = self.embedding_0(ids)
        return self.linear_2(torch.cat([mean(x), highest(x)], 1))


class Residual(nn.Module):
    layers = ("[{embedding: 3}, {parallel: {join: sum, branches: [[], [{conv1d: {channels: 3, kernel_size: 3}}, tanh]]}}, "
              "{parallel: [[max_pool], [{parallel: [[{linear: 2}], []]}, mean_pool]]}, {linear: 2}]")

    def __init__(self):
        super().__init__()
        self.embedding_0 = nn.Embedding(NUM_IDS, DIM)
        self.conv1d_1_1_0 = nn.Conv1d(DIM, DIM, 3, padding="same")
        self.linear_2_1_0_0_0 = nn.Linear(DIM, 2)
        self.linear_3 = nn.Linear(2 * DIM + 2, OUTPUTS)

    def forward(self, ids):
        x = self.embedding_0(ids)
        x = x + torch.tanh(convolve(self.conv1d_1_1_0, x))
        return self.linear_3(torch.cat([highest(x), mean(torch.cat([self.linear_2_1_0_0_0(x), x], 2))], 1))


def case(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((parameter * 64).round() / 64)  # few digits
    logits = model(IDS)
    (logits * FACTORS).sum().backward()
    flat = {name: np.round(p.detach().numpy().ravel(), 12).tolist() for name, p in model.named_parameters()}
    gradients = {name: p.grad.numpy().ravel().tolist() for name, p in model.named_parameters()}
    return {"layers": model.layers, "weights": flat, "logits": logits.detach().numpy().ravel().tolist(), "gradients": gradients}


with open("parallel.json", "w", encoding="utf-8") as file:
    json.dump({"torch": torch.__version__, "num_ids": NUM_IDS, "ids": IDS.ravel().tolist(), "lengths": LENGTHS.tolist(),
               "factors": FACTORS.ravel().tolist(), "cases": [case(TextCnn()), case(MeanAndHighest()), case(Residual())]}, file)
    file.write("\n")
