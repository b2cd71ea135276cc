"""What surrounds a process: limits of the system, other programs in the same folder, folders that vanish, languages and clocks,
damaged checkpoints, numbers that are not finite. docs/reliability.md has the rows."""
import json
import os
import shutil
import signal
import subprocess
import time

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

    def below_limits_on_memory(self, words, before_each=lambda: None):
        """From too little to load LibTorch, over too little for the verb, to enough: never an abort, a crash or a hang."""
        codes = {}
        for megabytes in [*range(200, 1400, 20 if SOAK else 150), *(range(370, 480, 3) if SOAK else ())]:
            before_each()
            result = run(self.folder, words, shell=f"ulimit -v {megabytes * 1000}; exec \"$@\"", shim=False,
                         extra={"OMP_NUM_THREADS": "2"})
            codes[megabytes] = result.code
            # 127: the loader found no room for a library
            self.assertIn(result.code, (0, 5, 127), f"{words[0]}, {megabytes} MB: {result}")
            if result.code == 5:
                self.assertRegex(result.err, "out of memory|system refused|Cannot allocate", f"{megabytes} MB")
            self.assertEqual(self.folder.leftovers(), [])
        self.assertIn(0, codes.values(), codes)
        self.assertIn(127, codes.values(), codes)

    def test_on_memory(self):
        self.below_limits_on_memory(TRAIN, before_each=self.folder.clear)

    def test_on_memory_by_one_allocation_are_told_in_a_line(self):
        layers = "[{embedding: 65536}, {linear: 65536}, {mean_pool: {padding: exclude}}, {linear: 1}]"
        result = run(self.folder, [*TRAIN, "--set", "training.engine=reference", "--set", f"model.layers={layers}"],
                     shell="ulimit -v 2200000; exec \"$@\"", shim=False)
        self.assertEqual(result.code, 5, result)
        self.assertRegex(result.err, "bernoulli: out of memory; [^\n]*\n  what came of it: [^\n]*allocate memory[^\n]*\n$")

    def test_on_memory_of_the_verbs_that_read_a_run(self):
        self.server.run(self.folder)
        self.below_limits_on_memory(["export", "out", "--output", "again.pt"])
        self.below_limits_on_memory(["evaluate", "out/model.pt", "--data", "reviews.csv"])


class Company(FaultTest):
    def stopped_training(self):
        """One that has saved something, has more to save and stands still between two checkpoints."""
        process = subprocess.Popen([PROGRAM, *TRAIN], cwd=self.folder.path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=environment(faults(self.folder, slow_ms=50)), text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while True:
            self.assertIsNone(process.poll())
            if any(name.endswith(".safetensors") for name in self.folder.checkpoints()):
                process.send_signal(signal.SIGSTOP)
                # Every thread stands; WNOWAIT leaves the end of a process to Popen.
                how = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                self.assertEqual(how.si_code, os.CLD_STOPPED, "the training has ended already")
                # In the middle of a checkpoint its next write would fail without our doing, or could not be held back any more.
                events = [json.loads(line) for line in (self.folder.out / "metrics.jsonl").read_text().splitlines()]
                announced = [event["file"] for event in events if event["event"] == "checkpoint"]
                if announced[-1] in self.folder.checkpoints() and not self.folder.leftovers():
                    self.assertFalse((self.folder.out / "summary.json").exists())
                    return process
                process.send_signal(signal.SIGCONT)
            time.sleep(0.002)

    def end_of(self, process):
        process.send_signal(signal.SIGCONT)
        return process.communicate()[1]

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

    def test_a_lock_file_that_is_removed_unlocks_nothing(self):
        process = self.stopped_training()
        (self.folder.out / ".lock").unlink()
        second = self.server.run(self.folder)
        self.assertEqual(second.code, 7, second)
        self.assertIn("'out' is in use by another bernoulli process", second.err)
        err = self.end_of(process)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(final_state(self.folder), self.expected)

    def test_a_folder_that_another_has_taken_is_left_to_it(self):
        """Moved away in the middle, and a second training in its place: the first one touches nothing of it."""
        process = self.stopped_training()
        moved = self.folder.path / "moved"
        self.addCleanup(shutil.rmtree, moved, ignore_errors=True)
        self.folder.out.rename(moved)
        second = self.server.run(self.folder, [*TRAIN, "--set", "training.seed=6"])
        self.assertEqual(second.code, 0, second)
        files = {path: (path.stat().st_ino, path.read_bytes()) for path in self.folder.out.rglob("*") if path.is_file()}
        err = self.end_of(process)
        self.assertEqual(process.returncode, 5, err)
        self.assertRegex(err, "bernoulli: cannot write into 'out': .* was removed or moved, and another stands there")
        now = {path: (path.stat().st_ino, path.read_bytes()) for path in self.folder.out.rglob("*") if path.is_file()}
        self.assertEqual(now, files)
        shutil.rmtree(self.folder.out)
        moved.rename(self.folder.out)
        self.resume_and_compare("folder taken by another")

    def test_files_without_which_nothing_reads_a_run_are_missed(self):
        for name in ("config.yaml", "metrics.jsonl"):
            self.folder.clear()
            process = self.stopped_training()
            kept = self.folder.path / "kept"
            (self.folder.out / name).rename(kept)
            err = self.end_of(process)
            self.assertEqual(process.returncode, 5, f"{name}: {err}")
            self.assertRegex(err, f"bernoulli: cannot write .*'out.*{name}.* was removed", name)
            kept.rename(self.folder.out / name)
            self.resume_and_compare(f"{name} removed and put back")

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


if __name__ == "__main__":
    main()
