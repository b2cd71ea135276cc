#!/usr/bin/env python3
"""Reads a run folder with TensorBoard's own reader and compares what it shows with metrics.jsonl, number for number.

Usage: check_events.py RUN (needs tensorboard)
"""

import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

PLACE = ("event", "epoch", "step", "seconds", "wall_time")


def as_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def main(run):
    expected = {}
    for line in (pathlib.Path(run) / "metrics.jsonl").read_text().splitlines():
        event = json.loads(line)
        for key, value in event.items():
            if key not in PLACE and isinstance(value, (int, float)) and not isinstance(value, bool):
                expected.setdefault(f"{event['event']}/{key}", []).append((event["wall_time"], event["step"], as_float32(value)))
    assert expected, "metrics.jsonl holds no numbers"
    reader = EventAccumulator(run, size_guidance={"scalars": 0})
    reader.Reload()
    assert reader.file_version == 2
    shown = {tag: [(event.wall_time, event.step, event.value) for event in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}
    assert shown.keys() == expected.keys(), shown.keys() ^ expected.keys()
    for tag, events in expected.items():
        assert shown[tag] == events, f"{tag}: {shown[tag]} instead of {events}"
        steps = [step for _, step, _ in shown[tag]]
        assert len(set(steps)) == len(steps), f"{tag}: a step is there twice: {steps}"
    print(f"{run}: {len(shown)} tags, {sum(map(len, shown.values()))} points")


if __name__ == "__main__":
    main(sys.argv[1])
