#!/usr/bin/env python3
"""Writes token_table.json: tables as exported files pack them (docs/artifact.md, "Small files"), by NumPy.

Numbers are hexadecimal digits of their bits, so that nothing is lost on the way. Run from this folder: python make_token_table.py
"""

import json

import numpy as np

V, D = 7, 3


def bits(array, kind):
    width = array.dtype.itemsize * 2
    return [f"{int(x):0{width}x}" for x in array.view(kind).ravel()]


def int8(table, axis):
    largest = np.abs(table).max(axis=axis, keepdims=True)
    scale = (largest / np.float32(127)).astype(np.float32)
    scale[scale < np.finfo(np.float32).tiny] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = (table / scale).astype(np.float32)
    numbers = np.where(scale == 0, np.float32(0), np.rint(quotient)).astype(np.int8)
    return {"scales": bits(scale, np.uint32), "numbers": numbers.ravel().tolist(), "values": bits(numbers.astype(np.float32) * scale, np.uint32)}


def main():
    random = np.random.RandomState(3)
    table = random.standard_normal((V, D)).astype(np.float32)
    table[1] = [127, 0.5, -2.5]  # ties: to 0 and to -2
    table[2] = 0
    table[3] = [1e-37, -3e-38, 0]  # the scale would be no normal number
    table[4] = [6e4, 3.1e-5, -1e-7]  # float16: normal, below normal, one step above 0
    halves = table.astype(np.float16)
    # Every rounding of float16: both sides of each tie between neighbours, the tie itself, and the ends.
    steps = np.arange(0, 0x7C00, 149, dtype=np.uint16).view(np.float16).astype(np.float64)
    above = np.arange(1, 0x7C01, 149, dtype=np.uint16).view(np.float16).astype(np.float64)
    above[np.isinf(above)] = 65536
    ties = ((steps + above) / 2).astype(np.float32)
    probes = np.concatenate([ties, np.nextafter(ties, np.float32(0)), np.nextafter(ties, np.float32(np.inf)), np.float32([0, 2**-25, 65519.996, 65520, 1e30, np.inf])])
    probes = np.concatenate([probes, -probes])
    with np.errstate(over="ignore"):
        rounded = probes.astype(np.float16)
    content = {
        "rows": V, "columns": D, "table": bits(table, np.uint32),
        "int8_of_row": int8(table, 1), "int8_of_column": int8(table, 0),
        "float16": {"numbers": bits(halves, np.uint16), "values": bits(halves.astype(np.float32), np.uint32)},
        "probes": {"float32": bits(probes, np.uint32), "float16": bits(rounded, np.uint16)},
    }
    with open("token_table.json", "w") as file:
        json.dump(content, file)
        file.write("\n")


if __name__ == "__main__":
    main()
