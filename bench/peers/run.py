"""Trains with every peer and with Bernoulli, in turn, on the same data, and prints a table in Markdown.

usage: run.py PROGRAM REPOSITORY [PEER...]     PROGRAM is bernoulli; needs BERNOULLI_DATA; EPOCHS (default 10) is for the tutorial model.
Ours has three turns, at the beginning, in the middle and at the end, which shows what the machine did meanwhile; ratios are to their
median. A peer that is not installed, or breaks down, is named with its last line and left out.
"""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
STEPS = 20_000 // 32
EPOCHS = int(os.environ.get("EPOCHS", "10"))
TUTORIAL, WORDS = "tutorial", "words"  # what is timed: a step of the tutorial model, or the words of one pass
PEERS = {  # name: arguments of the script, what is timed, what it is
    "torch-eager": (["peer_torch.py", "eager"], TUTORIAL, "PyTorch eager"),
    "torch-fused": (["peer_torch.py", "fused"], TUTORIAL, "PyTorch, fused Adam"),
    "torch-bag": (["peer_torch.py", "bag"], TUTORIAL, "PyTorch, EmbeddingBag, fused Adam"),
    "libtorch": (["peer_libtorch"], TUTORIAL, "LibTorch, its C++ modules and Adam"),
    "jax": (["peer_jax.py"], TUTORIAL, "JAX, jitted scan"),
    "keras": (["peer_keras.py"], TUTORIAL, "Keras on TensorFlow, from raw text"),
    "fasttext": (["peer_fasttext.py", "unigrams"], WORDS, "fastText, 5 epochs"),
    "fasttext-bigrams": (["peer_fasttext.py", "bigrams"], None, "fastText, 5 epochs, bigrams, 2,000,000 buckets"),
    "sklearn": (["peer_sklearn.py"], None, "scikit-learn, counts and logistic regression, from raw text"),
}
BAG = ["model.layers=[{embedding_bag: {dim: 16, mode: mean}}, {linear: {units: 1}}]", "text.sequence_length=null"]
SGD = [*BAG, "text.vocabulary.max_tokens=65000",  # ids of 16 bits; the rarer words teach it nothing
       "optimizer={sgd: {lr: 1.0}}", "training.schedule={linear: {}}",
       "training.batch_size=1", "training.epochs=5"]
# One validation, at the end, as fastText has: each saves a checkpoint of the table and its adagrad sums, 256 MB.
HASHED = [*BAG, "text.hashing={buckets: 2000000}", "text.ngrams=2", "optimizer={adagrad: {lr: 0.1}}",
          "training.batch_size=32", "training.epochs=2", "training.validate_every_epochs=2"]
RATIOS = [*HASHED, "model.layers[0].embedding_bag.initializer={naive_bayes: {scale: 5}}"]


def jobs(program, repository, folder, names):
    """(words, what is timed, what it is, whether ratios are to it), in turn."""
    turns = iter(range(100))

    def ours(text, timed, *sets, base=False):
        sets = [f"data.root={os.environ['BERNOULLI_DATA']}", "data.cache=off", "training.threads=1", f"training.epochs={EPOCHS}", *sets]
        words = [program, "train", f"{repository}/configs/imdb_tutorial.yaml", "--run-dir", f"{folder}/run-{next(turns)}", "--json",
                 "--quiet", *(word for value in sets for word in ("--set", value))]
        return words, timed, text, base

    turn = lambda: ours("**Bernoulli, from raw files to the exported file**", TUTORIAL, base=True)

    def peer(script, *rest):
        if script == "peer_libtorch":  # ./dev has compiled it
            return [f"{repository}/build/peer_libtorch", f"{folder}/ids.npz.raw"]
        return [sys.executable, str(HERE / script), *rest]

    peers = [(peer(*words), timed, text, False) for name, (words, timed, text) in PEERS.items() if not names or name in names]
    return [turn(), *peers[:5], turn(), *peers[5:],
            ours("**Bernoulli**, sgd, embedding bag, 5 epochs", WORDS, *SGD),
            ours("**Bernoulli**, embedding bag, adagrad, 2 epochs, bigrams, 2,000,000 buckets", None, *HASHED),
            ours("**Bernoulli**, the same, started as naive Bayes", None, *RATIOS),
            ours("**Bernoulli**, reference engine (LibTorch's autograd)", TUTORIAL, "training.engine=reference"), turn()]


def measure(words, environment, steps=STEPS):
    """Runs a program. Its figures with wall seconds and peak memory, or why there are none. `steps`: of ours, an epoch."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, env=environment)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        if status != 0:
            errors.seek(0)
            return None, (errors.read().decode(errors="replace").strip().splitlines() or ["no message"])[-1]
    figures = json.loads(output[output.index(b"{"):])
    if "timings" in figures:  # ours: summary.json
        epoch = statistics.median(figures["timings"]["epoch_seconds"][1:])
        figures = {"epoch_s": epoch, "step_us": epoch / steps * 1e6, **figures["validation"]["metrics"]}
    return {**figures, "wall_s": seconds, "memory": usage.ru_maxrss / 1024}, None


def main(program, repository, names):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, OMP_NUM_THREADS="1", PEER_IDS=f"{folder}/ids.npz", PYTHONDONTWRITEBYTECODE="1")
        # In a process of its own: a child counts the memory of what started it as its own peak.
        subprocess.run([sys.executable, str(HERE / "reviews.py")], env=environment, check=True)
        num_words = int(np.load(environment["PEER_IDS"])["num_words"])
        rows = []
        for words, timed, text, base in jobs(program, repository, folder, names):
            print(f"{text} ...", file=sys.stderr, flush=True)
            figures, fault = measure(words, environment)
            if fault:
                print(f"left out: {text}: {fault}", file=sys.stderr)
            else:
                rows.append((figures, timed, text, base))
    step = statistics.median(figures["step_us"] for figures, _, _, base in rows if base)
    print("| | µs a step | times ours | million words a second | wall, s | validation accuracy | loss | peak MiB |\n|---|---|---|---|---|---|---|---|")
    for figures, timed, text, _ in rows:
        speed = "| | "
        if timed == TUTORIAL:
            speed = f"{figures['step_us']:.1f} | {figures['step_us'] / step:.1f} | "
        elif timed == WORDS:
            speed = f"| | {num_words / figures['epoch_s'] / 1e6:.1f}"
        loss = "" if figures.get("loss") is None else f"{figures['loss']:.4f}"
        print(f"| {text} | {speed} | {figures['wall_s']:.1f} | {figures['accuracy']:.4f} | {loss} | {figures['memory']:.0f} |")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
