#!/usr/bin/env python3
"""Writes stability.json: loss and gradient of torch.nn.functional for 10,000 random (logit, target) in each dtype.

The numbers come from splitmix64, so that a test can draw them again: two values u, v of 64 bits an entry,
logit = ((u >> 11) / 2^53 - 1/2) * scale with scale 250, 50 or 10 in turn, target = 0, 1 or (v >> 56) / 256 in turn, each rounded
to the dtype. The bits of all 10,000 are kept as FNV-1a hashes (every NaN written as the same one), and those of the first
200 in full, for machines whose vector instructions round differently. "capability" names those of the file.
Made with PyTorch 2.11. Run from this folder: python make_stability.py
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

COUNT, KEPT, SEED, MASK = 10_000, 200, 20_240_611, 2**64 - 1
BITS = {torch.float64: torch.int64, torch.float32: torch.int32, torch.bfloat16: torch.int16, torch.float16: torch.int16}
torch.set_num_threads(1)


def splitmix64(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def entries():
    draw = splitmix64(SEED)
    for i in range(COUNT):
        u, v = next(draw), next(draw)
        # the upper 53 bits, so that the quotient is exact
        yield ((u >> 11) / 2**53 - 0.5) * (250, 50, 10)[i % 3], (0.0, 1.0, (v >> 56) / 256)[i // 3 % 3]


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return f"{value:016x}"


def bits(tensor):
    tensor = tensor.detach().clone().flatten()
    tensor[tensor.isnan()] = float("nan")
    width = tensor.element_size()
    unsigned = tensor.view(BITS[tensor.dtype]).numpy().astype(f"<i{width}").view(f"<u{width}")
    return {"fnv1a": fnv1a(unsigned.tobytes()), "first": [f"{x:0{2 * width}x}" for x in unsigned[:KEPT].tolist()]}


def bce_with_logits(z, y):
    return F.binary_cross_entropy_with_logits(z, y, reduction="none")


def sigmoid_bce(z, y):
    return F.binary_cross_entropy(torch.sigmoid(z), y, reduction="none")


def case(mode, dtype):
    drawn = np.array(list(entries()))
    z = torch.from_numpy(drawn[:, :1].copy()).to(dtype).requires_grad_()
    y = torch.from_numpy(drawn[:, 1:].copy()).to(dtype)
    losses = mode(z, y)
    losses.sum().backward()
    return {"mode": mode.__name__, "dtype": str(dtype)[6:], "inputs": {"logit": bits(z), "target": bits(y)},
            "loss": bits(losses), "gradient": bits(z.grad)}


head = {"capability": torch.backends.cpu.get_cpu_capability(), "torch": torch.__version__.split("+")[0], "count": COUNT,
        "seed": SEED}
cases = [case(mode, dtype) for dtype in BITS for mode in (bce_with_logits, sigmoid_bce)]
with open("stability.json", "w", encoding="utf-8") as file:
    file.write(json.dumps({**head, "cases": cases}, separators=(",", ":")).replace('{"mode"', '\n{"mode"') + "\n")
