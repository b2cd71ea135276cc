#!/usr/bin/env python3
"""Writes plain.safetensors with safetensors 0.6 or later: a file of another program, without a checksum.

Run from this folder: python make_safetensors.py
"""

import numpy as np
from safetensors.numpy import save_file

save_file({"linear_0.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}, "plain.safetensors", {"format": "np"})
