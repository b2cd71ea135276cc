"""What surrounds a process: limits of the system, other programs in the same folder, folders that vanish, languages and clocks,
oversized input, damaged checkpoints, numbers that are not finite. docs/reliability.md has the rows."""
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from harness import FUSED, PROGRAM, SOAK, TRAIN, FaultTest, Folder, environment, faults, final_state, main, run


class Limits(FaultTest):
    def refused(self, shell, message, code=5):
        result = run(self.folder, TRAIN, shell=shell + "; exec \"$@\"", shim=False)
        self.assertEqual(result.code, code, f"{shell}: {result}")
        self.assertRegex(result.err, message, shell)
        self.assertEqual(self.folder.leftovers(), [], shell)
        self.resume_and_compare(shell)

    def test_on_the_size_of_a_file(self):
        for blocks in range(1, 76, 4 if SOAK else 30):  # of 512 bytes; model.pt has 38 kB
            self.folder.clear()
            self.refused(f"ulimit -f {blocks}", "bernoulli: cannot write 'out/.*bytes.*File too large")

    def test_on_open_files(self):
        for number in (4, 5):  # below that not even the C library is found
            result = run(self.folder, TRAIN, shell=f"ulimit -n {number}; exec \"$@\"", shim=False)
            self.assertIn(result.code, (3, 5), result)
            self.assertRegex(result.err, "bernoulli: cannot [a-z ]*'.*'[a-z ]*: Too many open files")
            self.resume_and_compare(f"ulimit -n {number}")
            self.folder.clear()
        result = run(self.folder, TRAIN, shell="ulimit -n 16; exec \"$@\"", shim=False)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(final_state(self.folder), self.expected)

    def test_on_memory(self):
        """From too little to load LibTorch, over too little to train, to enough: never an abort, never a crash."""
        codes = {}
        for megabytes in range(200, 1400, 20 if SOAK else 150):
            self.folder.clear()
            result = run(self.folder, TRAIN, shell=f"ulimit -v {megabytes * 1000}; exec \"$@\"", shim=False)
            codes[megabytes] = result.code
            # 127: the loader found no room for a library; 1: OpenMP's own words for a thread that it could not make
            self.assertIn(result.code, (0, 5, 127), f"{megabytes} MB: {result}")
            if result.code == 5:
                self.assertRegex(result.err, "out of memory|system refused|Cannot allocate", f"{megabytes} MB")
            self.assertEqual(self.folder.leftovers(), [])
        self.assertIn(0, codes.values(), codes)
        self.assertIn(127, codes.values(), codes)


class Company(FaultTest):
    def test_of_twenty_that_start_at_once_one_wins(self):
        for _ in range(10 if SOAK else 1):
            self.folder.clear()
            words = ["train", "config.yaml", "--run-dir", "out", "--device", "cpu"]
            slow = environment(faults(self.folder, slow_ms=100))  # the winner holds the folder until all have tried
            processes = [subprocess.Popen([PROGRAM, *words], cwd=self.folder.path, env=slow, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True) for _ in range(20)]
            errors = [process.communicate()[1] for process in processes]
            codes = sorted(process.returncode for process in processes)
            self.assertEqual(codes, [0] + [7] * 19, errors)
            self.assertEqual(final_state(self.folder), self.expected)

    def test_a_killed_owner_leaves_no_lock(self):
        self.server.run(self.folder, extra=faults(self.folder, at=60, action="kill"))
        self.assertTrue((self.folder.out / ".lock").exists())
        self.resume_and_compare("stale lock")

    def test_a_folder_that_vanishes_is_not_made_again(self):
        """Renamed away in the middle: what was saved goes with it, and nothing new appears in its place."""
        process = subprocess.Popen([PROGRAM, *TRAIN], cwd=self.folder.path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=environment(faults(self.folder, slow_ms=20)), text=True)
        while not self.folder.checkpoints():
            self.assertIsNone(process.poll())
        moved = self.folder.path / "moved"
        self.folder.out.rename(moved)
        err = process.communicate()[1]
        self.assertEqual(process.returncode, 5, err)
        self.assertRegex(err, "bernoulli: cannot .*'out")
        self.assertFalse(self.folder.out.exists())
        moved.rename(self.folder.out)
        self.resume_and_compare("folder moved away and back")


