#!/usr/bin/env python3
"""Runs the libFuzzer targets of a build folder (preset fuzz), two at a time: ./dev soak fuzz [SECONDS [TARGET...]].

Each starts from its seeds in tests/fuzz/corpus and from what earlier runs found worth keeping, which lies below the build folder
and travels nowhere. A finding ends with exit 1 and the path of its input; the input belongs into tests/fuzz/corpus, and the defect
into the code; BERNOULLI_FUZZ_TARGET=jsonl build/fuzz/tests/fuzz/fuzz_targets FILE takes it once more. Every run adds a line to counts.jsonl there, so that long figures can be summed (--total) and a campaign goes on
where it was stopped: with --until 50000000 the targets take turns of SECONDS until the folder has that sum. SIGINT and SIGTERM end
it at once and lose no count.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
LONGEST_INPUT = 1024
SKIPPED = 77  # for ctest
INTERRUPTED = 72  # as libFuzzer exits after a signal
MEGABYTES = 1024
SECONDS_AN_INPUT = 60  # of the clock, on a machine that may have other work
WORDS = {"config_text": "yaml.txt", "artifact": "json.txt", "checkpoint": "json.txt", "jsonl": "json.txt", "token_file": "json.txt", "vectorizer": "text.txt"}
# Inputs are small and many: the allocator keeps freed memory of a few thousand inputs, not of all, and one frame of who allocated it.
OPTIONS = {"ASAN_OPTIONS": "allocator_may_return_null=0:malloc_context_size=1:quarantine_size_mb=16", "UBSAN_OPTIONS": "print_stacktrace=1"}

stop = threading.Event()
running = set()
lock = threading.Lock()


def targets():
    return sorted(folder.name for folder in (HERE / "corpus").iterdir())


def end(*_):
    stop.set()
    for process in list(running):
        process.send_signal(signal.SIGINT)  # libFuzzer ends at once; what it has printed is counted


def command_of(build, target, seconds, work):
    command = [build / "tests/fuzz/fuzz_targets", work / "kept", HERE / "corpus" / target, f"-max_total_time={seconds}",
               f"-max_len={LONGEST_INPUT}", "-entropic=0", f"-rss_limit_mb={MEGABYTES}", f"-timeout={SECONDS_AN_INPUT}",
               f"-artifact_prefix={work / 'findings'}/", "-print_final_stats=1"]
    if target in WORDS:
        command.append(f"-dict={HERE / 'words' / WORDS[target]}")
    return [str(part) for part in command]


def run(target, command, log):
    """The program's exit status. What it prints goes to `log`."""
    with open(log, "wb") as out:
        with lock:
            if stop.is_set():
                return 0
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **OPTIONS, "BERNOULLI_FUZZ_TARGET": target}, start_new_session=True)
            running.add(process)
        process.wait()
        running.discard(process)
    return 0 if process.returncode == INTERRUPTED else process.returncode


def fuzz(build, target, seconds):
    """Number of inputs that the target took, and whether it kept all promises."""
    if stop.is_set():
        return 0, True
    work = build / "work" / target
    for folder in (work / "kept", work / "findings"):
        folder.mkdir(parents=True, exist_ok=True)
    status = run(target, command_of(build, target, seconds, work), work / "log.txt")
    text = (work / "log.txt").read_text(encoding="utf-8", errors="replace")
    counted = re.findall(r"(?m)^(?:stat::number_of_executed_units: |#)(\d+)", text)  # a run that is killed has no statistics
    count = max(map(int, counted), default=0)
    line = {"date": datetime.date.today().isoformat(), "target": target, "seconds": seconds, "inputs": count, "findings": int(status != 0)}
    with lock, open(build / "counts.jsonl", "a", encoding="utf-8") as counts:
        counts.write(json.dumps(line) + "\n")
    if status != 0:
        print(text[-6000:])
    print(f"{target}: {count:,} inputs, {'a finding: ' + str(work / 'findings') if status else 'no finding'}", flush=True)
    return count, status == 0


def totals(build):
    sums = {}
    if (build / "counts.jsonl").exists():
        for line in (build / "counts.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            sums[row["target"]] = sums.get(row["target"], 0) + row["inputs"]
    return sums


def take_turns(arguments):
    """Every target once, or again and again until the sum is reached; one that has a finding takes no further turn."""
    names, count, broken = arguments.target or targets(), 0, set()
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        while names:
            results = list(pool.map(lambda name: fuzz(arguments.build, name, arguments.seconds), names))
            count += sum(inputs for inputs, _ in results)
            broken |= {name for name, (_, kept) in zip(names, results) if not kept}
            names = [name for name in names if name not in broken]
            if stop.is_set() or sum(totals(arguments.build).values()) >= arguments.until:
                break
    print(f"{count:,} inputs in all")
    return 1 if broken else 0


def main():
    parser = argparse.ArgumentParser(description="Runs the fuzz targets.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("seconds", type=int, nargs="?", default=600, help="for each turn of a target")
    parser.add_argument("target", nargs="*")
    parser.add_argument("--until", type=int, default=0, metavar="INPUTS", help="take turns until this build folder has taken so many")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--smoke", action="store_true", help="as a test: skipped unless ./dev test has built the targets")
    parser.add_argument("--total", action="store_true", help="sum of all runs in this build folder")
    arguments = parser.parse_args()
    if arguments.total:
        sums = totals(arguments.build)
        print("\n".join(f"{name}: {count:,}" for name, count in [*sorted(sums.items()), ("all", sum(sums.values()))]))
        return 0
    if arguments.smoke and os.environ.get("BERNOULLI_FUZZ_SMOKE") != "1":
        print("the fuzz targets were not built: ./dev test --no-fuzz, no clang, or ctest called by hand")
        return SKIPPED
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    return take_turns(arguments)


if __name__ == "__main__":
    sys.exit(main())
