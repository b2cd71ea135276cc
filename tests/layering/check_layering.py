#!/usr/bin/env python3
"""Reads the #include lines below src/ against the one-way order of the folders (docs/architecture.md).

What a folder may include is what it links in src/CMakeLists.txt, directly or through others; those links in turn may
only point backwards in ORDER. Prints one line a violation and exits 1 if there is any.
"""

import pathlib
import re
import sys

ORDER = ["core", "config", "text", "layers", "metrics", "data", "kernels", "store", "report", "sweep", "infer", "c_api", "serve", "tensor", "model", "loss", "optim",
         "distributed", "train", "export", "predict", "stability", "cli"]
# A deployed predictor carries no trainer.
NEVER_REACHES = {"predict": {"train", "loss", "optim", "distributed"}, "infer": {"tensor"}, "c_api": {"tensor"}, "serve": {"tensor"}, "report": {"tensor", "train"}}
# (what is included, where it may be, why)
EXTERNAL = [
    (r"yaml-cpp/", r"config/[^/]+\.cpp", "yaml-cpp stays in the sources of config/"),
    (r"boost/(asio|beast|system)/", r"serve/(connection\.h|request_head\.h|worker_threads\.h|[^/]+\.cpp)", "sockets and HTTP stay in serve/, behind server.h"),
    (r"boost/(?!(asio|beast|system)/)", r"cli/.*", "Boost but for its sockets stays in cli/"),
    (r"torch/(torch|script|all)\.h", r".*\.cpp", "a header that includes it costs every file above it 10 s and more"),
    (r"(ATen/cuda/|c10/cuda/|cuda|cub/|cooperative_groups)", r"(kernels/cuda|tensor/cuda)/.*", "CUDA headers stay in the library that is loaded on demand"),
]
TORCH = re.compile(r"(ATen|c10|torch)/")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def direct_links(cmake_text):
    """{folder: what it links} from the bernoulli_library(...) calls and what the two programs and the library of C link."""
    text = re.sub(r"#.*", "", cmake_text)
    links = {}
    for folder, rest in re.findall(r"bernoulli_library\(\s*(\w+)([^)]*)\)", text):
        links[folder] = re.findall(r"[\w-]+::[\w-]+", rest)
    for target, rest in re.findall(r"target_link_libraries\(\s*(bernoulli_torch|cli_common|bernoulli_c)\s([^)]*)\)", text):
        links.setdefault("c_api" if target == "bernoulli_c" else "cli", []).extend(re.findall(r"[\w-]+::[\w-]+", rest))
    return links


def reach(folder, links):
    """Everything that `folder` links, directly or through other folders."""
    seen, todo = set(), list(links.get(folder, []))
    while todo:
        target = todo.pop()
        if target not in seen:
            seen.add(target)
            todo.extend(links.get(target.removeprefix("bernoulli::"), []))
    return seen


def link_faults(links):
    for folder, targets in links.items():
        if folder not in ORDER:
            yield f"src/CMakeLists.txt: folder '{folder}' has no place in the order; add it to ORDER in tests/layering"
            continue
        for target in (t.removeprefix("bernoulli::") for t in targets if t.startswith("bernoulli::")):
            if target not in ORDER or ORDER.index(target) >= ORDER.index(folder):
                yield f"src/CMakeLists.txt: '{folder}' links '{target}', which does not come before it"
        for target in NEVER_REACHES.get(folder, ()):
            if f"bernoulli::{target}" in reach(folder, links):
                yield f"src/CMakeLists.txt: '{folder}' reaches '{target}', which it must not"


def include_faults(root, path, links):
    name = path.relative_to(root).as_posix()
    folder = name.split("/")[0]
    reached = reach(folder, links)
    text = path.read_text(encoding="utf-8")
    includes = [(match.group(1), match.group(2), text.count("\n", 0, match.start(2)) + 1) for match in INCLUDE.finditer(text)]
    for quote, header, line in includes:
        place = f"src/{name}:{line}: "
        if quote == '"':
            other = header.split("/")[0]
            if "/" not in header or other == "..":
                yield place + f"\"{header}\" is not written from the root of the sources"
            elif other != folder and f"bernoulli::{other}" not in reached:
                yield place + f"'{folder}' may not include \"{header}\": it does not link '{other}'"
            continue
        for pattern, allowed, why in EXTERNAL:
            if re.match(pattern, header) and not re.fullmatch(allowed, name):
                yield place + f"<{header}>: {why}"
        if TORCH.match(header) and not any(target.startswith("torch::") for target in reached):
            yield place + f"<{header}>: '{folder}' does not link LibTorch"
    own = path.with_suffix(".h")
    if path.suffix == ".cpp" and own.exists() and includes and includes[0][1] != own.relative_to(root).as_posix():
        yield f"src/{name}:{includes[0][2]}: its own header comes first"
    if path.suffix in (".h", ".cuh") and "#pragma once" not in text:
        yield f"src/{name}:1: a header begins with #pragma once"


def faults(project):
    """All violations in the project folder, as lines of text."""
    root = pathlib.Path(project) / "src"
    links = direct_links((root / "CMakeLists.txt").read_text(encoding="utf-8"))
    found = list(link_faults(links))
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".h", ".cpp", ".cu", ".cuh") and p.parent != root):
        found.extend(include_faults(root, path, links))
    return found


if __name__ == "__main__":
    violations = faults(sys.argv[1])
    print("\n".join(violations) or "no violation of the one-way order")
    sys.exit(1 if violations else 0)
