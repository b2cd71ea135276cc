"""Trains the tutorial model on a CUDA device with PyTorch and JAX and with Bernoulli, on the same data, at three sizes of a batch, and
prints a table of each in Markdown.

usage: run_cuda.py PROGRAM REPOSITORY     PROGRAM is bernoulli; needs BERNOULLI_DATA; EPOCHS (default 10), BATCHES (default "32 512 4096").
Our reference engine is eager LibTorch in C++. Ours on one processor of the same machine stands beside them. Whatever is not installed, finds no device or breaks down is named with
its last line and left out.
"""
import os
import resource
import subprocess
import sys
import tempfile

from reviews import NUM_TRAIN
from run import EPOCHS, HERE, measure


def jobs(program, repository, folder, batch):
    """(words, what it is)."""

    def peer(text, script, *rest):
        return [sys.executable, str(HERE / script), *rest], text

    turns = iter(range(100))

    def ours(text, device, *sets):
        sets = [f"data.root={os.environ['BERNOULLI_DATA']}", "data.cache=off", f"training.epochs={EPOCHS}",
                f"training.batch_size={batch}", *sets]
        words = [program, "train", f"{repository}/configs/imdb_tutorial.yaml", "--run-dir", f"{folder}/run-{next(turns)}",
                 "--device", device, "--json", "--quiet", *(word for value in sets for word in ("--set", value))]
        return words, text

    return [peer("PyTorch eager", "peer_torch_cuda.py", "eager"), peer("PyTorch, CUDA graph of a step, fused Adam", "peer_torch_cuda.py", "graph"),
            peer("JAX, jitted scan", "peer_jax.py"), ours("**Bernoulli**, fused engine", "cuda", "training.engine=fused"),
            ours("**Bernoulli**, reference engine", "cuda", "training.engine=reference"),
            ours("**Bernoulli**, reference engine, bfloat16", "cuda", "training.engine=reference", "training.precision=bfloat16"),
            ours("**Bernoulli** on one processor", "cpu", "training.threads=1")]


def main(program, repository):
    with tempfile.TemporaryDirectory() as folder:
        # JAX_PLATFORMS: an error where there is no device, not a silent run on the processor.
        environment = dict(os.environ, PEER_IDS=f"{folder}/ids.npz", PYTHONDONTWRITEBYTECODE="1", JAX_PLATFORMS="cuda")
        subprocess.run([sys.executable, str(HERE / "reviews.py")], env=environment, check=True)
        for batch in map(int, os.environ.get("BATCHES", "32 512 4096").split()):
            print(f"\n| batch {batch} | µs a step | wall, s | validation accuracy | loss |\n|---|---|---|---|---|")
            for words, text in jobs(program, repository, f"{folder}/{batch}", batch):
                print(f"{text} ...", file=sys.stderr, flush=True)
                figures, fault = measure(words, dict(environment, PEER_BATCH=str(batch)), -(-NUM_TRAIN // batch))
                if fault:
                    print(f"left out: {text}: {fault}", file=sys.stderr)
                    continue
                loss = "" if figures.get("loss") is None else f"{figures['loss']:.4f}"
                print(f"| {text} | {figures['step_us']:.1f} | {figures['wall_s']:.1f} | {figures['accuracy']:.4f} | {loss} |", flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1], sys.argv[2])
