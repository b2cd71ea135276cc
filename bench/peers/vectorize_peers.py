#!/usr/bin/env python3
"""Raw reviews to ids, the first 250 words of each by a vocabulary of 10,000: Keras, scikit-learn and plain Python beside ours.

    ./dev bench text
    BERNOULLI_DATA=data ~/.cache/bernoulli/peers/bin/python bench/peers/vectorize_peers.py build/bench/bench/text_bench

One processor, one thread, MB (10^6 bytes) of raw text a second, the best of three passes over 25,000 reviews. Keras gets them in
batches of 512; scikit-learn counts words instead of listing them.
"""

import collections
import json
import os
import re
import string
import subprocess
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import tensorflow as tf
from reviews import LENGTH, NUM_IDS, raw_reviews, words
from sklearn.feature_extraction.text import CountVectorizer

PASSES, BATCH = 3, 512


def standardize(text):
    text = tf.strings.regex_replace(tf.strings.lower(text), "<br />", " ")
    return tf.strings.regex_replace(text, f"[{re.escape(string.punctuation)}]", "")


def keras_pass(texts):
    vectorize = keras.layers.TextVectorization(standardize=standardize, max_tokens=NUM_IDS, output_mode="int", output_sequence_length=LENGTH)
    vectorize.adapt(tf.data.Dataset.from_tensor_slices(texts).batch(BATCH))
    call = tf.function(vectorize)
    batches = [tf.constant(texts[begin : begin + BATCH]) for begin in range(0, len(texts), BATCH)]
    return lambda: [call(batch) for batch in batches]


def sklearn_pass(texts):
    decoded = [text.decode() for text in texts]
    marks = str.maketrans("", "", string.punctuation)
    clean = lambda text: text.lower().replace("<br />", " ").translate(marks)
    counts = CountVectorizer(preprocessor=clean, token_pattern=None, tokenizer=str.split, max_features=NUM_IDS - 2).fit(decoded)
    return lambda: counts.transform(decoded)


def python_pass(texts):
    frequent = collections.Counter(word for text in texts for word in words(text)).most_common(NUM_IDS - 2)
    ids = {word: i + 2 for i, (word, _) in enumerate(frequent)}
    return lambda: [[ids.get(word, 1) for word in words(text)[:LENGTH]] for text in texts]


def best_seconds(run):
    seconds = []
    for _ in range(PASSES):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    texts, _ = raw_reviews()
    megabytes = sum(len(text) for text in texts) / 1e6
    peers = {"Keras TextVectorization": keras_pass, "scikit-learn CountVectorizer": sklearn_pass, "plain Python": python_pass}
    speeds = {name: megabytes / best_seconds(make(texts)) for name, make in peers.items()}
    ours = subprocess.run([sys.argv[1], "--benchmark_filter=look_up/first_250", "--benchmark_repetitions=3", "--benchmark_format=json"],
                          stdout=subprocess.PIPE, check=True).stdout
    for entry in json.loads(ours)["benchmarks"]:
        if entry["run_type"] == "iteration":
            name = "Bernoulli, " + entry["run_name"].rsplit("/", 1)[1]
            speeds[name] = max(speeds.get(name, 0), entry["bytes_per_second"] / 1e6)
    for name, speed in speeds.items():
        print(f"{name:<30} {speed:7.0f} MB/s   {speed / speeds['Keras TextVectorization']:5.1f} times Keras")


if __name__ == "__main__":
    main()
