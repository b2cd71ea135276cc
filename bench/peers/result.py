"""What a peer prints: one JSON object, read by run.py."""
import json


def report(epoch_seconds, steps, accuracy, loss=None):
    """`epoch_seconds`: training alone, one an epoch; the first, which may compile, is left out of the figure a step."""
    steady = sorted(epoch_seconds[1:] or epoch_seconds)
    print(json.dumps({"step_us": steady[len(steady) // 2] / steps * 1e6, "accuracy": accuracy, "loss": loss}))
