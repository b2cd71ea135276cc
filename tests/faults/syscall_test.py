"""Every system call of a run's files fails in turn, once or from there on: the program ends with exit 5 and a message that names the
file, or goes on; nothing half-written stays; and --resume ends in the bytes of an unbroken run. Rows 28 to 30, 34 and 35."""
import errno
import re

from harness import SOAK, FaultTest, faults, main, spread

ERRNOS = ["ENOSPC", "EIO", "EROFS", "EDQUOT", "EACCES", "EMFILE", "EINTR"]
UNREMOVED = re.compile(r"\.lock|checkpoints/step-\d{9}\.safetensors")  # what a finished run may leave besides


class FailingCalls(FaultTest):
    def calls(self):
        """op and path of every call of an unbroken run; signal 0 does nothing."""
        self.folder.clear()
        result = self.server.run(self.folder, extra=faults(self.folder, at=1, forever=1, action="signal:0"))
        self.assertEqual(result.code, 0, result)
        return [line.split("\t")[1:] for line in self.folder.report().splitlines()]

    def check(self, call, name, forever):
        self.folder.clear()
        result = self.server.run(self.folder, extra=faults(self.folder, at=call, action=getattr(errno, name),
                                                           forever=int(forever)))
        what = f"{name} {'from' if forever else 'at'} call {call}, {self.folder.report().splitlines()[:1]}"
        self.assertTrue(self.folder.report(), f"{what}: the run has fewer calls")
        self.assertIn(result.code, (0, 5), f"{what}: {result}")
        if result.code == 5:
            self.assertIn("bernoulli: ", result.err, what)
            self.assertIn("out", result.err.split("bernoulli: ", 1)[1], f"{what}: no path in the message: {result}")
        if not forever or name in ("ENOSPC", "EDQUOT"):  # a disk that takes no change keeps what is on it
            self.assertEqual(self.folder.leftovers(), [], what)
        if result.code == 0:  # before --resume mends it
            self.compare(f"{what}, exit 0", more=UNREMOVED.fullmatch)
        saved = self.folder.checkpoints()
        resumed = self.resume_and_compare(what)
        self.assertNotIn("warning", resumed.err, f"{what}: a checkpoint was damaged")
        whole = [name for name in saved if ".tmp-" not in name]
        if whole and result.code == 5:
            self.assertIn(f"resuming after step {int(whole[-1][5:14])}", resumed.err, f"{what}: {whole}")

    def test_end_in_exit_5_or_success(self):
        count = len(self.calls())
        if SOAK:
            cases = [(call, name, forever) for call in range(1, count + 1) for name in ERRNOS
                     for forever in (False, True)]
        else:  # every errno and both forms, at calls all over the run
            cases = [(call, ERRNOS[i % len(ERRNOS)], i % 2 == 0) for i, call in enumerate(spread(count, 28))]
        for call, name, forever in cases:
            if not (name == "EINTR" and forever):  # an interruption has an end
                self.check(call, name, forever)
        print(f"{len(cases)} failures at {count} calls", flush=True)

    def test_of_a_resumed_run_do_not_start_it_anew(self):
        """A folder that cannot be listed is not one without checkpoints."""
        for call in range(1, 200, 1 if SOAK else 9):
            self.folder.clear()
            self.assertEqual(self.server.run(self.folder, extra=faults(self.folder, at=100, action="kill")).code, 137)
            (self.folder.path / "report").unlink()
            newest = int([name for name in self.folder.checkpoints() if ".tmp-" not in name][-1][5:14])
            result = self.server.run(self.folder, extra=faults(self.folder, at=call, action=errno.EMFILE))
            hit = self.folder.report().strip()
            if not hit:
                break
            self.assertIn(result.code, (0, 2, 4, 5, 7), f"{hit}: {result}")
            self.assertNotIn("starting from the first step", result.err, hit)
            if result.code == 0:
                self.assertIn(f"resuming after step {newest}", result.err, hit)
                self.compare(f"{hit}, exit 0", more=UNREMOVED.fullmatch)
            self.resume_and_compare(f"resumed after {hit}")

    def test_a_failed_sync_is_never_taken_for_success(self):
        syncs = [i + 1 for i, (op, _) in enumerate(self.calls()) if op == "fsync"]
        for call in syncs if SOAK else syncs[::6]:
            self.folder.clear()
            result = self.server.run(self.folder, extra=faults(self.folder, at=call, action=errno.EIO))
            self.assertEqual(result.code, 5, f"fsync {call}: {result}")
            self.assertEqual(len(self.folder.report().splitlines()), 1)
            self.resume_and_compare(f"fsync {call}")


class OddWrites(FaultTest):
    def test_short_and_interrupted_writes_give_the_same_bytes(self):
        for seed in range(1, 20 if SOAK else 3):
            self.folder.clear()
            result = self.server.run(self.folder, extra=faults(self.folder, short=seed))
            self.assertEqual(result.code, 0, result)
            self.resume_and_compare(f"short writes, seed {seed}")


class Scarcity(FaultTest):
    crashes = 0

    def refused(self, what, codes=(0, 5), **settings):
        """Whether there was anything to refuse."""
        self.folder.clear()
        result = self.server.run(self.folder, extra=faults(self.folder, **settings))
        if self.folder.report() == "":
            self.assertEqual(result.code, 0, f"{what}: {result}")
            return False
        self.crashes += result.code == 139
        self.assertIn(result.code, codes, f"{what}: {result}")
        if result.code == 0:
            self.compare(f"{what}, exit 0", more=lambda name: UNREMOVED.fullmatch(name) or ".tmp-" in name)
        if result.code == 5:
            self.assertRegex(result.err, "bernoulli: (out of memory|the system refused|cannot )", what)
        self.resume_and_compare(what)  # where a destructor found no memory a temporary file stays until here
        return True

    def test_memory_that_runs_out_costs_nothing_that_was_saved(self):
        """Calls of operator new from the program's own code; LibTorch's are its own affair. The JSON library leaves a value without
        its content where the very allocation of that content fails, and crashes when it destroys it: rare, and counted."""
        allocation, seen = 1, 0
        while self.refused(f"allocation {allocation}", codes=(0, 5, 139), new_at=allocation):
            seen += 1
            allocation = allocation + 47 if SOAK else allocation * 2 + 1
        self.assertGreater(seen, 5)
        print(f"{seen} failed allocations, the last before number {allocation}, {self.crashes} crashes", flush=True)
        self.assertLessEqual(self.crashes, 1 + seen // 50)

    def test_threads_that_do_not_start_are_no_crash(self):
        self.assertTrue(self.refused("no thread at all", thread_at=1), "the training starts no thread")
        self.assertTrue(self.refused("no second thread", thread_at=2), "the training starts one thread only")


if __name__ == "__main__":
    main()
