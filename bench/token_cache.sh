#!/usr/bin/env bash
# bench/token_cache.sh [CONFIG [REPEATS]]: wall time of `bernoulli train` from raw files to the exported file, without the token cache,
# building it, and from it; the fastest and slowest of REPEATS (5) runs in turn, with the peak memory of the last one.
set -euo pipefail
cd "$(dirname "$0")/.."
config=${1:-configs/imdb_tutorial.yaml} repeats=${2:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# train HOW CACHE: one run; adds its milliseconds to the file HOW.
train() {
  local begin=$EPOCHREALTIME
  rm -rf "$work/run"
  build/bernoulli train "$config" --set "data.root=${BERNOULLI_DATA:-data}" --set "data.cache=$2" --run-dir "$work/run" >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; exit 1; }
  local end=$EPOCHREALTIME
  echo $(((${end/./} - ${begin/./}) / 1000)) >>"$work/$1.ms"
  sed -nE 's/.*"peak_memory_mib": ([0-9.]+).*/\1/p' "$work/run/summary.json" >"$work/$1.mib"
}

for ((i = 0; i < repeats; ++i)); do
  train off off
  rm -rf "$work/cache"
  train building "$work/cache"
  train cached "$work/cache"
  grep -q 'texts from' "$work/out"
done
echo 'run        fastest ms  slowest ms  peak MiB'
for how in off building cached; do
  sort -n "$work/$how.ms" | awk -v how="$how" -v mib="$(cat "$work/$how.mib")" \
    'NR == 1 {least = $1} {most = $1} END {printf "%-10s %10d %11d %9.0f\n", how, least, most, mib}'
done
