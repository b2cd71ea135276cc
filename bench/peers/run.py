"""Trains the tutorial model with every peer and with Bernoulli, in turn, on the same data, and prints a table in Markdown.

usage: run.py PROGRAM REPOSITORY [PEER...]     PROGRAM is bernoulli; needs BERNOULLI_DATA; EPOCHS (default 10) is for all of them.
A peer that is not installed, or breaks down, is named with its last line and left out.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
PEERS = {  # name: arguments of the script, what it is
    "torch-eager": (["peer_torch.py", "eager"], "PyTorch eager"),
    "torch-fused": (["peer_torch.py", "fused"], "PyTorch, fused Adam"),
    "torch-bag": (["peer_torch.py", "bag"], "PyTorch, EmbeddingBag, fused Adam"),
    "jax": (["peer_jax.py"], "JAX, jitted scan"),
    "keras": (["peer_keras.py"], "Keras on TensorFlow, from raw text"),
    "fasttext": (["peer_fasttext.py", "unigrams"], "fastText, 5 epochs, from words"),
    "fasttext-bigrams": (["peer_fasttext.py", "bigrams"], "fastText, bigrams, 2,000,000 buckets"),
    "sklearn": (["peer_sklearn.py"], "scikit-learn, counts and logistic regression, from raw text"),
}


STEPS = 20_000 // 32
EPOCHS = int(os.environ.get("EPOCHS", "10"))


def ours(program, repository, run_folder, *sets):
    sets = [f"data.root={os.environ['BERNOULLI_DATA']}", "data.cache=off", "training.threads=1", f"training.epochs={EPOCHS}", *sets]
    return [program, "train", f"{repository}/configs/imdb_tutorial.yaml", "--run-dir", str(run_folder), "--json", "--quiet",
            *(word for value in sets for word in ("--set", value))]


def measure(words, environment):
    """Runs a program on one processor. Its JSON, wall seconds and peak memory, or why there is none."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, env=environment)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        if status != 0:
            errors.seek(0)
            return None, (errors.read().decode(errors="replace").strip().splitlines() or ["no message"])[-1]
    return (json.loads(output[output.index(b"{"):]), seconds, usage.ru_maxrss / 1024), None


def main(program, repository, names):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = dict(os.environ, OMP_NUM_THREADS="1", PEER_IDS=f"{folder}/ids.npz", PYTHONDONTWRITEBYTECODE="1")
        # In a process of its own: a child counts the memory of what started it as its own peak.
        subprocess.run([sys.executable, str(HERE / "reviews.py")], env=environment, check=True)
        jobs = [("ours", ours(program, repository, folder / "first"), "Bernoulli, from raw files to the exported file")]
        jobs += [(key, [sys.executable, str(HERE / script), *rest], text) for key, ((script, *rest), text) in PEERS.items()
                 if not names or key in names]
        jobs += [("reference", ours(program, repository, folder / "reference", "training.engine=reference"),
                  "LibTorch, autograd (Bernoulli's reference engine)"),
                 ("ours again", ours(program, repository, folder / "second"), "Bernoulli, second turn")]
        for key, words, text in jobs:
            print(f"{text} ...", file=sys.stderr, flush=True)
            result, fault = measure(words, environment)
            if fault:
                print(f"left out: {text}: {fault}", file=sys.stderr)
                continue
            figures, seconds, memory = result
            if "timings" in figures:
                epoch_seconds = sorted(figures["timings"]["epoch_seconds"][1:])
                figures = {"step_us": epoch_seconds[len(epoch_seconds) // 2] / STEPS * 1e6,
                           **figures["validation"]["metrics"]}
            rows.append((key, text, figures, seconds, memory))
    base = next(figures["step_us"] for key, _, figures, _, _ in rows if key == "ours")
    print("| | µs a step | times ours | wall, s | validation accuracy | loss | peak MiB |\n|---|---|---|---|---|---|---|")
    for key, text, figures, seconds, memory in rows:
        same_step = key in ("ours", "ours again", "reference", "jax", "keras") or key.startswith("torch")
        loss = figures.get("loss")
        print(f"| {text} | {figures['step_us']:.1f} | {figures['step_us'] / base:.1f} |" if same_step else f"| {text} | | |",
              f"{seconds:.1f} | {figures['accuracy']:.4f} | {'' if loss is None else f'{loss:.4f}'} | {memory:.0f} |")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
