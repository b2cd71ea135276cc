"""fastText, supervised, on the same words: 5 epochs, dimension 16, one thread. Argument: unigrams | bigrams (2,000,000 buckets)."""
import os
import sys
import tempfile
import time

import fasttext
from reviews import NUM_TRAIN, raw_reviews, words
from result import report

texts, labels = raw_reviews()
with tempfile.TemporaryDirectory() as folder:
    lines = [f"__label__{int(label)} " + b" ".join(words(text)).decode(errors="replace") for text, label in zip(texts, labels)]
    for name, part in (("train", lines[:NUM_TRAIN]), ("validation", lines[NUM_TRAIN:])):
        with open(os.path.join(folder, name), "w") as file:
            file.write("\n".join(part) + "\n")
    pairs = {"wordNgrams": 2, "bucket": 2_000_000} if sys.argv[1] == "bigrams" else {"wordNgrams": 1}
    begin = time.perf_counter()
    model = fasttext.train_supervised(os.path.join(folder, "train"), dim=16, epoch=5, lr=0.5, thread=1, verbose=0, **pairs)
    seconds = time.perf_counter() - begin
    accuracy = model.test(os.path.join(folder, "validation"))[1]
    report([seconds / 5], NUM_TRAIN, accuracy)
