#!/usr/bin/env bash
# What only a CUDA device can show, with programs that were built on another machine: the tests that skip without a device, cuda_bench, the
# peers, thresholds of the losses. Nothing is built here.
# usage: BERNOULLI_TORCH_DIR=DIR BERNOULLI_DATA=DIR bench/on_card.sh BUILD BENCH OUT [PART...]
#   BUILD   build/default or a copy: src/{bernoulli,bernoulli-torch,libbernoulli_cuda.so,libbernoulli_cuda_graph.so}, tests/train_test
#   BENCH   build/bench/bench/cuda_bench or a copy
#   OUT     folder for the logs
#   PART    doctor, tests, cuda_bench, peers, stability, memcheck or racecheck; default: the first five
# Where a call may last 600 s and carry 64 MiB: `doctor tests cuda_bench` without the reviews (BERNOULLI_DATA may be any folder); `peers` with
# PART_SECONDS=560 and without train_test; `stability memcheck`; `racecheck`. Tests and stability need no peers.
# A part has PART_SECONDS (300), then it is ended and the next one begins. A python3 with torch, or BERNOULLI_PEERS_PYTHON, runs the peers.
# memcheck and racecheck are compute-sanitizer's, over tests of the fused engine that take it some minutes.
set -uo pipefail
(($# >= 3)) || { sed -n '2,13s/^# //p' "$0" >&2; exit 2; }
build=$(realpath "$1") bench=$(realpath "$2") here=$(realpath "$(dirname "$0")")
mkdir -p "$3" && out=$(realpath "$3")
: "${BERNOULLI_TORCH_DIR:?folder of LibTorch with its CUDA half}" "${BERNOULLI_DATA:?folder that holds aclImdb}"
# What is in LD_LIBRARY_PATH stays: a container may find its driver there.
export LD_LIBRARY_PATH=$BERNOULLI_TORCH_DIR/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} BERNOULLI_CUDA_LIBRARY=$build/src/libbernoulli_cuda.so
failed=()

run() { # NAME COMMAND...: its output goes to OUT/NAME.txt and here
  local begin=$SECONDS status
  printf '== %s\n' "$1"
  timeout --kill-after=10 "${PART_SECONDS:-300}" "${@:2}" 2>&1 | tee "$out/$1.txt"
  status=${PIPESTATUS[0]}
  printf '== %s: exit %s after %s s\n' "$1" "$status" $((SECONDS - begin)) | tee -a "$out/$1.txt"
  ((status == 0)) || failed+=("$1")
}

part() { # NAME
  case $1 in
    doctor) run doctor "$build/src/bernoulli" doctor ;;
    tests) run tests "$build/tests/train_test" --gtest_filter='*OnCard*:BatchFeed.OnACard*' ;;
    cuda_bench) run cuda_bench "$bench" ;;
    peers) run peers "${BERNOULLI_PEERS_PYTHON:-python3}" "$here/peers/run_cuda.py" "$build/src/bernoulli" "$here/.." ;;
    stability)
      run stability "$build/src/bernoulli" stability "$here/../configs/imdb_tutorial.yaml" --device cuda --seeds 1 --output "$out/stability" \
        --set "data.root=$BERNOULLI_DATA" --set stability.epochs=1
      ;;
    memcheck | racecheck)
      run "$1" compute-sanitizer --tool "$1" --error-exitcode 1 "$build/tests/train_test" \
        --gtest_filter='CudaFusedStep/OnCard.*/tutorial:CudaFusedStep/OnCard.*/clip_norm_accumulate:CudaFusedStep/LongRowsOnCard.AreSummed*/1'
      ;;
    *) printf 'no part %s\n' "$1" >&2; failed+=("$1") ;;
  esac
}

if [[ ! $("$build/src/bernoulli" doctor --json) =~ '"cuda_devices": '[1-9] ]]; then
  printf 'no CUDA device is found; bernoulli doctor says why:\n' >&2
  part doctor
  exit 1  # every test would be skipped
fi
parts=("${@:4}")
((${#parts[@]} > 0)) || parts=(doctor tests cuda_bench peers stability)
for name in "${parts[@]}"; do part "$name"; done
((${#failed[@]} == 0)) || { printf 'failed: %s\n' "${failed[*]}" >&2; exit 1; }
