"""The configurations of docs/from_fasttext.md beside the fastText commands that they copy, on the same lines of IMDB reviews.

    python3 -m venv build/peers && build/peers/bin/pip install fasttext-wheel==0.9.2 'numpy<2'
    BERNOULLI_DATA=data build/peers/bin/python bench/peers/from_fasttext.py build/bernoulli

fastText 0.9.3 from the package `fasttext` often ends in "Encountered NaN" on these very lines.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import fasttext
from reviews import NUM_TRAIN, raw_reviews, words

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "from_fasttext.md"
PREFIX = "__label__"


def write_lines(folder):
    """imdb.train, imdb.valid with pos or neg; imdb3.* with a third label beside these, where a review says "horror"."""
    texts, labels = raw_reviews()
    for part, chosen in (("train", slice(0, NUM_TRAIN)), ("valid", slice(NUM_TRAIN, None))):
        with open(folder / f"imdb.{part}", "w") as two, open(folder / f"imdb3.{part}", "w") as three:
            for text, label in zip(texts[chosen], labels[chosen]):
                line = " ".join(word.decode(errors="replace") for word in words(text))
                first = PREFIX + ("pos" if label else "neg")
                print(first, line, file=two)
                print(first, *[PREFIX + "horror"] * ("horror" in line.split()), line, file=three)


def fasttext_model(folder, name, **flags):
    return fasttext.train_supervised(str(folder / f"{name}.train"), dim=16, epoch=5, thread=1, verbose=0, **flags)


def fasttext_micro_f1(model, file):
    hits = given = true = 0
    for line in open(file):
        labels = {word for word in line.split() if word.startswith(PREFIX)}
        text = " ".join(word for word in line.split() if not word.startswith(PREFIX))
        answer = {label for _, label in model.f.predict(text + "\n", -1, 0.5, "strict")}
        hits, given, true = hits + len(answer & labels), given + len(answer), true + len(labels)
    return 2 * hits / (given + true)


def bernoulli(program, folder, name, *blocks):
    """Trains on the blocks, laid onto each other. @return the validation metrics"""
    files = []
    for i, block in enumerate(blocks):
        files.append(folder / f"{name}-{i}.yaml")
        files[-1].write_text(block)
    words_ = [program, "train", *files, "--run-dir", folder / name, "--json", "--quiet", "--set", f"data.root={folder}", "--set", "data.cache=off"]
    done = subprocess.run(words_, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["validation"]["metrics"]


def precision_at_1(program, folder, name, file):
    done = subprocess.run([program, "predict", folder / name, file, "--input", "fasttext", "--top", "1", "--quiet"], capture_output=True, text=True, check=True)
    hits = [PREFIX + json.loads(answer)["top"][0]["label"] in line.split() for answer, line in zip(done.stdout.splitlines(), open(file))]
    return sum(hits) / len(hits)


def main(program):
    two, pairs, three = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)[:3]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_lines(folder)
        valid, valid3 = str(folder / "imdb.valid"), str(folder / "imdb3.valid")
        print(f"two labels: accuracy {fasttext_model(folder, 'imdb', lr=0.5).test(valid)[1]:.4f}, {bernoulli(program, folder, 'two', two)['accuracy']:.4f}")
        model = fasttext_model(folder, "imdb", lr=0.5, wordNgrams=2, bucket=2_000_000)
        print(f"with pairs: accuracy {model.test(valid)[1]:.4f}, {bernoulli(program, folder, 'pairs', two, pairs)['accuracy']:.4f}")
        model = fasttext_model(folder, "imdb3", lr=0.1, loss="ova")
        metrics = bernoulli(program, folder, "three", three)
        print(f"three labels: micro F1 {fasttext_micro_f1(model, valid3):.4f}, {metrics['micro_f1']:.4f}")
        print(f"              P@1 {model.test(valid3)[1]:.4f}, {precision_at_1(program, folder, 'three', valid3):.4f}")


main(str(pathlib.Path(sys.argv[1]).resolve()))
