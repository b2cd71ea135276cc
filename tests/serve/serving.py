"""What the tests of the real `bernoulli serve` share: three small models and a server over sockets. docs/serve.md is the contract."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["BERNOULLI_PROGRAM"]
IS_SANITIZED = os.environ.get("BERNOULLI_SANITIZE", "") != ""  # whose memory no limit fits
FOLDER = pathlib.Path(tempfile.gettempdir()) / f"bernoulli-serve-{os.getpid()}"
PATIENCE = 60  # seconds after which something hangs; nothing is timed
TEXTS = ["a fine film", "a dull film number 3", "", "unknown words", "\u00e9t\u00e9 \U0001F600", "tab\tand\u0000zero", "a fine, fine film " * 300]
JSON = {"Content-Type": "application/json"}

CONFIG = """data:
  train: {path: %s}
  validation: {from: train, fraction: 0.25, method: random, seed: 1}
task: %s
text:
  vocabulary: {max_tokens: 100}
%s
optimizer: {adam: {lr: 0.05}}
training: {epochs: 2, batch_size: 4, seed: 5, threads: 1}
%s
"""
POOLED = "model: {layers: [{embedding: 4}, {mean_pool: {padding: exclude}}, {linear: %d}]}"
SEQUENCE = "model: {layers: [{embedding: 4}, {gru: 4}, {max_pool: {}}, {linear: 1}]}"
KINDS = {
    "binary": ("reviews.csv", "{kind: binary, positive: good}", POOLED % 1, "metrics: {temperature: min_log_loss}"),
    "several": ("articles.ft", "{kind: multi_label, labels: [news, sport, art]}", POOLED % 3, ""),
    "sequence": ("reviews.csv", "{kind: binary, positive: good}", SEQUENCE, ""),
}


def write_data(folder):
    (folder / "reviews.csv").write_text("text,label\n" + "".join(
        f"a fine film number {i},good\na dull film number {i},bad\n" for i in range(20)))
    (folder / "articles.ft").write_text("".join(
        f"__label__news __label__sport a match number {i}\n__label__art a fine painting {i}\n__label__news a vote {i}\n" for i in range(15)))


def train_models():
    """For setUpModule."""
    FOLDER.mkdir()
    unittest.addModuleCleanup(shutil.rmtree, FOLDER, ignore_errors=True)
    write_data(FOLDER)
    for name, values in KINDS.items():
        (FOLDER / f"{name}.yaml").write_text(CONFIG % values)
        subprocess.run([PROGRAM, "train", f"{name}.yaml", "--run-dir", name, "--quiet"], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)


def predict(model, texts, *options):
    """The lines that predict prints of the texts, which may hold line ends."""
    (FOLDER / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    done = subprocess.run([PROGRAM, "predict", model, "texts.jsonl", "--text-column", "text", "--quiet", *options], cwd=FOLDER, check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.decode().splitlines()


def wait_for(condition):
    """Until it holds, and no longer than PATIENCE."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"what is waited for did not come in {PATIENCE} s")
        time.sleep(0.005)


class Server:
    """A server of its own port, stopped at the end. `shell` wraps it: "ulimit -n 16; exec \\"$@\\"". `stderr` takes the log elsewhere."""

    def __init__(self, model, *options, shell='exec "$@"', stderr=None):
        command = ["/bin/sh", "-c", shell, "sh", PROGRAM, "serve", str(model), "--port", "0", "--json", *options]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=self.log if stderr is None else stderr)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"no server: exit {self.process.wait()}\n{self.errors()}")
        self.hello = json.loads(line)
        self.port = self.hello["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def errors(self):
        file = self.log.fileno()  # whose place is the server's, too: a seek would have it write over its log
        return os.pread(file, os.fstat(file).st_size, 0).decode()

    def wait_for_error(self, pattern):
        wait_for(lambda: re.search(pattern, self.errors()) or self.process.poll() is not None)
        if not re.search(pattern, self.errors()):
            raise AssertionError(f"ended without saying {pattern}: {self.errors()}")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def raw(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(self, method, path, body=None, headers=None):
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers or (JSON if body is not None else {}))
            response = connection.getresponse()
            return response.status, response.read()

    def predict(self, texts, **more):
        status, body = self.ask("POST", "/predict", json.dumps({"texts": texts, **more}))
        assert status == 200, (status, body)
        return body.decode()

    def metric(self, name):
        line, = [line for line in self.ask("GET", "/metrics")[1].decode().splitlines() if line.startswith(f"bernoulli_{name} ")]
        return float(line.split()[1])


def hash_of(file):
    """Of an exported file, as its server tells it: the digits of its seal."""
    return "xxh3-128:" + (FOLDER / file).read_bytes()[-32:].decode()


def received(connection):
    """Everything until the server closes; a reset ends it too."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            data += part
    return data


def exchange(server, data):
    with server.raw() as connection:
        connection.sendall(data)
        return received(connection)


def post_bytes(body, path="/predict", more=""):
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n").encode() + body
