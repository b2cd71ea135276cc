# What comes from outside: system packages, LibTorch, data. Sourced by dev; nothing here is committed or left half done.
# shellcheck shell=bash
snippets=data/hutto_ICWSM_2014
snippets_sdist=vaderSentiment==3.3.2
snippets_sdist_sha256=5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9
imdb_url=https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz

scratch=
trap '[[ -z $scratch ]] || rm -rf "$scratch"' EXIT
# A folder on the same file system as its destination, so that what is finished there appears by one rename. What a killed
# call left a day ago or earlier is removed.
new_scratch() {
  mkdir -p "$1"
  find "$1" -maxdepth 1 -name '.unfinished.*' -mmin +1440 -exec rm -rf {} +
  scratch=$(mktemp -d "$1/.unfinished.XXXXXX")
}

need_packages() {
  local package missing=() as_root=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null ||
    die "this is not Debian or Ubuntu; install the like of these packages, then build with cmake (CONTRIBUTING.md): $*"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "packages are missing and neither root nor sudo is at hand; as root run:
  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing system packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

pip_() {
  local verb=$1 quiet=()
  [[ -t 2 ]] || quiet=(--quiet)
  shift
  PIP_ROOT_USER_ACTION=ignore python3 -m pip "$verb" "${quiet[@]}" --disable-pip-version-check --no-input "$@"
}

# A LibTorch whose files are there and whose libraries all find theirs.
is_whole_torch() {
  local needs
  [[ -f $1/include/torch/headeronly/version.h ]] && needs=$(ldd "$1/lib/libtorch_cpu.so" 2>/dev/null) && [[ $needs != *'not found'* ]]
}

# The CPU half of the wheel: two small CUDA libraries are still needed, because libtorch_cpu.so names them.
install_torch_cpu() {
  local prefix=$1 companions
  pip_ install --no-cache-dir --no-compile --no-deps --target "$prefix" "torch==$torch_version"
  mapfile -t companions < <(sed -nE 's/^Requires-Dist: cuda-toolkit\[[^]]*\](==[0-9.]+).*/cuda-toolkit[cudart,cupti]\1/p
    s/^Requires-Dist: (nvidia-cuda-(runtime|cupti)[-a-z0-9]*==[0-9.]+).*/\1/p' "$prefix"/torch-*.dist-info/METADATA)
  ((${#companions[@]} == 0)) || pip_ install --no-cache-dir --no-compile --target "$prefix" "${companions[@]}"
  find "$prefix" -mindepth 1 -maxdepth 1 ! -name torch ! -name nvidia -exec rm -rf {} +
  find "$prefix/torch" -mindepth 1 -maxdepth 1 ! -name include ! -name lib -exec rm -rf {} +
  find "$prefix/torch/lib" \( -name 'lib*cuda*' -o -name 'libtorch_python*' -o -name 'libtorch_nvshmem*' \) -delete
}

install_torch() {
  local flavour=$1 folder=$2
  say "installing LibTorch $torch_version ($flavour) into $folder"
  new_scratch "$cache"
  case $flavour in
    cpu) install_torch_cpu "$scratch" ;;
    cuda) pip_ install --no-cache-dir --no-compile --target "$scratch" "torch==$torch_version" ;;
  esac
  is_whole_torch "$scratch/torch" || die "the torch $torch_version wheel installed, but its libraries do not load: ldd $scratch/torch/lib/libtorch_cpu.so"
  chmod 755 "$scratch"
  rm -rf "$folder"
  mv -T "$scratch" "$folder"
}

# A whole wheel that was installed once (--cuda) is preferred from then on.
setup_torch() {
  local flavour=cpu folder
  if [[ -n ${BERNOULLI_TORCH_DIR:-} ]]; then
    is_whole_torch "$BERNOULLI_TORCH_DIR" ||
      die "BERNOULLI_TORCH_DIR=$BERNOULLI_TORCH_DIR is no working LibTorch: expected include/ and a lib/libtorch_cpu.so that finds its libraries"
    return 0
  fi
  [[ $1 != --cuda && ! -d $cache/torch-$torch_version-cuda ]] || flavour=cuda
  folder=$cache/torch-$torch_version-$flavour
  is_whole_torch "$folder/torch" || install_torch "$flavour" "$folder"
  export BERNOULLI_TORCH_DIR=$folder/torch
}

setup_snippets() {
  local hashed
  [[ ! -d $snippets ]] || return 0
  say "fetching the movie-review snippets of Hutto and Gilbert (2014) into $snippets"
  new_scratch data
  hashed=$scratch/requirements.txt
  echo "$snippets_sdist --hash=sha256:$snippets_sdist_sha256" >"$hashed"
  pip_ download --no-cache-dir --no-deps --no-binary vaderSentiment --require-hashes -r "$hashed" -d "$scratch"
  tar -xzOf "$scratch"/vaderSentiment-*.tar.gz --wildcards '*/additional_resources/hutto_ICWSM_2014.tar.gz' |
    tar -xz --no-same-owner --no-same-permissions -C "$scratch"
  mv -T "$scratch/hutto_ICWSM_2014" "$snippets"
  rm -rf "$scratch"
}

# Class folders only: the unlabelled reviews of train/unsup would read as a third class.
data() {
  local archive=${2:-} part files
  [[ ${1:-} == imdb ]] || die "data knows 'imdb', got '${1:-}'"
  [[ ! -d data/aclImdb ]] || { say "data/aclImdb is there"; return 0; }
  need_packages xz-utils
  new_scratch data
  if [[ -n $archive ]]; then
    archive=$(from_caller "$archive")
  else
    need_packages ca-certificates curl
    archive=$scratch/aclImdb_v1.tar.gz
    say "fetching $imdb_url"
    curl -fL --retry 3 -o "$archive" "$imdb_url" || die "cannot fetch it; get the archive another way, then: ./dev data imdb ARCHIVE"
  fi
  tar -xf "$archive" --no-same-owner --exclude='*/unsup*' -C "$scratch" || die "cannot unpack $archive"
  for part in train/neg train/pos test/neg test/pos; do
    [[ $part == train/* || -d $scratch/aclImdb/test ]] || continue
    files=$(find "$scratch/aclImdb/$part" -name '*.txt' | wc -l)
    ((files == 12500)) || die "$archive: aclImdb/$part holds $files reviews, expected 12500"
  done
  mv -T "$scratch/aclImdb" data/aclImdb
}
