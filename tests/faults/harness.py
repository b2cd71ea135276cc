"""What the fault tests share: a small training, the program run under the shim, and the bytes that every surviving run must end in.

Resuming is exact to the bit, so one unbroken run is the oracle for all the others. BERNOULLI_SOAK=1 asks for the long form.
"""
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["BERNOULLI_PROGRAM"]
SHIM = os.environ.get("BERNOULLI_FAULT_SHIM", "")
SOAK = os.environ.get("BERNOULLI_SOAK", "") not in ("", "0")
SEED = int(os.environ.get("BERNOULLI_FAULT_SEED", "1"))

TRAIN = ["train", "--resume", "config.yaml", "--run-dir", "out", "--device", "cpu"]

# Everything that resuming has to carry: dropout, accumulation, a schedule, early stopping, best checkpoints besides the last.
FUSED = """data:
  train: {path: reviews.csv}
  validation: {from: train, fraction: 0.25, method: stratified, seed: 1}
task: {kind: binary, positive: good}
text:
  vocabulary: {max_tokens: 100}
model:
  layers:
    - embedding: {dim: 4}
    - dropout: 0.2
    - mean_pool: {padding: exclude}
    - linear: {units: 1}
loss: {mode: bce_with_logits}
optimizer: {adam: {lr: 0.05}}
training:
  epochs: 3
  batch_size: 4
  accumulate: 2
  seed: 5
  threads: 1
  checkpoint_every_steps: 1
  keep_best: 1
  early_stopping: {patience: 2}
  schedule: {cosine: {warmup_steps: 2}}
metrics: {threshold: 0.5}
"""
# The same through autograd, with averaged weights.
REFERENCE = FUSED.replace("optimizer: {adam: {lr: 0.05}}", "optimizer: {adam: {lr: 0.05}, ema_decay: 0.9}").replace(
    "  threads: 1\n", "  threads: 1\n  engine: reference\n")


def rows(num_pairs=10):
    return "text,label\n" + "".join(
        f"a fine film number {i},good\na dull film number {i},bad\n" for i in range(num_pairs))


class Result:
    def __init__(self, code, out, err, seconds=0.0):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def __repr__(self):
        return f"exit {self.code} after {self.seconds:.2f} s\n{self.out}{self.err}"


def exit_code(status):
    """As a shell tells it: 128 + signal."""
    return os.waitstatus_to_exitcode(status) if not os.WIFSIGNALED(status) else 128 + os.WTERMSIG(status)


class Folder:
    """A place with configuration and reviews, gone at the end; in memory where there is a place for that, as fsync is then free."""

    def __init__(self, config=FUSED, reviews=None):
        memory = pathlib.Path("/dev/shm")
        self.path = pathlib.Path(tempfile.mkdtemp(
            prefix="bernoulli-faults-", dir=memory if os.access(memory, os.W_OK) else None)).resolve()
        self.out = self.path / "out"
        (self.path / "config.yaml").write_text(config)
        (self.path / "reviews.csv").write_text(rows() if reviews is None else reviews)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def clear(self):
        shutil.rmtree(self.out, ignore_errors=True)
        for name in ("report", "log"):
            (self.path / name).unlink(missing_ok=True)

    def report(self):
        """The calls that the shim hit, one a line."""
        path = self.path / "report"
        return path.read_text() if path.exists() else ""

    def checkpoints(self):
        return sorted(path.name for path in (self.out / "checkpoints").glob("*"))

    def leftovers(self):
        return [str(path) for path in self.path.rglob("*") if ".tmp-" in path.name]


def environment(extra=None, shim=True):
    values = dict(os.environ, OMP_NUM_THREADS="1")
    if shim and SHIM:
        values["LD_PRELOAD"] = SHIM
    values.update(extra or {})
    return values


def run(folder, words, extra=None, shell=None, timeout=120, shim=True, stdin=None):
    """One start of the program as a user starts it. `shell` wraps it: "ulimit -n 16; exec \"$@\""."""
    command = [PROGRAM, *words]
    if shell:
        command = ["/bin/sh", "-c", shell, "sh", *command]
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder.path, env=environment(extra, shim), timeout=timeout, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return Result(code, done.stdout, done.stderr, time.monotonic() - began)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:  # it ended just now
        pass


