#!/usr/bin/env python3
"""Opens an exported file with plain torch, nothing of ours installed, and checks every promise of docs/artifact.md.

Usage: check_artifact.py model.pt
"""

import io
import json
import sys
import threading
import warnings

import torch

warnings.filterwarnings("ignore", category=DeprecationWarning)


def main(path):
    files = {"config.yaml": "", "labels.json": "", "thresholds.json": "", "metadata.json": "", "self_test.json": ""}
    model = torch.jit.load(path, _extra_files=files)
    files = {name: content if isinstance(content, str) else content.decode() for name, content in files.items()}
    metadata = json.loads(files["metadata.json"])
    num_outputs = metadata["num_outputs"]
    assert files["config.yaml"] and json.loads(files["labels.json"])["names"]

    self_test = json.loads(files["self_test.json"])
    known = [(text, row) for text, row in zip(self_test["texts"], self_test["probabilities"]) if isinstance(text, str)]
    texts = [text for text, _ in known]
    expected = torch.tensor([row for _, row in known])
    for call in range(5):  # the interpreter profiles the first calls and specialises later ones
        probabilities = model(texts)
        assert probabilities.dtype == torch.float32 and probabilities.shape == (len(texts), num_outputs)
        assert not probabilities.requires_grad
        assert (probabilities - expected).abs().max() <= 1e-6, f"call {call}"
        assert torch.equal(probabilities, torch.sigmoid(model.logits(texts)))
    ids = model.vectorize(texts)
    assert ids.dtype == torch.int64 and ids.shape[0] == len(texts)
    assert torch.equal(model.from_ids(ids), probabilities)
    thresholds = torch.tensor(json.loads(files["thresholds.json"]), dtype=torch.float64)
    assert torch.equal(model.decide(texts), probabilities > thresholds)
    assert model([]).shape == (0, num_outputs)
    assert model([""]).shape == (1, num_outputs)
    assert model(["the movie " * 100_000]).isfinite().all()

    frozen = torch.jit.freeze(model, preserved_attrs=["byte_strings", "logits", "decide", "vectorize", "from_ids"])
    saved = io.BytesIO()
    torch.jit.save(frozen, saved)
    saved.seek(0)
    again = torch.jit.load(saved)
    assert torch.equal(again(texts), probabilities) and torch.equal(again.logits(texts), model.logits(texts))
    assert torch.equal(again.from_ids(again.vectorize(texts)), probabilities)
    assert torch.equal(again.decide(texts), model.decide(texts))

    differing = []

    def work():
        for _ in range(20):
            if not torch.equal(model(texts), probabilities):
                differing.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not differing
    print(f"{path}: {len(texts)} texts, largest difference {(probabilities - expected).abs().max().item():g}")


if __name__ == "__main__":
    main(sys.argv[1])
