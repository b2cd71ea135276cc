#!/usr/bin/env python3
"""Writes losses.json: losses and gradients of PyTorch 2.11 over a grid of logits and targets, float32 and float64.

sigmoid_bce_clipped is what keras/src/backend/torch/nn.py does (Keras 3.15); focal_with_logits is torchvision's
sigmoid_focal_loss. A probability loss with pos_weight is put together from two calls of the kernel, so it may differ in
the last bits; "exact" says where the very bits are expected. "capability" is the instruction set that the bits are from.
Run from this folder: python make_losses.py
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

LOGITS = [-110, -50, -30, -28, -17, -9, -3.3, -0.7, 0, 0.4, 2.2, 8, 16, 17, 40, 110]
TARGETS = [0, 1, 0.3]
GAMMA, ALPHA = 1.5, 0.25
torch.set_num_threads(1)


def of_probabilities(p, y, pos_weight):
    if pos_weight is None:
        return F.binary_cross_entropy(p, y, reduction="none")
    if_positive = F.binary_cross_entropy(p, torch.ones_like(p), reduction="none")
    if_negative = F.binary_cross_entropy(p, torch.zeros_like(p), reduction="none")
    return pos_weight * y * if_positive + (1 - y) * if_negative


def bce_with_logits(z, y, pos_weight):
    return F.binary_cross_entropy_with_logits(z, y, pos_weight=pos_weight, reduction="none")


def sigmoid_bce(z, y, pos_weight):
    return of_probabilities(torch.sigmoid(z), y, pos_weight)


def sigmoid_bce_clipped(z, y, pos_weight):
    return of_probabilities(torch.clip(torch.sigmoid(z), 1e-7, 1 - 1e-7), y, pos_weight)


def focal_with_logits(z, y, pos_weight):
    p = torch.sigmoid(z)
    p_t = p * y + (1 - p) * (1 - y)
    loss = bce_with_logits(z, y, pos_weight) * ((1 - p_t) ** GAMMA)
    return (ALPHA * y + (1 - ALPHA) * (1 - y)) * loss


def numbers(tensor):
    values = [float(str(x)) for x in tensor.detach().numpy().ravel()]  # the shortest decimals
    assert np.array_equal(np.array(values, tensor.numpy(force=True).dtype), tensor.numpy(force=True).ravel())
    return values


def case(mode, dtype, pos_weight, smoothing):
    z = torch.tensor(LOGITS, dtype=dtype).repeat_interleave(len(TARGETS)).reshape(-1, len(TARGETS)).requires_grad_()
    y = torch.tensor(TARGETS, dtype=dtype).repeat(len(LOGITS), 1)
    if smoothing:
        y = y * (1 - smoothing) + smoothing / 2
    losses = mode(z, y, None if pos_weight is None else torch.tensor([pos_weight], dtype=dtype))
    losses.sum().backward()
    exact = mode is bce_with_logits or (mode is not focal_with_logits and pos_weight is None)
    return {"mode": mode.__name__, "dtype": str(dtype)[6:], "pos_weight": [] if pos_weight is None else [pos_weight],
            "label_smoothing": smoothing, "exact": exact, "losses": numbers(losses), "gradients": numbers(z.grad)}


cases = [case(mode, dtype, pos_weight, smoothing)
         for mode in (bce_with_logits, sigmoid_bce, sigmoid_bce_clipped, focal_with_logits)
         for dtype in (torch.float32, torch.float64) for pos_weight in (None, 3.7) for smoothing in (0, 0.1)]
head = {"capability": torch.backends.cpu.get_cpu_capability(), "logits": LOGITS, "targets": TARGETS, "gamma": GAMMA,
        "alpha": ALPHA}
with open("losses.json", "w") as file:
    file.write("{\n" + "".join(f"{json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()) + '"cases": [\n')
    file.write(",\n".join(json.dumps(c) for c in cases) + "\n]}\n")
