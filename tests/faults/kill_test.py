"""SIGKILL at random times and at every system call of a run, then --resume, until the training is done: the bytes of a run that was
never killed; and the same of pauses. Rows 22, 23 and 43 of docs/reliability.md."""
import json
import os
import time

from harness import FUSED, REFERENCE, SOAK, TRAIN, FaultTest, faults, main, spread

NUM_KILLS = int(os.environ.get("BERNOULLI_KILLS", "1000" if SOAK else "100"))


class RandomKills(FaultTest):
    config = FUSED.replace("epochs: 3", "epochs: 12").replace("patience: 2", "patience: 9")
    num_kills = NUM_KILLS * 3 // 4

    def test_never_lose_a_run(self):
        kills = finished = 0
        began = time.monotonic()
        while kills < self.num_kills:
            # A slow disk keeps a run longer in its saves, where a kill could do harm.
            result = self.server.run(self.folder, extra=faults(self.folder, slow_ms=1),
                                     kill_after=self.random.uniform(0, 1.3) * self.run_seconds)
            if result.code == 137:
                kills += 1
                continue
            self.assertEqual(result.code, 0, f"after {kills} kills: {result}")
            self.resume_and_compare(f"after {kills} kills")
            finished += 1
            self.folder.clear()
        self.resume_and_compare("after the last kill")
        print(f"{kills} kills, {finished + 1} runs finished, {time.monotonic() - began:.1f} s", flush=True)


class RandomKillsOfTheReferenceEngine(RandomKills):
    config = REFERENCE.replace("epochs: 3", "epochs: 6").replace("patience: 2", "patience: 9")
    num_kills = NUM_KILLS - NUM_KILLS * 3 // 4


class Pauses(FaultTest):
    """--pause-after each epoch, one process each, and SIGKILL between: what is paused goes on like what is stopped."""

    def test_every_epoch_in_a_process_of_its_own(self):
        for epoch in (1, 2):
            result = self.server.run(self.folder, [*TRAIN, "--pause-after", str(epoch)])
            self.assertEqual(result.code, 0, result)
            self.assertEqual(result.out, "", "no summary is printed")
            self.assertIn(f"paused after epoch {epoch}; go on with: bernoulli train --resume --run-dir out", result.err)
            self.assertFalse((self.folder.out / "summary.json").exists())
            self.assertFalse((self.folder.out / "model.pt").exists())
            last = json.loads((self.folder.out / "metrics.jsonl").read_text().splitlines()[-1])
            self.assertEqual((last["event"], last["reason"], last["epoch"]), ("stop", "pause", epoch))
        self.resume_and_compare("after two pauses")

    def test_killed_on_the_way_to_a_pause(self):
        for i in range(40 if SOAK else 8):
            self.folder.clear()
            words = [*TRAIN, "--pause-after", str(1 + i % 3)]
            self.server.run(self.folder, words, extra=faults(self.folder, slow_ms=1), kill_after=self.random.uniform(0, 1) * self.run_seconds)
            result = self.server.run(self.folder, words)
            self.assertEqual(result.code, 0, result)
            self.assertEqual((self.folder.out / "summary.json").exists(), i % 3 == 2)
            self.resume_and_compare(f"killed before a pause, {i}")


class PausesOfTheReferenceEngine(Pauses):
    config = REFERENCE


class KillPoints(FaultTest):
    def killed_at(self, call, action):
        self.folder.clear()
        result = self.server.run(self.folder, extra=faults(self.folder, at=call, action=action))
        hit = self.folder.report().strip()
        self.assertEqual(result.code, 137 if hit else 0, f"{action} {call}: {result}")
        return hit

    def test_before_every_system_call(self):
        count = self.count_calls()
        for call in spread(count, 20):
            hit = self.killed_at(call, "kill")
            self.assertTrue(hit, call)
            self.resume_and_compare(f"killed before {hit}")

    def test_in_the_middle_of_every_write(self):
        for call in spread(self.count_calls(), 400):
            hit = self.killed_at(call, "torn") if call in self.writes else ""
            if hit:
                self.resume_and_compare(f"killed in the middle of {hit}")

    def count_calls(self):
        """Of an unbroken run, by letting the shim report every one; signal 0 does nothing."""
        self.folder.clear()
        result = self.server.run(self.folder, extra=faults(self.folder, at=1, forever=1, action="signal:0"))
        self.assertEqual(result.code, 0, result)
        calls = [line.split("\t") for line in self.folder.report().splitlines()]
        self.assertGreater(len(calls), 50)
        writes = [int(number) for number, op, _ in calls if op == "write"]
        self.writes = set(writes if SOAK else writes[::4])
        return len(calls)


if __name__ == "__main__":
    main()