class Surroundings(FaultTest):
    def test_do_not_change_a_byte(self):
        elsewhere = Folder()
        self.addCleanup(elsewhere.__exit__)
        shutil.copytree(self.folder.path, elsewhere.path / "deep", ignore=shutil.ignore_patterns("out"))
        variants = [{"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, {"LC_ALL": "C"}, {"TZ": "Pacific/Kiritimati"},
                    {"TMPDIR": "/nonexistent"}, {"HOME": "/nonexistent"}]
        for extra in variants:
            self.folder.clear()
            self.assertEqual(self.server.run(self.folder, extra=extra).code, 0)
            self.assertEqual(final_state(self.folder), self.expected, extra)
        words = ["train", "--resume", "deep/config.yaml", "--run-dir", "out", "--device", "cpu", "--set", "data.root=deep"]
        result = self.server.run(elsewhere, words)
        self.assertEqual(result.code, 0, result)
        state = final_state(elsewhere)
        for name in ("metrics.jsonl", "vocabulary.txt", "checkpoints/step-000000006.safetensors"):
            self.assertEqual(state[name], self.expected[name], f"from another folder: {name}")

    def test_a_clock_that_jumps_does_not_choose_the_checkpoint(self):
        self.server.run(self.folder, extra=faults(self.folder, at=100, action="kill"))
        names = self.folder.checkpoints()
        self.assertGreater(len(names), 1)
        for age, name in enumerate(names):  # the oldest step looks newest
            os.utime(self.folder.out / "checkpoints" / name, (10 ** 9 - age, 10 ** 9 - age))
        newest = int([name for name in names if ".tmp-" not in name][-1][5:14])
        self.assertIn(f"resuming after step {newest}", self.resume_and_compare("clock").err)


class Damage(FaultTest):
    def damaged_run(self):
        result = self.server.run(self.folder, extra=faults(self.folder, at=100, action="kill"))
        self.assertEqual(result.code, 137)
        paths = sorted((self.folder.out / "checkpoints").glob("*.safetensors"))
        self.assertGreater(len(paths), 1)
        return paths

    def flip(self, path):
        content = bytearray(path.read_bytes())
        content[self.random.randrange(len(content))] ^= 1 << self.random.randrange(8)
        path.write_bytes(content)

    def test_of_the_newest_checkpoint_costs_one_interval(self):
        paths = self.damaged_run()
        self.flip(paths[-1])
        result = self.resume_and_compare("newest checkpoint damaged")
        self.assertRegex(result.err, f"warning:.*{paths[-1].name}.*using the newest whole checkpoint, step {int(paths[-2].name[5:14])}")

    def test_of_all_checkpoints_ends_in_exit_4_and_changes_nothing(self):
        canary = self.folder.path / "canary"
        pickle = f"cos\nsystem\n(S'touch {canary}'\ntR.".encode()
        for damage in (self.flip, lambda path: path.write_bytes(b"\x80\x04" + pickle), lambda path: path.write_bytes(b""),
                       lambda path: path.write_bytes(self.expected["model.pt"])):
            self.folder.clear()
            for path in self.damaged_run():
                damage(path)
            before = {path: path.read_bytes() for path in self.folder.out.rglob("*.safetensors")}
            result = self.server.run(self.folder)
            self.assertEqual(result.code, 4, result)
            self.assertIn("no checkpoint in 'out/checkpoints' is whole", result.err)
            self.assertEqual({path: path.read_bytes() for path in self.folder.out.rglob("*.safetensors")}, before)
            self.assertFalse(canary.exists())

    def test_of_data_between_two_processes_is_refused(self):
        self.damaged_run()
        reviews = self.folder.path / "reviews.csv"
        original = reviews.read_text()
        reviews.write_text(original.replace("fine film number 3", "fine film number 4", 1))
        self.addCleanup(reviews.write_text, original)
        result = self.server.run(self.folder)
        self.assertEqual(result.code, 4, result)
        self.assertIn("belongs to another data", result.err)


class NotFinite(FaultTest):
    config = FUSED.replace("lr: 0.05", "lr: 1.0e+38").replace("  schedule: {cosine: {warmup_steps: 2}}\n", "").replace(
        "adam", "sgd")

    @classmethod
    def setUpClass(cls):
        cls.folder = Folder(cls.config)
        cls.addClassCleanup(cls.folder.__exit__)

    def test_numbers_are_never_saved(self):
        result = run(self.folder, TRAIN)
        self.assertEqual(result.code, 6, result)
        self.assertRegex(result.err, "step [0-9]+: ")
        self.assertRegex(result.err, "linear_3|embedding_0|reviews.csv:")
        again = run(self.folder, TRAIN)  # what was saved is good, so the same step is reached and refused again
        self.assertEqual(again.code, 6, again)
        self.assertEqual(again.err.splitlines()[-1], result.err.splitlines()[-1])
        self.assertEqual(self.folder.leftovers(), [])


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
            path = parent / f"bernoulli-limits-{os.getpid()}"
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
