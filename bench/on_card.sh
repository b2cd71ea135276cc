#!/usr/bin/env bash
# What only a CUDA device can show, with programs that were built on another machine: the tests that skip without a device, cuda_bench, the
# peers, thresholds of the losses. Nothing is built here.
# usage: BERNOULLI_TORCH_DIR=DIR BERNOULLI_DATA=DIR bench/on_card.sh BUILD BENCH OUT
#   BUILD   build/default or a copy: src/{bernoulli,bernoulli-torch,libbernoulli_cuda.so,libbernoulli_cuda_graph.so}, tests/train_test
#   BENCH   build/bench/bench/cuda_bench or a copy
#   OUT     folder for the logs
# A python3 with torch, or BERNOULLI_PEERS_PYTHON, runs the peers.
set -uo pipefail
(($# == 3)) || { sed -n '2,8s/^# //p' "$0" >&2; exit 2; }
build=$(realpath "$1") bench=$(realpath "$2") here=$(realpath "$(dirname "$0")")
mkdir -p "$3" && out=$(realpath "$3")
: "${BERNOULLI_TORCH_DIR:?folder of LibTorch with its CUDA half}" "${BERNOULLI_DATA:?folder that holds aclImdb}"
export LD_LIBRARY_PATH=$BERNOULLI_TORCH_DIR/lib BERNOULLI_CUDA_LIBRARY=$build/src/libbernoulli_cuda.so
failed=()

part() { # NAME COMMAND...: its output goes to OUT/NAME.txt and here
  printf '== %s\n' "$1"
  "${@:2}" 2>&1 | tee "$out/$1.txt" || failed+=("$1")
}

part doctor "$build/src/bernoulli" doctor
part tests "$build/tests/train_test" --gtest_filter='*OnCard*' --gtest_brief=1
part cuda_bench "$bench"
part peers "${BERNOULLI_PEERS_PYTHON:-python3}" "$here/peers/run_cuda.py" "$build/src/bernoulli" "$here/.."
part stability "$build/src/bernoulli" stability "$here/../configs/imdb_tutorial.yaml" --device cuda --seeds 1 --output "$out/stability" \
  --set "data.root=$BERNOULLI_DATA" --set stability.epochs=1
((${#failed[@]} == 0)) || { printf 'failed: %s\n' "${failed[*]}" >&2; exit 1; }
