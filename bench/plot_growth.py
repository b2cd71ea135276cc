#!/usr/bin/env python3
"""Draws how the cost of a step grows, from the JSON of bench/step_bench: one panel each for vocabulary, dimension, batch and corpus.

    ./dev bench growth          # measures and writes docs/benchmarks/growth_cpu.svg
"""

import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

AXES = ["vocabulary", "dimension", "batch", "training examples"]
BASE = (10_000, 16, 32, 20_000)
COLORS = {"fused": "#0072b2", "reference": "#d55e00"}


def measured(path):
    """{engine: {shape: microseconds a step}}"""
    times = {engine: {} for engine in COLORS}
    with open(path, encoding="utf-8") as file:
        for run in json.load(file)["benchmarks"]:
            group, engine, *shape = run["name"].split("/")
            if group == "step":
                assert run["time_unit"] == "us", run
                times[engine][tuple(map(int, shape))] = run["real_time"]
    return times


def along(shapes, axis):
    """Those that differ from BASE in this axis only."""
    return sorted(shape for shape in shapes if all(shape[i] == BASE[i] for i in range(4) if i != axis))


def draw(panel, times, axis):
    for engine, color in COLORS.items():
        line = [(shape[axis], times[engine][shape]) for shape in along(times[engine], axis)]
        panel.plot(*zip(*line), marker="o", markersize=3.5, color=color, label=engine)
        for x, y in line:
            panel.annotate(f"{y:,.0f}" if y < 10_000 else f"{y / 1000:,.0f}k", (x, y), textcoords="offset points", xytext=(0, 5), ha="center", fontsize=7)
    panel.set(xscale="log", yscale="log", xlabel=AXES[axis])
    ticks = [shape[axis] for shape in along(times["fused"], axis)]
    panel.set_xticks(ticks, [f"{tick // 1000:,}k" if tick >= 10_000 else f"{tick:,}" for tick in ticks])
    panel.minorticks_off()
    panel.margins(x=0.12, y=0.2)
    panel.grid(True, which="major", alpha=0.3)


def main():
    source, target = sys.argv[1:]
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.family": "sans-serif", "font.size": 8})
    times = measured(source)
    figure, panels = plt.subplots(1, 4, figsize=(12, 3.2), sharey=True, layout="constrained")
    for axis, panel in enumerate(panels):
        draw(panel, times, axis)
    panels[0].set_ylabel("microseconds a step")
    panels[0].legend(frameon=False, loc="upper left")
    figure.suptitle("One step by engine, exact Adam, one thread; all but the axis: vocabulary 10,000, dimension 16, batch 32, 20,000 examples", fontsize=9)
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    main()
