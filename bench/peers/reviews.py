"""The 25,000 training reviews of IMDB as the Keras text-classification tutorial sees them, for every peer alike.

Split: the first 20,000 and last 5,000 after NumPy's legacy shuffle with seed 42 of the sorted files (neg before pos).
Ids: lowercase, "<br />" and ASCII punctuation removed, split at white space; the 9,998 most frequent words of the 20,000, ties by
descending bytes; 0 pads to 250, 1 is unknown.
"""
import collections
import os
import pathlib
import string

import numpy as np

NUM_IDS, LENGTH, NUM_TRAIN, SEED = 10_000, 250, 20_000, 42
BATCH = int(os.environ.get("PEER_BATCH", "32"))
EPOCHS = int(os.environ.get("EPOCHS", "10"))


def raw_reviews():
    """Texts as bytes and labels (1: pos), training first."""
    root = pathlib.Path(os.environ["BERNOULLI_DATA"]) / "aclImdb" / "train"
    files = [(path, label) for label, name in enumerate(["neg", "pos"]) for path in sorted((root / name).glob("*.txt"))]
    order = np.arange(len(files))
    np.random.RandomState(SEED).shuffle(order)
    return [files[i][0].read_bytes() for i in order], np.array([files[i][1] for i in order], np.float32)


def words(text):
    return text.lower().replace(b"<br />", b" ").translate(None, string.punctuation.encode()).split()


def ids_and_labels():
    """x [25000, 250] int32, y [25000] float32, and the number of words in the 20,000."""
    texts, labels = raw_reviews()
    tokens = [words(text) for text in texts]
    counts = collections.Counter(word for text in tokens[:NUM_TRAIN] for word in text)
    ranked = sorted(counts, key=lambda word: (counts[word], word), reverse=True)[: NUM_IDS - 2]
    number = {word: i + 2 for i, word in enumerate(ranked)}
    x = np.zeros((len(texts), LENGTH), np.int32)
    for row, text in zip(x, tokens):
        known = [number.get(word, 1) for word in text[:LENGTH]]
        row[: len(known)] = known
    return x, labels, sum(len(text) for text in tokens[:NUM_TRAIN])


def cached_ids():
    """ids_and_labels, made once for all peers of a run: run.py names the file in PEER_IDS."""
    saved = np.load(os.environ["PEER_IDS"])
    return saved["x"], saved["y"]


if __name__ == "__main__":
    ids, labels, num_words = ids_and_labels()
    np.savez(os.environ["PEER_IDS"], x=ids, y=labels, num_words=num_words)
    with open(os.environ["PEER_IDS"] + ".raw", "wb") as plain:  # for peer_libtorch
        plain.write(ids.tobytes() + labels.astype(np.float32).tobytes())