class Server:
    """One loaded copy of the program from which runs are forked (shim/server.cpp)."""

    def __init__(self):
        request, self._request = os.pipe()
        self._answer, answer = os.pipe()
        program = str(pathlib.Path(PROGRAM).with_name("bernoulli-torch"))
        # `bernoulli` sets the second for its other half (cli/hand_over.cpp); without it a processor may multiply otherwise.
        self._process = subprocess.Popen([program] + ["unused"] * 24, pass_fds=(request, answer), env=environment(
            {"FAULT_SERVER": f"{request},{answer}", "MKL_CBWR": "AUTO,STRICT"}))
        os.close(request)
        os.close(answer)
        self._buffer = b""

    def close(self):
        os.close(self._request)
        self._process.wait()
        os.close(self._answer)

    def run(self, folder, words=TRAIN, extra=None, kill_after=None, kill_with=signal.SIGKILL, timeout=120):
        """Runs to the end, or sends a signal after so many seconds. Whoever takes longer than timeout is killed: exit 137."""
        out, err = folder.path / "stdout", folder.path / "stderr"
        fields = [str(folder.path), str(out), str(err)] + [f"{k}={v}" for k, v in (extra or {}).items()]
        began = time.monotonic()
        os.write(self._request, ("\t".join(fields + ["--", *words]) + "\n").encode())
        pid = self._next_number()
        if kill_after is not None and not self._ends_within(kill_after):
            send(pid, kill_with)
        if not self._ends_within(timeout):
            send(pid, signal.SIGKILL)
        status = self._next_number()
        seconds = time.monotonic() - began
        return Result(exit_code(status), out.read_text(errors="replace"), err.read_text(errors="replace"), seconds)

    def _ends_within(self, seconds):
        # An answer may lie in the buffer already.
        return b"\n" in self._buffer or bool(select.select([self._answer], [], [], seconds)[0])

    def _next_number(self):
        while b"\n" not in self._buffer:
            got = os.read(self._answer, 4096)
            if not got:
                raise RuntimeError("the server ended")
            self._buffer += got
        line, self._buffer = self._buffer.split(b"\n", 1)
        return int(line)


def faults(folder, **settings):
    """The environment of the shim for this folder: faults(folder, at=3, action=errno.ENOSPC)."""
    return {"FAULT_PREFIX": str(folder.out), "FAULT_REPORT": str(folder.path / "report"),
            **{f"FAULT_{name.upper()}": str(value) for name, value in settings.items()}}


def without_times(line):
    event = json.loads(line)
    return {key: value for key, value in event.items() if key not in ("seconds", "epoch_seconds", "wall_time")}


def events_without_times(content):
    """The messages of an event file for TensorBoard without their first field, a clock reading of 8 bytes."""
    messages = []
    while content:
        length = int.from_bytes(content[:8], "little")
        message = content[12:12 + length]
        assert message[:1] == b"\x09" and len(content) >= length + 16, content
        messages.append(message[9:])
        content = content[length + 16:]
    return messages


def final_state(folder):
    """All that a finished run leaves, but for clock readings and environment.json, which names the process's own command line."""
    state = {str(path.relative_to(folder.out)): path.read_bytes()
             for path in sorted(folder.out.rglob("*")) if path.is_file() and path.name != "environment.json"}
    # the one part of the page with clock readings and the command line
    state["report.html"] = re.sub(b'<section id="environment">.*?</section>', b"", state["report.html"], flags=re.DOTALL)
    state["metrics.jsonl"] = [without_times(line) for line in state["metrics.jsonl"].splitlines()]
    events, = [name for name in state if name.startswith("events.out.tfevents.")]  # its number counts the processes
    state["events.out.tfevents"] = events_without_times(state.pop(events))
    summary = json.loads(state["summary.json"])
    for name in ("timings", "peak_memory_mib"):
        summary.pop(name)
    state["summary.json"] = summary
    return state


class FaultTest(unittest.TestCase):
    """Holds the server, the folder and the final state of an unbroken run."""
    config = FUSED

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        cls.folder = Folder(cls.config)
        cls.addClassCleanup(cls.folder.__exit__)
        cls.random = random.Random(SEED)
        whole = cls.server.run(cls.folder)
        if whole.code != 0:
            raise AssertionError(f"the sound configuration does not train: {whole}")
        cls.run_seconds = min(cls.server.run(cls.folder, extra=faults(cls.folder)).seconds for _ in range(2))
        cls.folder.clear()
        cls.server.run(cls.folder)
        cls.expected = final_state(cls.folder)

    def setUp(self):
        self.folder.clear()

    def resume_and_compare(self, what):
        """Goes on without faults: the same bytes as the run that never met one."""
        result = self.server.run(self.folder)
        self.assertEqual(result.code, 0, f"{what}: the run cannot be resumed: {result}")
        self.compare(what)
        return result

    def compare(self, what, more=lambda name: False):
        """With the bytes of the run that never met a fault. `more`: whether a file may be there besides."""
        state = final_state(self.folder)
        names = [name for name in state if name in self.expected or not more(name)]
        self.assertEqual(sorted(names), sorted(self.expected), f"{what}: other files than an unbroken run")
        for name, content in self.expected.items():
            self.assertEqual(state[name], content, f"{what}: {name} differs from that of an unbroken run")


def spread(count, num):
    """About num numbers of 1..count, the first and the last among them; all of them in the long form."""
    if SOAK or num >= count:
        return list(range(1, count + 1))
    return sorted({1 + round(i * (count - 1) / (num - 1)) for i in range(num)})


def main():
    unittest.main(verbosity=2)
