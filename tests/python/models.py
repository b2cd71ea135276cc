"""Small models that the program trains, and its own answers, which are the oracle."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

PROGRAM = os.environ["BERNOULLI_PROGRAM"]

BINARY = """data: {{root: {root}, train: {{path: reviews.csv}}, validation: {{from: train, fraction: 0.25, method: stratified, seed: 1}}}}
task: {{kind: binary, positive: good}}
model: {{layers: {layers}}}
optimizer: {{adam: {{lr: 0.05}}}}
training: {{epochs: 4, batch_size: 8, threads: 1}}
"""
MULTI_LABEL = """data: {{root: {root}, train: {{path: topics.jsonl}}, validation: {{from: train, fraction: 0.25, method: random, seed: 1}}}}
task: {{kind: multi_label, labels: [sport, "größe", politics]}}
model: {{layers: [{{embedding: 4}}, mean_pool, {{linear: 3}}]}}
optimizer: {{adam: {{lr: 0.05}}}}
training: {{epochs: 4, batch_size: 8, threads: 1}}
metrics: {{threshold: {{max_f1: {{}}}}}}
"""
POOLED = "[{embedding: 4}, mean_pool, {linear: 1}]"
# Name: configuration, layers, what `export` is told.
KINDS = {
    "pooled": (BINARY, POOLED, None),
    "head": (BINARY, "[{embedding: 4}, mean_pool, {linear: 4}, relu, {linear: 1}]", None),
    "bag": (BINARY, "[{embedding_bag: {dim: 4, mode: mean}}, {linear: 1}]", None),
    "conv1d": (BINARY, "[{embedding: 4}, {conv1d: {channels: 4, kernel_size: 3}}, max_pool, {linear: 1}]", None),
    "hashed": (BINARY + "text: {{ngrams: 2, hashing: {{buckets: 500}}, standardize: [unicode_lowercase, {{mask_numbers: {{token: '#'}}}}]}}\n", POOLED, None),
    "branches": (BINARY, "[{embedding: 4}, {gru: {units: 4}}, {parallel: [[{attention_pool: {units: 3}}], [{conv1d: {channels: 4, kernel_size: 2}}, max_pool]]}, "
                 "layer_norm, {linear: 1}]", None),
    "lstm": (BINARY, "[{embedding: 4}, {lstm: {units: 4}}, mean_pool, {linear: 1}]", None),
    "folded": (BINARY, POOLED, ["--fold", "--weights", "int8"]),
    "multi_label": (MULTI_LABEL, None, None),
}


def reviews():
    return "text,label\n" + "".join(
        f"a fine film number {i} so warm,good\na dull film number {i} so long,bad\n" for i in range(20))


def topics():
    rows = [(["sport"], "the team won"), (["größe"], "how tall it is"), (["sport", "politics"], "the team and the vote"), ([], "nothing here")]
    return "".join(json.dumps({"text": f"{text} {i}", "label": labels}) + "\n" for i in range(10) for labels, text in rows)


def call(*words, stdin=None):
    done = subprocess.run([PROGRAM, *map(str, words)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Models:
    """A folder of trained runs, one a kind of KINDS, trained when it is first asked for."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bernoulli-python-")).resolve()
        (self.folder / "reviews.csv").write_text(reviews())
        (self.folder / "topics.jsonl").write_text(topics())

    def close(self):
        shutil.rmtree(self.folder)

    def run(self, kind):
        """The run folder."""
        config, layers, export = KINDS[kind]
        run = self.folder / kind
        if not run.exists():
            (self.folder / f"{kind}.yaml").write_text(config.format(root=self.folder, layers=layers))
            call("train", self.folder / f"{kind}.yaml", "--run-dir", run, "--device", "cpu", "--quiet")
            if export:
                call("export", run, *export, "--output", run / "small.pt")
        return run

    def file(self, kind):
        """The exported file."""
        return self.run(kind) / ("small.pt" if KINDS[kind][2] else "model.pt")


def predicted(model, texts, *words):
    """The records of `bernoulli predict`, of texts of bytes without a line end."""
    lines = b"".join(text + b"\n" for text in texts)
    return [json.loads(line) for line in call("predict", model, "-", "--engine", "native", *words, stdin=lines).splitlines()]


def row(record, field):
    """[L] of a record."""
    return [record[field]] if field in record else list(record["probabilities" if field == "probability" else "logits"].values())
