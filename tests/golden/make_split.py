#!/usr/bin/env python3
"""Writes split.json: stratified splits of several labels, as Sechidis, Tsoumakas and Vlahavas (2011) write their algorithm down.

In fractions and sets, without a thought for speed. The size of a part is made exact afterwards, as src/data/stratify.h says. Draws are
those of src/core/random.h. Run from this folder: python make_split.py
"""

import json
import random
from fractions import Fraction

MASK = 2**64 - 1
SPLIT_STREAM = 4


def mix_seed(seed, stream, index=0):
    z = (seed + 0x9E3779B97F4A7C15 * (stream + 1) + 0xD1B54A32D192ED03 * index) & MASK
    for _ in range(2):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        z ^= z >> 31
    return z


class Draws:
    def __init__(self, seed):
        self.seed, self.counter = seed, 0

    def below(self, bound):
        limit = MASK - MASK % bound
        while True:
            self.counter += 1
            draw = mix_seed(self.seed, self.counter)
            if draw < limit:
                return draw % bound


def permutation(count, seed):
    order, draws = list(range(count)), Draws(seed)
    for i in range(count - 1, 0, -1):
        j = draws.below(i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def stratified(examples, num_labels, wanted, seed):
    """The held-out ones of `examples`, which maps a number to a set of labels."""
    numbers = sorted(examples)
    order = [numbers[i] for i in permutation(len(numbers), mix_seed(seed, SPLIT_STREAM, 0))]
    rank = permutation(num_labels, mix_seed(seed, SPLIT_STREAM, 1))
    draws = Draws(mix_seed(seed, SPLIT_STREAM, 2))
    wanted = min(wanted, len(order))
    shares = [Fraction(len(order) - wanted, len(order)), Fraction(wanted, len(order))]  # training, held out
    lacking = [len(order) - wanted, wanted]
    with_label = [[n for n in order if label in examples[n]] for label in range(num_labels)]
    label_lacking = [[share * len(with_label[label]) for label in range(num_labels)] for share in shares]
    parts = [set(), set()]
    remaining = list(order)

    def put(number, part):
        parts[part].add(number)
        remaining.remove(number)
        lacking[part] -= 1
        for label in examples[number]:
            label_lacking[part][label] -= 1

    while True:
        left = [(sum(label in examples[n] for n in remaining), rank[label], label) for label in range(num_labels)]
        left = [entry for entry in left if entry[0] > 0]
        if not left:
            break
        rarest = min(left)[2]
        for number in [n for n in remaining if rarest in examples[n]]:
            most = max(label_lacking[part][rarest] for part in (0, 1))
            best = [part for part in (0, 1) if label_lacking[part][rarest] == most]
            if len(best) == 2 and lacking[0] != lacking[1]:
                best = [part for part in best if lacking[part] == max(lacking)]
            put(number, best[draws.below(2)] if len(best) == 2 else best[0])
    for number in list(remaining):  # without a label
        put(number, 1 if lacking[1] > 0 else 0)

    def distance(moved, source):
        """Sum over the labels of the squares of what the held-out part would lack."""
        return sum((label_lacking[1][label] + (1 if source == 1 else -1) * (label in examples[moved])) ** 2
                   for label in range(num_labels))

    while lacking[1] != 0:
        source = 0 if lacking[1] > 0 else 1
        moved = min((n for n in order if n in parts[source]), key=lambda n: distance(n, source))
        parts[source].remove(moved)
        parts[1 - source].add(moved)
        lacking[source] += 1
        lacking[1 - source] -= 1
        for label in examples[moved]:
            label_lacking[source][label] += 1
            label_lacking[1 - source][label] -= 1
    return sorted(parts[1])


def case(num_labels, rows, fractions, seed):
    examples = dict(enumerate(set(row) for row in rows))
    answer = {}
    for name, role in (("test", 1), ("validation", 0)):
        if name not in fractions:
            continue
        wanted = int(fractions[name] * len(rows) + 0.5)
        answer[name] = stratified(examples, num_labels, wanted, mix_seed(seed, SPLIT_STREAM, role))
        for number in answer[name]:
            del examples[number]
    return {"num_labels": num_labels, "rows": rows, "fractions": fractions, "seed": seed, "parts": answer}


def rare_and_frequent(count, num_labels, without):
    """Label i has a chance of about 1 / (i + 2); a share of the examples has none."""
    return [[] if random.random() < without else [i for i in range(num_labels) if random.random() < 1 / (i + 2)]
            for _ in range(count)]


def one_each(num_labels, examples_a_label):
    return [[i] for i in range(num_labels) for _ in range(examples_a_label)]


random.seed(5)
cases = [
    case(3, [[0, 1], [0], [1], [2], [0, 2], [], [1, 2], [0, 1, 2], [], [1]], {"validation": 0.3}, 1),
    case(25, rare_and_frequent(200, 25, 0.1), {"validation": 0.15}, 2),
    case(25, rare_and_frequent(150, 25, 0.0), {"validation": 0.2, "test": 0.1}, 3),
    case(4, [[i % 4, (i + 1) % 4] for i in range(40)], {"validation": 0.5}, 4),  # every step is a tie
    case(20, one_each(20, 16), {"validation": 0.15}, 5),  # each share rounds down: 2.4 of 16
    case(20, one_each(20, 16), {"validation": 0.165}, 6),  # each rounds up: 2.64
    case(6, [[0, *([i % 5 + 1])] for i in range(57)], {"validation": 0.35, "test": 0.35}, 7),  # a parent and its children
    case(5, rare_and_frequent(30, 4, 0.8), {"validation": 0.4}, 8),  # one label without an example
]
with open("split.json", "w", encoding="utf-8") as file:
    json.dump({"cases": cases}, file)
    file.write("\n")
