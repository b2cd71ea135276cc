#!/usr/bin/env python3
"""What `vectorize` of exported files takes for one review, median of 1,000 in microseconds of processor time: as it is (without what is not
ASCII), with umlauts (one in 40 bytes), and with Cyrillic letters throughout.

    BERNOULLI_DATA=data ~/.cache/bernoulli/peers/bin/python bench/peers/torchscript_languages.py RUN/model.pt ...
"""

import statistics
import sys
import time

import single_reviews
import torch

CYRILLIC = {ord("A") + i: chr(0x410 + i) for i in range(26)} | {ord("a") + i: chr(0x430 + i) for i in range(26)}


def with_umlauts(text):
    vowels = 0
    letters = []
    for c in text:
        vowels += c in "aou"
        letters.append({"a": "\u00e4", "o": "\u00f6", "u": "\u00fc"}[c] if c in "aou" and vowels % 6 == 0 else c)
    return "".join(letters)


def median_us(vectorize, texts):
    times = []
    for text in texts[:200] + texts:  # the first calls compile
        begin = time.thread_time_ns()
        vectorize([text])
        times.append((time.thread_time_ns() - begin) / 1000)
    return statistics.median(times[200:])


def main():
    torch.set_num_threads(1)
    english = [text.encode("ascii", "ignore").decode() for text in single_reviews.texts()[:1000]]
    languages = {"english": english, "umlauts": [with_umlauts(text) for text in english], "cyrillic": [text.translate(CYRILLIC) for text in english]}
    for path in sys.argv[1:]:
        model = torch.jit.load(path)
        print(path, "  ".join(f"{name} {median_us(model.vectorize, texts):.0f}" for name, texts in languages.items()))


if __name__ == "__main__":
    main()
