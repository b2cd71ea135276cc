"""Several processes that train one model: the same bytes as one, and none left behind. Rows 50 and 51 of docs/reliability.md."""
import os
import pathlib
import signal
import socket
import subprocess
import time

from harness import PROGRAM, REFERENCE, SOAK, TRAIN, FaultTest, Folder, environment, final_state, main, rows, run

GONE = 30.0  # seconds in which all have ended after one is lost, the promise
SILENCE = {"BERNOULLI_SILENCE_S": "2"}
# Three batches an update: two processes share them unevenly.
CONFIG = REFERENCE.replace("accumulate: 2", "accumulate: 3")
ENDLESS = ["--set", "training.epochs=1000000", "--set", "training.early_stopping=null"]


def children_of(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it ended just now
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Started:
    """A process of the program, whose end is waited for at the end of the test."""

    def __init__(self, test, folder, words, extra=None):
        self.folder = folder
        self.err = folder.path / f"err-{time.monotonic_ns()}"
        with open(self.err, "w") as err:
            self.process = subprocess.Popen([PROGRAM, *words], cwd=folder.path, stdout=subprocess.DEVNULL, stderr=err,
                                            env=environment(extra, shim=False))
        test.addCleanup(self.finish)

    def finish(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def end(self, seconds=GONE):
        """(exit code, standard error)"""
        code = self.process.wait(timeout=seconds)
        return (code if code >= 0 else 128 - code), self.err.read_text()


class Processes(FaultTest):
    config = CONFIG

    def of(self, count):
        return [*TRAIN, "--processes", str(count)]

    def ranks(self, folder, count, words=None, changes=None, port=None, world_size=None):
        """As torchrun starts them. changes: {rank: what is another there}; world_size: where it is not the count that is started"""
        place = {"WORLD_SIZE": str(world_size or count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port or free_port()), **SILENCE}
        return [Started(self, folder, words or [*TRAIN, *ENDLESS], {**place, "RANK": str(rank), **(changes or {}).get(rank, {})})
                for rank in range(count)]

    def wait_for_training(self, folder):
        end = time.monotonic() + 60
        while len(folder.checkpoints()) < 2:
            self.assertLess(time.monotonic(), end, "no training began")
            time.sleep(0.01)

    def fresh(self):
        folder = Folder(CONFIG)
        self.addCleanup(folder.__exit__)
        return folder

    def test_any_number_gives_the_bytes_of_one(self):
        for count in (1, 2, 3):
            self.folder.clear()
            result = run(self.folder, self.of(count), shim=False)
            self.assertEqual(result.code, 0, result)
            state = final_state(self.folder)
            for name, content in self.expected.items():
                self.assertEqual(state[name], content, f"{name} of {count} processes")

    def test_a_run_goes_on_with_another_number(self):
        """Some updates in 2, 1, 3 and 2 processes one after the other, and the same in one: the same bytes."""
        states = []
        for counts in ((1, 1, 1, 1), (2, 1, 3, 2)):
            self.folder.clear()
            for count, limit in zip(counts, (3, 4, 5, "null")):
                words = ["--set", f"training.max_steps={limit}"]
                result = (self.server.run(self.folder, [*TRAIN, *words]) if count == 1 else
                          run(self.folder, [*self.of(count), *words], shim=False))
                self.assertEqual(result.code, 0, result)
            states.append(final_state(self.folder))
        self.assertEqual(*states)

    def test_an_engine_that_is_left_open_stays_what_it_was(self):
        """The fused engine takes this model in one process; what two began in the reference engine goes on in it."""
        folder = Folder(CONFIG.replace("  engine: reference\n", "").replace(", ema_decay: 0.9", ""))
        self.addCleanup(folder.__exit__)
        states = []
        for second in (1, 2):
            folder.clear()
            for count, limit in ((2, 4), (second, "null")):
                result = run(folder, [*self.of(count), "--set", f"training.max_steps={limit}"], shim=False)
                self.assertEqual(result.code, 0, result)
            self.assertIn("engine reference", result.err)
            states.append(final_state(folder))
        self.assertEqual(*states)
        folder.clear()
        for count, limit, engine in ((1, 4, "engine fused"), (2, "null", "the fused engine trained this run up to step 4")):
            result = run(folder, [*self.of(count), "--set", f"training.max_steps={limit}"], shim=False)
            self.assertEqual(result.code, 0, result)
            self.assertIn(engine, result.err)

    def test_all_pause_alike_and_go_on_to_the_same_bytes(self):
        for count in (2, 1):
            result = run(self.folder, [*self.of(count), "--pause-after", str(3 - count)], shim=False)
            self.assertEqual(result.code, 0, result)
            self.assertIn(f"paused after epoch {3 - count}", result.err)
        result = run(self.folder, self.of(2), shim=False)
        self.assertEqual(result.code, 0, result)
        state = final_state(self.folder)
        for name, content in self.expected.items():
            self.assertEqual(state[name], content, name)
        folder = self.fresh()
        ends = [started.end() for started in self.ranks(folder, 3, [*TRAIN, *ENDLESS, "--pause-after", "2"])]
        self.assertEqual([end[0] for end in ends], [0, 0, 0], ends)

    def test_killed_at_any_time_it_goes_on_to_the_same_model(self):
        for i in range(12 if SOAK else 3):
            self.folder.clear()
            leader = Started(self, self.folder, self.of(2), SILENCE)
            time.sleep(self.random.uniform(0.3, 1.2) * self.run_seconds)
            victims = children_of(leader.process.pid) or [leader.process.pid]
            os.kill(victims[0] if i % 2 else leader.process.pid, signal.SIGKILL)
            code, err = leader.end()
            self.assertIn(code, (0, 8, 137), err)
            result = self.server.run(self.folder)
            self.assertEqual(result.code, 0, result)
            self.assertEqual(final_state(self.folder)["model.pt"], self.expected["model.pt"])

    def test_one_that_is_killed_ends_all(self):
        for victim in (0, 1, 2):
            folder = self.fresh()
            ranks = self.ranks(folder, 3)
            self.wait_for_training(folder)
            ranks[victim].process.kill()
            for rank, started in enumerate(ranks):
                code, err = started.end()
                self.assertEqual(code, 137 if rank == victim else 8, err)
                if rank == 0 != victim:
                    self.assertIn(f"process {victim} at 127.0.0.1 is lost", err)
                    self.assertIn("--resume", err)

    def test_the_signal_that_ended_one_is_told(self):
        for number, told in ((signal.SIGKILL, "was killed (signal 9), as the system does where memory runs out"),
                             (signal.SIGABRT, f"was ended by signal {int(signal.SIGABRT)} (Aborted)")):
            folder = self.fresh()
            leader = Started(self, folder, [*self.of(2), *ENDLESS], SILENCE)
            self.wait_for_training(folder)
            started_here, = children_of(leader.process.pid)
            os.kill(started_here, number)
            code, err = leader.end()
            self.assertEqual(code, 8, err)
            self.assertIn(f"process 1 {told}", err)

    def test_one_that_stands_still_ends_all(self):
        """Of each training one is halted as soon as it trains; then all of them wait side by side."""
        folder = self.fresh()
        leader = Started(self, folder, [*self.of(2), *ENDLESS], SILENCE)
        self.wait_for_training(folder)
        started_here, = children_of(leader.process.pid)
        os.kill(started_here, signal.SIGSTOP)
        survivors = []
        for victim in (0, 1):
            folder = self.fresh()
            ranks = self.ranks(folder, 2)
            self.wait_for_training(folder)
            ranks[victim].process.send_signal(signal.SIGSTOP)
            survivors.append((victim, ranks[1 - victim]))
        for victim, survivor in survivors:
            code, err = survivor.end()
            self.assertEqual(code, 8, err)
            self.assertIn(f"process {victim} at 127.0.0.1 has given no sign of life for 2.0 s", err)
        code, err = leader.end()
        self.assertEqual(code, 8, err)
        self.assertFalse(pathlib.Path(f"/proc/{started_here}").exists(), "who started it ends it")

    def test_a_stop_of_any_saves_and_stops_all(self):
        for victims, number, code in (([0], signal.SIGINT, 130), ([1], signal.SIGHUP, 143), ([1], signal.SIGINT, 130), ([1, 0], signal.SIGTERM, 143)):
            folder = self.fresh()
            ranks = self.ranks(folder, 2)
            self.wait_for_training(folder)
            for victim in victims:
                ranks[victim].process.send_signal(number)
            ends = [started.end() for started in ranks]
            self.assertEqual([end[0] for end in ends], [code, code], ends)
            self.assertIn("stopped; go on with: bernoulli train --resume", ends[0][1])
            self.assertEqual(folder.leftovers(), [])

    def test_a_stop_of_the_one_that_started_the_others_leaves_none(self):
        folder = self.fresh()
        leader = Started(self, folder, [*self.of(3), *ENDLESS], SILENCE)
        self.wait_for_training(folder)
        others = children_of(leader.process.pid)
        self.assertEqual(len(others), 2)
        leader.process.send_signal(signal.SIGTERM)
        self.assertEqual(leader.end()[0], 143)
        self.assertEqual([pid for pid in others if pathlib.Path(f"/proc/{pid}").exists()], [])

    def test_one_that_was_killed_leaves_none_of_those_it_started(self):
        folder = self.fresh()
        leader = Started(self, folder, [*self.of(3), *ENDLESS], SILENCE)
        self.wait_for_training(folder)
        others = children_of(leader.process.pid)
        leader.process.kill()
        end = time.monotonic() + GONE
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in others):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_numbers_that_are_not_finite_end_all_with_6(self):
        folder = self.fresh()
        words = [*TRAIN, *ENDLESS, "--set", "optimizer.adam.lr=1e37", "--set", "loss.mode=sigmoid_bce"]
        ends = [started.end() for started in self.ranks(folder, 2, words)]
        self.assertEqual([end[0] for end in ends], [6, 6], ends)

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            first, = self.ranks(self.fresh(), 1, port=taken.getsockname()[1], world_size=2)
            code, err = first.end()
        self.assertEqual(code, 8, err)
        self.assertIn("is in use, by another training perhaps: set another MASTER_PORT", err)
        self.assertEqual(first.folder.checkpoints(), [])

    def test_ranks_that_do_not_fit(self):
        for num_started, change, expected in (
                (3, {"RANK": "1"}, "has RANK 1, which process 1"),
                (2, {"WORLD_SIZE": "2"}, "has WORLD_SIZE 2, and process 0 has 3"),
                (1, {"RANK": "7"}, "RANK is '7' (expected 0 to 2)"),  # which one alone finds out
                (1, {"MASTER_ADDR": ""}, "MASTER_ADDR is not set")):
            ranks = self.ranks(self.fresh(), num_started, changes={num_started - 1: change}, world_size=3)
            for started in {ranks[0], ranks[-1]}:
                code, err = started.end()
                self.assertEqual(code, 8, err)
                self.assertIn(expected, err)

    def test_another_configuration_or_other_data(self):
        port = free_port()
        for words, what in (([*TRAIN, "--set", "optimizer.adam.lr=0.04"], "config"), ([*TRAIN, "--set", "data.root=other"], "data")):
            folder = self.fresh()
            (folder.path / "other").mkdir()
            (folder.path / "other" / "reviews.csv").write_text(rows(11))
            place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
            ranks = [Started(self, folder, w, {**place, "RANK": str(rank)}) for rank, w in enumerate((TRAIN, words))]
            ends = [started.end() for started in ranks]
            self.assertEqual([end[0] for end in ends], [8, 8], ends)
            self.assertIn(f"the {what} of process 1 at 127.0.0.1 is not that of process 0", ends[0][1])

    def test_words_that_contradict(self):
        for words, extra, code, expected in (
                ([*self.of(2), "--set", "training.accumulate=1"], {}, 2, "training.accumulate is 1, and 2 processes share"),
                ([*self.of(2), "--set", "training.engine=fused"], {}, 2, "training.engine is fused, which trains in one process"),
                (["train", "config.yaml", "--dry-run", "--processes", "2"], {}, 2, "--dry-run runs one batch"),
                (self.of(0), {}, 2, "--processes is 0 (expected 1 to 1024)"),
                (self.of(2), {"WORLD_SIZE": "3", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}, 2, "--processes is 2, and WORLD_SIZE is 3"),
                (TRAIN, {"WORLD_SIZE": "3"}, 8, "RANK is ''"),
                ([*self.of(2), "--set", "model.layers=[{embedding: 4}, mean_pool, {linear: 3}, batch_norm, {linear: 1}]"], {}, 2, "batch_norm keeps an average over all batches"),
                (self.of(2), {"BERNOULLI_SILENCE_S": "soon"}, 2, "BERNOULLI_SILENCE_S is 'soon'"),
                (["sweep", "config.yaml", "training.seed=1,2"], {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}, 2, "WORLD_SIZE is 2")):
            result = run(self.fresh(), words, extra, shim=False)
            self.assertEqual(result.code, code, result)
            self.assertIn(expected, result.err)


if __name__ == "__main__":
    main()
