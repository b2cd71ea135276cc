"""Oversized input: a document of one line or one token, a corpus larger than the memory that its texts may take, a full disk beside it.
docs/reliability.md has the rows."""
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from harness import FUSED, PROGRAM, SOAK, TRAIN, Folder, environment, main, run


class Size(unittest.TestCase):
    """Memory is bounded by a small multiple of the input; the long form takes a line of 1 GB less a little, which is the longest that
    predict reads. The exported file is TorchScript and keeps an object a word, so validation, whose texts it is checked on, is apart."""
    megabytes = 1000 if SOAK else 10
    config = FUSED.replace("{from: train, fraction: 0.25, method: stratified, seed: 1}", "{path: held.csv}")

    def peak_mb(self, folder, words, stdin_path=None):
        with open(stdin_path or os.devnull, "rb") as source:
            process = subprocess.Popen([PROGRAM, *words], cwd=folder.path, stdin=source, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, env=environment(shim=False), text=True)
            with process.stdout:
                output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, output, usage.ru_maxrss / 1000

    def write_long_text(self, file, unit):
        """In pieces: the peak of a child counts the memory of the parent that it was forked from."""
        for _ in range(self.megabytes):
            file.write(unit * (1000 * 1000 // len(unit)))

    def test_of_one_line_and_of_one_token(self):
        words = TRAIN + ["--set", "text.sequence_length=50", "--set", "text.vocabulary.max_tokens=30"]
        for name, unit in [("words", "fine "), ("token", "fine.")]:
            with self.subTest(name), Folder(self.config) as folder:
                shutil.copy(folder.path / "reviews.csv", folder.path / "held.csv")
                _, _, small = self.peak_mb(folder, words)
                folder.clear()
                with open(folder.path / "reviews.csv", "a", encoding="utf-8") as file:
                    self.write_long_text(file, unit)
                    file.write(",good\n")
                code, output, peak = self.peak_mb(folder, words)
                self.assertEqual(code, 0, output)
                print(f"a document of {self.megabytes} MB, {name}: {peak:.0f} MB ({small:.0f} MB without)", flush=True)
                self.assertLess(peak - small, 6 * self.megabytes + 50)
                line = folder.path / "line"
                with open(line, "w", encoding="utf-8") as file:
                    self.write_long_text(file, unit)
                code, output, peak = self.peak_mb(folder, ["predict", "out"], line)
                self.assertEqual(code, 0, output)
                print(f"predict on a line of {self.megabytes} MB, {name}: {peak:.0f} MB", flush=True)
                self.assertLess(peak - small, 6 * self.megabytes + 50)


class MemoryGroup:
    """A control group with a limit on memory, page cache included; none where the system gives no right to make one."""

    def __init__(self, limit):
        self.path = None
        parents = [(pathlib.Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (pathlib.Path("/sys/fs/cgroup"), "memory.max")]
        for parent, name in parents:
            path = parent / f"bernoulli-memory-{os.getpid()}"
            if not (parent / "cgroup.procs").exists():
                continue
            try:
                path.mkdir()
                self.path = path
                (path / name).write_text(str(limit))
                return
            except OSError:
                self.close()

    def enter(self):
        if self.path:
            (self.path / "cgroup.procs").write_text("0")

    def close(self):
        if self.path:
            self.path.rmdir()
            self.path = None


class Corpus(unittest.TestCase):
    """Texts that are larger than the memory they may take: they go to files that the system may write out. What counts is anonymous
    memory (RssAnon), which it cannot; the long form trains on 5 GB, in a control group of 2 GiB where one can be made."""
    megabytes = 5000 if SOAK else 320
    # docs/data.md, "Memory": in all, and an example; the rest is buffers of the vectoriser and the counts of tokens.
    spill_mb, bytes_an_example, rest_mb = 268.5, 120, 100
    config = FUSED.replace(
        "epochs: 3", "epochs: 1").replace("batch_size: 4", "batch_size: 512").replace(
        "  checkpoint_every_steps: 1\n", "").replace("{max_tokens: 100}", "{max_tokens: 10000}")

    @classmethod
    def setUpClass(cls):
        cls.disk = tempfile.TemporaryDirectory(prefix="bernoulli-corpus-")  # not in memory, where Folder may be
        cls.addClassCleanup(cls.disk.cleanup)
        cls.num_examples = cls.write_corpus()

    def setUp(self):
        self.folder = Folder(self.config)
        self.addCleanup(self.folder.__exit__)

    @classmethod
    def write_corpus(cls):
        """Pairs of halves, so that no text stands twice; the halves are of words that are as frequent as words are."""
        source = random.Random(1)
        words = ["".join(source.choices("etaoinshrdlu", k=1 + source.randrange(9))) for _ in range(30000)]
        weights = [1 / (rank + 3) for rank in range(len(words))]
        halves = [" ".join(source.choices(words, weights, k=110)) for _ in range(3000)]
        count = 0
        with open(f"{cls.disk.name}/texts.csv", "w", encoding="utf-8") as file:
            file.write("text,label\n")
            while file.tell() < cls.megabytes * 1000 * 1000:
                first = halves[count % len(halves)]
                offset = 1 + count // len(halves)
                file.write("".join(f"{first} {halves[(i * 30 + offset) % len(halves)]},{'good' if i % 2 else 'bad'}\n"
                                   for i in range(100)))
                count += 1
        return 100 * count

    def anonymous_mb(self, words, group=None):
        """Runs the program; the most anonymous memory that it was seen with."""
        process = subprocess.Popen([PROGRAM, *words], cwd=self.folder.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env=environment({"TMPDIR": self.disk.name}, shim=False), preexec_fn=group.enter if group else None)
        peak = 0
        while process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                break
            found = re.search(r"RssAnon:\s+([0-9]+) kB", status)
            peak = max(peak, int(found[1]) if found else 0)
            time.sleep(0.005)
        output = process.communicate()[0]
        self.assertEqual(process.returncode, 0, output)
        return peak / 1000, output

    def test_larger_than_the_memory_that_its_texts_may_take(self):
        small, _ = self.anonymous_mb(TRAIN)
        words = TRAIN + ["--set", f"data.root={self.disk.name}", "--set", "data.train.path=texts.csv", "--set", "training.threads=2",
                         "--set", "data.validation.fraction=0.01"]
        if not SOAK:
            words += ["--set", "training.max_steps=20"]
        bound = small + self.spill_mb + self.num_examples * self.bytes_an_example / 1e6 + self.rest_mb
        group = MemoryGroup(2 << 30) if SOAK else None
        for how, cache in ([("uncached", "off")] if SOAK else []) + [("building the cache", "cache"), ("from the cache", "cache")]:
            with self.subTest(how):
                self.folder.clear()
                time.sleep(0.2)  # a source that changed just now is not cached
                began = time.monotonic()
                peak, output = self.anonymous_mb(words + ["--set", f"data.cache={cache}"], group)
                limited = " in a group of 2 GiB" if group and group.path else ""
                print(f"{self.num_examples} texts, {self.megabytes} MB, {how}{limited}: {peak:.0f} MB of anonymous memory "
                      f"({small:.0f} MB with 20 texts), {time.monotonic() - began:.0f} s", flush=True)
                self.assertLess(peak, bound, output)
                self.assertEqual("texts from" in output, how == "from the cache", output)
                self.assertEqual(sorted(path.name for path in pathlib.Path(self.disk.name).iterdir() if path.name != "cache"),
                                 ["texts.csv"])
        if group:
            group.close()

    def test_of_a_full_disk_is_exit_5(self):
        """What does not fit into memory goes to the folder for temporary files, and that may be full."""
        words = TRAIN + ["--set", f"data.root={self.disk.name}", "--set", "data.train.path=texts.csv", "--set", "data.cache=off"]
        result = run(self.folder, words, extra={"TMPDIR": self.disk.name}, shell="ulimit -f 20000; exec \"$@\"", shim=False)
        self.assertEqual(result.code, 5, result)
        self.assertRegex(result.err, f"temporary file in '{self.disk.name}': File too large.*TMPDIR")


if __name__ == "__main__":
    main()
