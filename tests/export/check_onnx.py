#!/usr/bin/env python3
"""Checks exported ONNX files with the ONNX checker and ONNX Runtime, which share nothing with the program that wrote them.

Usage: check_onnx.py [--program build/bernoulli] [--tolerance T] RUN|FILE.onnx...
A RUN is a run folder with a model.onnx; with --program, `bernoulli predict RUN` must answer the same. T is of a probability.
Needs onnx, onnxruntime and numpy (tried with 1.17.0, 1.20.1 and 1.26.4).
"""

import argparse
import json
import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime


def padded(rows, length):
    ids = np.zeros((len(rows), length), np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
    return ids


def largest(name, found, expected, tolerance):
    """The largest difference of two arrays, which the tolerance allows."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape, f"{name}: {found.shape}, expected {expected.shape}"
    difference = np.abs(found - expected).max(initial=0.0)
    assert difference <= tolerance, f"{name}: differs by {difference}"  # false for NaN
    return difference


def predictions(program, run, texts):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = subprocess.run([program, "predict", run, "--input", "jsonl", "--text-column", "text"], input=lines.encode(), check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return [list(r["probabilities"].values()) if "probabilities" in r else [r["probability"]] for r in records]


def check(path, run, program, tolerance):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    records = session.get_modelmeta().custom_metadata_map
    metadata, self_test = json.loads(records["metadata.json"]), json.loads(records["self_test.json"])
    assert records["config.yaml"] and json.loads(records["labels.json"])["names"]
    assert len(json.loads(records["thresholds.json"])) == metadata["num_outputs"]

    def answer(ids):
        probabilities, logits = session.run(["probabilities", "logits"], {"ids": ids})
        assert probabilities.dtype == logits.dtype == np.float32
        assert np.isfinite(probabilities).all()
        largest("the sigmoid of the logits", probabilities, 1 / (1 + np.exp(-logits.astype(np.float64))), 1e-6)
        return probabilities

    def compare(name, found, wanted):
        nonlocal difference
        difference = max(difference, largest(name, found, wanted, tolerance))

    difference = 0.0
    rows, expected = self_test["ids"], np.array(self_test["probabilities"])
    fixed = metadata["sequence_length"]
    length = fixed or max(1, *map(len, rows))
    probabilities = answer(padded(rows, length))
    compare("self-test", probabilities, expected)
    for i, row in enumerate(rows):  # one text alone, no longer than it is
        compare(f"text {i} alone", answer(padded([row], fixed or max(1, len(row)))), expected[i : i + 1])
    if not fixed:
        compare("more padding", answer(padded(rows, length + 7)), expected)
    if program and run:
        known = [i for i, text in enumerate(self_test["texts"]) if isinstance(text, str)]
        compare("bernoulli predict", probabilities[known], predictions(program, f"{run}/model.pt", [self_test["texts"][i] for i in known]))
    return len(rows), difference


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program")
    parser.add_argument("--tolerance", type=float, default=1e-4)  # what rounding may do: src/export/onnx_verify.h
    parser.add_argument("model", nargs="+")
    arguments = parser.parse_args()
    for name in arguments.model:
        path = pathlib.Path(name)
        run = name if path.is_dir() else None
        count, difference = check(path / "model.onnx" if run else path, run, arguments.program, arguments.tolerance)
        print(f"{name}: {count} texts, largest difference {difference:g}")


if __name__ == "__main__":
    main()
