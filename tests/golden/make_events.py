#!/usr/bin/env python3
"""Writes events.tfevents with TensorBoard's own writer: what EventFile must write for the same calls (tests/store/event_file_test.cpp).

Run from this folder, with tensorboard 2.21: python make_events.py
"""

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

EVENTS = [
    Event(wall_time=1764000000.25, step=0, file_version="brain.Event:2"),
    Event(wall_time=1764000000.25, step=0, session_log=SessionLog(status=SessionLog.START)),
    Event(wall_time=1764000001.5, step=266,
          summary=Summary(value=[Summary.Value(tag="train/loss", simple_value=0.6873), Summary.Value(tag="train/gradient_norm", simple_value=1e-7)])),
    Event(wall_time=1764000002.75, step=1 << 40, summary=Summary(value=[Summary.Value(tag="validation/f1", simple_value=0.0)])),
]

with open("events.tfevents", "wb") as file:
    writer = RecordWriter(file)
    for event in EVENTS:
        writer.write(event.SerializeToString())
