"""What a peer prints: one JSON object, read by run.py."""
import json


def report(epoch_seconds, steps, accuracy, loss=None):
    """`epoch_seconds`: training alone, one an epoch; the first, which may compile, is left out of the figure."""
    steady = sorted(epoch_seconds[1:] or epoch_seconds)
    epoch = steady[len(steady) // 2]
    print(json.dumps({"epoch_s": epoch, "step_us": epoch / steps * 1e6, "accuracy": accuracy, "loss": loss}))
