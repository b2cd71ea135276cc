"""What the programs that time single reviews share."""
import os
import pathlib
import sys
import time

NUM_TEXTS = 5000


def root():
    """The training reviews; ends the program where there are none."""
    folder = pathlib.Path(os.environ.get("BERNOULLI_DATA", "data")) / "aclImdb" / "train"
    if not folder.is_dir():
        sys.exit(f"no reviews in {folder}: ./dev data imdb, or set BERNOULLI_DATA")
    return folder


def texts():
    """The first NUM_TEXTS / 2 reviews of each class, pos first."""
    files = [path for label in ("pos", "neg") for path in sorted((root() / label).iterdir())[: NUM_TEXTS // 2]]
    return [path.read_text(encoding="utf-8") for path in files]


def times_us(answer, reviews):
    """Microseconds of each single call, ascending."""
    times = []
    for review in reviews:
        begin = time.perf_counter_ns()
        answer(review)
        times.append((time.perf_counter_ns() - begin) / 1000)
    return sorted(times)


def quantiles(times):
    return f"p50 {times[len(times) // 2]:8.2f} us   p99 {times[len(times) * 99 // 100]:8.2f} us"
