"""Signals at every point of a run, streams that close, and terminals. Rows 24 to 27 of docs/reliability.md."""
import os
import pty
import signal
import subprocess
import time

from harness import PROGRAM, SOAK, TRAIN, FaultTest, environment, faults, final_state, main, run, spread

QUICK = 2.0  # seconds from a signal to the end, the promise for a small model


class Signals(FaultTest):
    def test_stop_a_run_at_any_call_of_its_files(self):
        """The calls lie in every phase: reading configuration and data, opening the folder, saving, exporting."""
        self.server.run(self.folder, extra=faults(self.folder, prefix=self.folder.path, at=1, forever=1, action="signal:0"))
        count = len(self.folder.report().splitlines())
        for i, call in enumerate(spread(count, 12)):
            number, code = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)][i % 3]
            self.folder.clear()
            result = self.server.run(self.folder, extra=faults(self.folder, prefix=self.folder.path, at=call,
                                                               action=f"signal:{int(number)}"))
            what = f"signal {number} at {self.folder.report().strip()}"
            # Behind the last look at signals there is only the summary to write: the run is then complete.
            self.assertIn(result.code, (code, 0), f"{what}: {result}")
            self.assertEqual(result.code == 0, (self.folder.out / "summary.json").exists(), f"{what}: {result}")
            self.assertLess(result.seconds, QUICK + self.run_seconds, what)
            self.assertEqual(self.folder.leftovers(), [], what)
            self.goes_on_to_the_same_model(what)

    def goes_on_to_the_same_model(self, what):
        """The log of a run that was stopped between two checkpoints has one checkpoint more; the model is the same."""
        result = self.server.run(self.folder)
        self.assertEqual(result.code, 0, f"{what}: {result}")
        state = final_state(self.folder)
        for name in ("model.pt", "summary.json", "vocabulary.txt", "checkpoints/step-000000006.safetensors"):
            self.assertEqual(state[name], self.expected[name], f"{what}: {name}")

    def test_stop_a_run_at_any_time(self):
        for number, code in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
            for _ in range(20 if SOAK else 4):
                self.folder.clear()
                result = self.server.run(self.folder, kill_after=self.random.uniform(0.2, 1) * self.run_seconds,
                                         kill_with=number)
                self.assertIn(result.code, (0, code, 128 + number), result)
                self.goes_on_to_the_same_model(f"signal {number}")

    def test_a_second_one_ends_a_save_at_once(self):
        """fsync takes 5 s: the first signal asks for a stop, the second does not wait for the disk."""
        slow = faults(self.folder, slow_ms=1, at=60, action=f"signal:{int(signal.SIGINT)}")
        self.assertEqual(self.server.run(self.folder, extra=slow).code, 130)
        before = self.folder.checkpoints()
        self.assertTrue(before)
        process = subprocess.Popen([PROGRAM, *TRAIN], cwd=self.folder.path, stderr=subprocess.PIPE,
                                   env=environment(faults(self.folder, slow_ms=5000)), text=True)
        self.wait_for(lambda: self.folder.leftovers())
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - began, QUICK)
        self.assertEqual([name for name in self.folder.checkpoints() if ".tmp-" not in name], before)
        self.goes_on_to_the_same_model("second signal")

    def wait_for(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "the program did not come so far")
            time.sleep(0.002)

    def test_none_is_lost_while_the_program_loads(self):
        """Between its start and the loaded LibTorch lies the exchange of one program for another."""
        for delay in [0.0005 * i for i in range(0, 400, 10 if SOAK else 60)]:
            self.folder.clear()
            endless = ["--set", "training.epochs=1000000", "--set", "training.early_stopping=null"]
            process = subprocess.Popen([PROGRAM, *TRAIN, *endless], cwd=self.folder.path,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(shim=False))
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
            self.assertIn(process.wait(20), (143, -signal.SIGTERM), f"after {delay} s")

    def test_a_closed_terminal_stops_a_run_and_nohup_does_not(self):
        # The program inherits what the signal does; this test may itself have been started by nohup.
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL))
        for ignored, code in [(False, 143), (True, 0)]:
            self.folder.clear()
            result = run(self.folder, TRAIN, faults(self.folder, at=40, action=f"signal:{int(signal.SIGHUP)}"),
                         shell="trap '' HUP; exec \"$@\"" if ignored else None)
            self.assertEqual(result.code, code, result)
            self.goes_on_to_the_same_model("SIGHUP")

    def test_more_hangups_do_not_end_a_save(self):
        """A shell passes the signal on and the kernel sends another: fsync takes .3 s, and the checkpoint is whole."""
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL))
        process = subprocess.Popen([PROGRAM, *TRAIN], cwd=self.folder.path, stderr=subprocess.PIPE,
                                   env=environment(faults(self.folder, slow_ms=300)), text=True)
        self.wait_for(lambda: [name for name in self.folder.checkpoints() if ".tmp-" in name])
        for _ in range(3):
            process.send_signal(signal.SIGHUP)
            time.sleep(0.05)
        err = process.communicate()[1]
        self.assertEqual(process.returncode, 143, err)
        self.assertIn("stopped; go on with", err)
        self.goes_on_to_the_same_model("hangups")

    def test_a_reader_that_leaves_does_not_end_a_training(self):
        """`train | true`: everything is written; only the printed summary finds nobody, which is exit 5."""
        result = run(self.folder, TRAIN, shell="(\"$@\"; echo \"code $?\" >&2) | true", shim=False)
        self.assertRegex(result.err, "code (0|5)")
        self.assertEqual(final_state(self.folder), self.expected)

    def test_closed_streams_are_no_files_of_the_run(self):
        """What is told reaches nobody, and no file that got the number of a standard stream."""
        for closed, code in [("<&-", 0), (">&-", 5), ("2>&-", 0), ("<&- >&- 2>&-", 5)]:
            self.folder.clear()
            result = run(self.folder, TRAIN, shell=f'exec "$@" {closed}', shim=False)
            self.assertEqual(result.code, code, (closed, result))
            self.assertEqual(final_state(self.folder), self.expected, closed)

    def test_stop_a_predict_that_waits_for_a_writer(self):
        self.assertEqual(self.server.run(self.folder).code, 0)
        pipe = self.folder.path / "pipe"
        os.mkfifo(pipe)
        self.addCleanup(pipe.unlink)
        process = subprocess.Popen([PROGRAM, "predict", self.folder.out, pipe], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=environment(shim=False), text=True)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out), (130, ""), err)

    def on_a_terminal(self, words, typed=b"", extra=None):
        """Exit code, standard output, and what the terminal shows: standard error and the echo of what is typed."""
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        process = subprocess.Popen([PROGRAM, *words], cwd=self.folder.path, stdin=terminal, stdout=subprocess.PIPE,
                                   stderr=terminal, env=environment(extra, shim=False))
        os.close(terminal)
        os.write(controller, typed)
        shown = b""
        while True:
            try:
                shown += os.read(controller, 4096)
            except OSError:  # the program has ended, and with it the last one that had the terminal open
                break
        return process.wait(20), process.communicate()[0].decode(), shown.decode()

    def test_predict_says_that_it_waits_for_a_terminal(self):
        self.assertEqual(self.server.run(self.folder).code, 0)
        hint = "reading the texts from the terminal; Ctrl-D at the start of a line ends them"
        code, out, shown = self.on_a_terminal(["predict", "out"], b"a fine film\n\x04")
        self.assertEqual((code, out.count("probability")), (0, 1), shown)
        self.assertIn(hint, shown)
        for words, typed in [(["out", "-"], b"a fine film\n\x04"), (["out", "--text", "a fine film"], b"")]:
            code, out, shown = self.on_a_terminal(["predict", *words], typed)
            self.assertEqual((code, out.count("probability")), (0, 1), shown)
            self.assertNotIn(hint, shown)
        self.assertNotIn(hint, run(self.folder, ["predict", "out"], shim=False, stdin="a fine film\n").err)

    def test_a_terminal_without_control_sequences_gets_none(self):
        for terminal, draws in [("xterm", True), ("dumb", False)]:
            self.folder.clear()
            code, _, shown = self.on_a_terminal(TRAIN, extra={"TERM": terminal})
            self.assertEqual(code, 0, shown)
            self.assertEqual("\x1b" in shown, draws, shown)

    def test_a_limit_on_processor_time_stops_a_run(self):
        result = run(self.folder, [*TRAIN, "--set", "training.epochs=100000000", "--set", "training.early_stopping=null"],
                     shell="ulimit -S -t 1; exec \"$@\"", shim=False)
        self.assertEqual(result.code, 143, result)
        self.assertTrue(self.folder.checkpoints())


if __name__ == "__main__":
    main()
