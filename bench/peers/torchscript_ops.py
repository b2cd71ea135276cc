#!/usr/bin/env python3
"""What the operators cost that a text path in TorchScript can be made of: microseconds for one review, median of 5,000.

    BERNOULLI_DATA=data ~/.cache/bernoulli/peers/bin/python bench/peers/torchscript_ops.py

Each line is a function of one review that returns a number; the cost of calling an empty one is taken off. The dictionary has the
10,000 most frequent words. src/export/script_writer.cpp uses the cheapest that is exact.
"""

import collections
import statistics
import string
from typing import Dict

import single_reviews
import torch
from single_reviews import times_us

AT_ONCE = [f"t{i}" for i in range(25)]
WORDS = 'words = text.split(" ")'


def literal(mark):
    return '"\\' + mark + '"' if mark in '"\\' else '"' + mark + '"'


def each(marks, line):
    return [line.format(literal(mark)) for mark in marks]


# name: lines of the body; `ids` is the dictionary
CASES = {
    "lowercase: 26 x replace, same length": [f'text = text.replace("{c}", "{c.lower()}")' for c in string.ascii_uppercase],
    "lowercase: str.lower (asks the locale)": ["text = text.lower()"],
    "punctuation: 32 x replace with nothing": each(string.punctuation, 'text = text.replace({}, "")'),
    "punctuation: 31 x replace, same length, 1 removal": each(string.punctuation[1:], 'text = text.replace({}, "!")') + ['text = text.replace("!", "")'],
    "punctuation: the same where find sees it": [line for mark in each(string.punctuation, "{}") for line in (f"if text.find({mark}) >= 0:", f'    text = text.replace({mark}, "!")')],
    "32 x find": ["n = 0"] + each(string.punctuation, "n += text.find({})"),
    "32 x count": ["n = 0"] + each(string.punctuation, "n += text.count({})"),
    "<br />: find, split and join": ['if text.find("<br />") >= 0:', '    text = " ".join(text.split("<br />"))'],
    "<br />: replace": ['text = text.replace("<br />", " ")'],
    "two spaces to one: find, split and join": ['while text.find("  ") >= 0:', '    text = " ".join(text.split("  "))'],
    "two spaces to one: find, replace": ['while text.find("  ") >= 0:', '    text = text.replace("  ", " ")'],
    "characters: list(text)": ["n = len(list(text))"],
    'split(" ")': [WORDS, "n = len(words)"],
    "split() at any white space": ["words = text.split()", "n = len(words)"],
    'split(" "), loop over the words': [WORDS, "n = 0", "for word in words:", "    n += 1"],
    'split(" "), look up, append one by one': [WORDS, "found: List[int] = []", "for word in words:", "    found.append(ids.get(word, 1))", "n = len(found)"],
    'split(" "), "in", look up, append one by one': [WORDS, "found: List[int] = []", "for word in words:", "    if word in ids:", "        found.append(ids[word])", "    else:", "        found.append(1)", "n = len(found)"],
    'split(" "), look up in a list comprehension': [WORDS, "n = len([ids.get(word, 1) for word in words])"],
    'split(" "), unpack 25, look up, append 25 at once': [
        WORDS, "found: List[int] = []", "at = 0", "while at + 25 <= len(words):",
        f"    {', '.join(AT_ONCE)} = words[at:at + 25]", f"    found += [{', '.join(f'ids.get({t}, 1)' for t in AT_ONCE)}]", "    at += 25",
        "for word in words[at:]:", "    found.append(ids.get(word, 1))", "n = len(found)"],
    'split(" ", 25) again and again, unpack, look up, append 25 at once': [
        "found: List[int] = []", 'words = text.split(" ", 25)', "while len(words) > 25:", f"    {', '.join(AT_ONCE)}, text = words",
        f"    found += [{', '.join(f'ids.get({t}, 1)' for t in AT_ONCE)}]", '    words = text.split(" ", 25)',
        "for word in words:", "    found.append(ids.get(word, 1))", "n = len(found)"],
}  # fmt: skip


def words_of(text):
    return text.lower().translate(str.maketrans("", "", string.punctuation)).split()


def case(ids, lines):
    """A module that holds the dictionary, which would else be converted at every call."""

    class Case(torch.jit.ScriptModule):  # a class of its own: torch compiles the methods of a class once
        def __init__(self):
            super().__init__()
            self.ids = torch.jit.Attribute(ids, Dict[str, int])

    module = Case()
    counted = any(line.strip().startswith("n ") for line in lines)
    body = ["ids = self.ids", *lines, "return n" if counted else "return len(text)"]
    module.define("def answer(self, text: str) -> int:\n" + "".join(f"    {line}\n" for line in body))
    return module.answer


def median_us(answer, texts):
    times_us(answer, texts[:500])
    return statistics.median(times_us(answer, texts))


def main():
    torch.set_num_threads(1)
    texts = single_reviews.texts()
    frequent = collections.Counter(word for text in texts for word in words_of(text)).most_common(10_000)
    ids = {word: i + 2 for i, (word, _) in enumerate(frequent)}
    with torch.jit.optimized_execution(False):
        empty = median_us(case(ids, []), texts)
        print(f"{'a call that does nothing':<68} {empty:7.1f} us")
        for name, lines in CASES.items():
            standardized = [" ".join(words_of(text)) for text in texts] if "look up" in name else texts
            print(f"{name:<68} {median_us(case(ids, lines), standardized) - empty:7.1f} us")


if __name__ == "__main__":
    main()
