"""An update of 64 reviews in one process and shared by two, with PyTorch (DistributedDataParallel, gloo) and with Bernoulli, in turns, one thread a process; prints milliseconds.

usage: run_processes.py PROGRAM REPOSITORY [MODEL...]     as run_layers.py, whose models these are, all of them by default; wants two cores.
Recurrent layers of PyTorch run in both ways of run_layers.py, over padded and over packed sequences, and the faster one counts.
"""
import os
import statistics
import subprocess
import sys

import torch

import run_layers
from run_layers import BATCH, MODELS, STEPS, TURNS, WORDS, Network, both_ways

PORT = "29511"


def train_torch(name, packs):
    """A process of the training. As many texts an update together as run_layers.py has in one."""
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    kind, units, most = MODELS[name]
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = Network(kind, units, both_ways(name), packs)
    if size > 1:
        torch.distributed.init_process_group("gloo")
        network = torch.nn.parallel.DistributedDataParallel(network)
    steps = STEPS + 3
    lengths = run_layers.review_lengths(steps * BATCH, most).view(steps, size, BATCH // size)[:, rank]
    ids = torch.randint(2, WORDS, (steps, BATCH // size, most)) * (torch.arange(most) < lengths.unsqueeze(2))
    targets = torch.randint(0, 2, (steps, BATCH // size)).float()
    milliseconds = run_layers.milliseconds_of_steps(network, lengths, ids, targets)
    if rank == 0:
        print(milliseconds)


def torch_milliseconds(name, size, packs):
    place = dict(os.environ, WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT=PORT)
    processes = [subprocess.Popen([sys.executable, __file__, "--torch", name, *["packed"] * packs], env=dict(place, RANK=str(rank)), stdout=subprocess.PIPE, text=True)
                 for rank in range(size)]
    answers = [process.communicate()[0] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return float(answers[0])


def our_milliseconds(program, repository, name, size):
    kind, units, most = MODELS[name]
    return run_layers.our_milliseconds(program, repository, kind, units, most, both_ways(name),
                                       [f"training.batch_size={BATCH // 2}", "training.accumulate=2"], ["--processes", str(size)])


def main():
    program, repository, *names = sys.argv[1:]
    print("| model | PyTorch, one process | two | times | Bernoulli, one process | two | times |\n|---|---|---|---|---|---|---|")
    for name in names or MODELS:
        ways = [False] if MODELS[name][0] == "conv1d" else [False, True]
        turns = [[*(min(torch_milliseconds(name, size, packs) for packs in ways) for size in (1, 2)), *(our_milliseconds(program, repository, name, size) for size in (1, 2))]
                 for _ in range(TURNS)]
        a, b, c, d = (statistics.median(side) for side in zip(*turns))
        print(f"| {name}, {MODELS[name][1]} units | {a:.1f} | {b:.1f} | {a / b:.2f} | {c:.1f} | {d:.1f} | {c / d:.2f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--torch"]:
        train_torch(sys.argv[2], "packed" in sys.argv)
    else:
        main()
