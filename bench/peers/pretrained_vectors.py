"""What vectors of words are worth where few texts have labels. fastText (skip-gram, 100 numbers, 5 epochs) reads the 20,000 training
reviews without their labels; Bernoulli then trains on some of them with labels, from nothing and from those vectors.
Arguments: the program, and the runs of each kind (3), whose seeds are 1, 2, ... Reviews: BERNOULLI_DATA.
"""
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile

import fasttext
import numpy as np
from reviews import NUM_TRAIN, raw_reviews, words

CONFIG = """
data: {train: {path: train.csv}, validation: {path: validation.csv}}
task: {kind: binary, positive: '1'}
text: {standardize: [lowercase, {replace: ["<br />", " "]}, strip_punctuation]}
model:
  initializer: keras
  layers: [{embedding: {dim: 100}}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 1.0e-2}}
training: {epochs: 100, batch_size: 32, early_stopping: 5}
"""
KINDS = {
    "from nothing": [],
    "from the vectors": ["model.layers[0].embedding.initializer={pretrained: some.vec}"],
    "the vectors as they are, and every word that has one": [
        "model.layers[0].embedding={dim: 100, initializer: {pretrained: some.vec}, trainable: false}",
        "text.vocabulary={file: tokens.txt}", "optimizer.adam.lr=0.03"],
}


def write_table(path, texts, labels):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((text.decode(errors="replace"), int(label)) for text, label in zip(texts, labels))


def write_vectors(folder, texts):
    plain = os.path.join(folder, "plain.txt")
    with open(plain, "w") as file:
        file.writelines(b" ".join(words(text)).decode(errors="replace") + "\n" for text in texts)
    model = fasttext.train_unsupervised(plain, model="skipgram", dim=100, epoch=5, minCount=3, maxn=0, thread=os.cpu_count(), verbose=0)
    tokens = [token for token in model.get_words() if token != "</s>"]
    with open(os.path.join(folder, "some.vec"), "w") as file:
        file.write(f"{len(tokens)} 100\n")
        file.writelines(token + " " + " ".join(f"{x:.6g}" for x in model.get_word_vector(token)) + "\n" for token in tokens)
    with open(os.path.join(folder, "tokens.txt"), "w") as file:
        file.writelines(token.replace("\\", "\\x5C") + "\n" for token in tokens)


def accuracy(program, folder, settings, seed):
    run = os.path.join(folder, "run")
    subprocess.run(["rm", "-rf", run], check=True)
    words_of_sets = [word for setting in [*settings, f"training.seed={seed}", f"data.root={folder}"] for word in ("--set", setting)]
    subprocess.run([program, "train", os.path.join(folder, "config.yaml"), *words_of_sets, "--run-dir", run], check=True, capture_output=True)
    with open(os.path.join(run, "summary.json")) as file:
        return json.load(file)["validation"]["metrics"]["accuracy"]


def main():
    program, repeats = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    texts, labels = raw_reviews()
    mixed = np.random.default_rng(1).permutation(NUM_TRAIN)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "config.yaml"), "w") as file:
            file.write(CONFIG)
        write_table(os.path.join(folder, "validation.csv"), texts[NUM_TRAIN:], labels[NUM_TRAIN:])
        write_vectors(folder, texts[:NUM_TRAIN])
        print("| reviews with labels | " + " | ".join(KINDS) + " |\n|" + "---|" * (len(KINDS) + 1))
        for count in (200, 500, 2000, NUM_TRAIN):
            some = mixed[:count]
            write_table(os.path.join(folder, "train.csv"), [texts[i] for i in some], [labels[i] for i in some])
            cells = []
            for settings in KINDS.values():
                found = [accuracy(program, folder, settings, seed) for seed in range(1, repeats + 1)]
                cells.append(f"{statistics.mean(found):.4f} ({min(found):.4f} to {max(found):.4f})")
            print(f"| {count} | " + " | ".join(cells) + " |", flush=True)


main()
