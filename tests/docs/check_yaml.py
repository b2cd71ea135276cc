"""Every ```yaml block of the pages must pass `config check`: a complete configuration alone, a part of one laid onto a small base.

    check_yaml.py PROGRAM REPOSITORY
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BASE = """
data:
  train: {path: train.csv}
  validation: {from: train, fraction: 0.1, method: stratified, seed: 42}
task: {kind: binary, positive: pos}
model: {layers: [{embedding_bag: {dim: 4, mode: mean}}, {linear: {units: 1}}]}
optimizer: {adam: {}}
training: {epochs: 1}
"""


def blocks(page):
    """(first line, text) of each block."""
    text = page.read_text()
    return [(text.count("\n", 0, found.start()) + 2, found[1]) for found in re.finditer(r"^```yaml\n(.*?)^```$", text, re.M | re.S)]


def fault(program, folder, block):
    (folder / "base.yaml").write_text(BASE)
    (folder / "block.yaml").write_text(block)
    is_complete = all(re.search(rf"^{section}:", block, re.M) for section in ("data", "task", "model", "training"))
    files = [str(folder / name) for name in (["block.yaml"] if is_complete else ["base.yaml", "block.yaml"])]
    done = subprocess.run([program, "config", "check", *files], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr


def main(program, repository):
    root = pathlib.Path(repository)
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted(root.glob("docs/**/*.md")), root / "configs" / "README.md"]
    count, faults = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for page in pages:
            for line, block in blocks(page):
                count += 1
                if message := fault(program, pathlib.Path(folder), block):
                    faults += 1
                    print(f"{page.relative_to(root)}:{line}: {message}")
        if fault(program, pathlib.Path(folder), "training: {epoch: 3}\n") == "":
            sys.exit("a misspelt key passes: the check checks nothing")
    print(f"{count} blocks, {faults} with a fault")
    sys.exit(faults > 0 or count == 0)


main(*sys.argv[1:])
