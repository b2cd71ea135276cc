#!/usr/bin/env python3
"""Writes vectorizer.json: vocabularies and ids of keras.layers.TextVectorization (Keras 3.15.1, TensorFlow 2.21.0) over odd texts.

Bytes are hexadecimal. Every case holds the training texts, the learned tokens in id order from 2, and a padded row of ids for each input.
Run from this folder: python make_vectorizer.py
"""

import json
import pathlib
import random
import string

import keras
import tensorflow as tf

TRAIN = [
    "The movie was great! The movie was GREAT.", "don't, well-made; caf\u00e9 \u00c9COLE na\u00efve", "  tabs\tand\nlines\r\nand\x0bmore\x0cspace  ",
    "<br />A line<br />break<br/>kept", "\u00e9\u00c9 \u00df \u0130 \u4f60\u597d \u4e16\u754c \U0001f600 ok", "", "   ", "a b c a b a", "z y x z y z",
    "nb\u00a0sp \u2003wide \u0085nel", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "x" * 300, "nul\x00byte nul\x00byte", "the the THE tHe",
]
BROKEN = [b"\xff\xfe broken \xc3( half\xe2\x82", b"a\x80b \x80 \xed\xa0\x80 \xf4\x90\x80\x80", bytes(range(256)), b"\xc0\x80 \xf0\x9f\x98"]

LOWERCASE = {"kind": "lowercase"}
STRIP = {"kind": "strip_punctuation"}
BREAKS = {"kind": "replace", "from": "<br />", "to": " "}
TAGS = {"kind": "strip_html"}


def standardizer(steps):
    def apply(texts):
        for step in steps:
            if step["kind"] == "lowercase":
                texts = tf.strings.lower(texts)
            elif step["kind"] == "replace":
                texts = tf.strings.regex_replace(texts, step["from"], step["to"])
            elif step["kind"] == "strip_html":
                texts = tf.strings.regex_replace(texts, "<[^<>]*>", " ")
            else:
                texts = tf.strings.regex_replace(texts, "[" + "".join("\\" + c for c in string.punctuation) + "]", "")
        return texts

    return apply


def random_texts(seed, alphabet, count):
    draw = random.Random(seed)
    return [b"".join(draw.choice(alphabet) for _ in range(draw.randrange(60))) for _ in range(count)]


def make_case(name, train, inputs, steps, split="whitespace", ngrams=(1,), max_tokens=None, length=12, keras_standardize=None):
    layer = keras.layers.TextVectorization(
        max_tokens=max_tokens, standardize=keras_standardize or (standardizer(steps) if steps else None), split=split,
        ngrams=None if ngrams == (1,) else ngrams, output_mode="int", output_sequence_length=length)
    layer.adapt(tf.constant(train))
    tokens, ids = (t.numpy() for t in layer._lookup_layer.lookup_table.export())  # get_vocabulary() fails on bytes that are no UTF-8
    in_order = sorted((int(i), t) for i, t in zip(ids, tokens) if i >= 2)
    assert [i for i, _ in in_order] == list(range(2, len(in_order) + 2))
    return {
        "name": name, "standardize": steps, "split": split, "ngrams": list(ngrams), "max_tokens": max_tokens, "sequence_length": length,
        "train": [t.hex() for t in train], "inputs": [t.hex() for t in inputs], "tokens": [t.hex() for _, t in in_order],
        "ids": layer(tf.constant(inputs)).numpy().tolist(),
    }


def main():
    texts = [t.encode() for t in TRAIN]
    tie_words = random_texts(1, [b"a", b"b", b"\xc3", b" ", b"\t"], 40)
    fuzz = random_texts(2, [bytes([b]) for b in range(256)] + [b" ", b"<", b">", b"A"] * 20, 40)
    html = random_texts(3, [c.encode() for c in "<<<>>>ab \u00e9\n/\U0001f600\x00"], 60)  # valid UTF-8: RE2's [^<>] matches no broken byte
    cases = [
        make_case("tutorial", texts, texts + BROKEN, [LOWERCASE, BREAKS, STRIP]),
        make_case("keras_default", texts, texts + BROKEN, [LOWERCASE, STRIP], keras_standardize="lower_and_strip_punctuation"),
        make_case("lower_only", texts, texts, [LOWERCASE], keras_standardize="lower"),
        make_case("no_standardize_broken_bytes", texts + BROKEN, texts + BROKEN, []),
        make_case("max_tokens_cuts_inside_ties", tie_words, tie_words + texts, [], max_tokens=20),
        make_case("bigrams", texts, texts + BROKEN, [LOWERCASE, STRIP], ngrams=(1, 2), length=20),
        make_case("only_trigrams_short_rows", texts, texts, [LOWERCASE], ngrams=(3,), length=4),
        make_case("characters", texts, texts, [LOWERCASE], split="character", length=40),
        make_case("character_bigrams", texts[:8], texts[:8], [LOWERCASE, STRIP], split="character", ngrams=(1, 2), length=30),
        make_case("strip_html", texts + html, texts + html, [TAGS, LOWERCASE]),
        make_case("random_bytes", fuzz, fuzz, [LOWERCASE, STRIP], ngrams=(1, 2), max_tokens=60, length=25),
    ]
    path = pathlib.Path(__file__).with_name("vectorizer.json")
    path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
