#!/usr/bin/env python3
"""Writes plain_torchscript.pt: a sound TorchScript file (torch 2.11.0) that no bernoulli exported. Run from this folder."""

import pathlib

import torch


class Twice(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


torch.jit.script(Twice()).save(str(pathlib.Path(__file__).with_name("plain_torchscript.pt")))
