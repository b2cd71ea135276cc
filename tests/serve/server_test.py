"""The real `bernoulli serve` over sockets: answers, limits, hostile clients, signals. docs/serve.md is the contract."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

PROGRAM = os.environ["BERNOULLI_PROGRAM"]
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


def setUpModule():
    global FOLDER
    FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="bernoulli-serve-"))
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


class Server:
    """A server of its own port, stopped at the end. `shell` wraps it: "ulimit -n 16; exec \\"$@\\""."""

    def __init__(self, model, *options, shell='exec "$@"'):
        command = ["/bin/sh", "-c", shell, "sh", PROGRAM, "serve", str(model), "--port", "0", "--json", *options]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=self.log)
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
        self.log.seek(0)
        return self.log.read().decode()

    def wait_for_error(self, pattern):
        while not re.search(pattern, self.errors()):
            if self.process.poll() is not None:
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


class Answers(unittest.TestCase):
    def test_are_those_of_predict_to_the_bit(self):
        for kind in KINDS:
            for model in (kind, f"{kind}/model.pt"):
                with self.subTest(model=model), Server(model) as server:
                    expected = "{\"predictions\":[" + ",".join(predict(model, TEXTS)) + "]}\n"
                    self.assertEqual(server.predict(TEXTS), expected)
                    self.assertEqual([server.predict([text]) for text in TEXTS],
                                     ["{\"predictions\":[" + line + "]}\n" for line in predict(model, TEXTS)])

    def test_take_the_options_of_predict(self):
        with Server("several") as server:
            self.assertEqual(server.predict(TEXTS, top=2, threshold=0.3),
                             "{\"predictions\":[" + ",".join(predict("several", TEXTS, "--top", "2", "--threshold", "0.3")) + "]}\n")

    def test_of_the_open_inference_protocol_hold_the_same_numbers(self):
        with Server("several", "--name", "topics") as server:
            tensor = {"name": "texts", "shape": [len(TEXTS)], "datatype": "BYTES", "data": TEXTS}
            status, body = server.ask("POST", "/v2/models/topics/infer", json.dumps({"id": "1", "inputs": [tensor]}))
            self.assertEqual(status, 200, body)
            records = [json.loads(line) for line in predict("several", TEXTS)]
            outputs = {output["name"]: output for output in json.loads(body)["outputs"]}
            for name in ("probabilities", "logits"):
                self.assertEqual(outputs[name]["data"], [number for record in records for number in record[name].values()])
                self.assertEqual(outputs[name]["shape"], [len(TEXTS), 3])

    def test_say_which_model_it_is(self):
        with Server("binary/model.pt") as server:
            info = json.loads(server.ask("GET", "/info")[1])
            self.assertEqual(info["hash"], "xxh3-128:" + (FOLDER / "binary/model.pt").read_bytes()[-32:].decode())
            summary = json.loads((FOLDER / "binary/summary.json").read_text())
            self.assertEqual((info["temperatures"], info["thresholds"]), (summary["temperatures"], summary["thresholds"]))
            self.assertEqual((info["name"], info["labels"]), ("model", ["bad", "good"]))

    def test_come_in_order_over_one_connection(self):
        lines = predict("binary", TEXTS)
        with Server("binary") as server:
            with contextlib.closing(server.connect()) as connection:
                for text, line in zip(TEXTS * 20, lines * 20):
                    connection.request("POST", "/predict", json.dumps({"text": text}), JSON)
                    self.assertEqual(connection.getresponse().read().decode(), "{\"predictions\":[" + line + "]}\n")
            sent = b"".join(post_bytes(json.dumps({"text": text}).encode()) for text in TEXTS)
            answer = exchange(server, sent + b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
            self.assertEqual(re.findall(rb"\[(\{.*\})\]", answer), [line.encode() for line in lines])
            self.assertTrue(answer.endswith(b"{\"status\":\"live\"}\n"), answer)

    def test_in_the_old_protocol_close_the_connection_unless_asked(self):
        with Server("binary") as server:
            self.assertRegex(exchange(server, b"GET /health HTTP/1.0\r\n\r\n"), rb"^HTTP/1.0 200 (.*\r\n)+\r\n\{.*\}\n$")
            kept = b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            answer = exchange(server, kept * 2 + b"GET /ready HTTP/1.0\r\n\r\n")
            self.assertEqual(answer.count(b"Connection: keep-alive\r\n"), 2)
            self.assertTrue(answer.endswith(b"{\"status\":\"ready\"}\n"), answer)

    def test_to_head_have_no_body(self):
        with Server("binary") as server:
            answer = exchange(server, b"HEAD /health HTTP/1.1\r\n\r\nHEAD /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n")
            self.assertRegex(answer, rb"^HTTP/1.1 200 OK\r\n(.*\r\n)+\r\nHTTP/1.1 404 Not Found\r\n(.*\r\n)+\r\n$")
            self.assertIn(b"Content-Length: 18\r\n", answer)

    def test_reach_200_connections_at_once(self):
        expected = ["{\"predictions\":[" + line + "]}\n" for line in predict("sequence", TEXTS)]
        with Server("sequence") as server:
            with contextlib.ExitStack() as stack:
                connections = [stack.enter_context(contextlib.closing(server.connect())) for _ in range(200)]
                for turn in range(3):
                    for i, connection in enumerate(connections):
                        connection.request("POST", "/predict", json.dumps({"text": TEXTS[(i + turn) % len(TEXTS)]}), JSON)
                    for i, connection in enumerate(connections):
                        self.assertEqual(connection.getresponse().read().decode(), expected[(i + turn) % len(TEXTS)])
                self.assertEqual(server.metric("connections"), 201)

    def test_are_counted(self):
        with Server("binary") as server:
            server.predict(TEXTS)
            server.ask("GET", "/nowhere")
            server.ask("POST", "/predict", "{")
            text = server.ask("GET", "/metrics")[1].decode()
            for line in ('requests_total{endpoint="/predict",code="200"} 1', 'requests_total{endpoint="/predict",code="400"} 1',
                         'requests_total{endpoint="other",code="404"} 1', f"texts_total {len(TEXTS)}", "requests_in_flight 0",
                         'request_seconds_count{endpoint="/predict"} 2'):
                self.assertIn(f"\nbernoulli_{line}\n", text)


class HostileClients(unittest.TestCase):
    def refused(self, server, data, status):
        answer = exchange(server, data)
        self.assertRegex(answer, rb"^HTTP/1.1 %d " % status, data[:100])
        self.assertIn(b"\r\nConnection: close\r\n", answer)
        json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]

    def test_get_the_status_of_their_mistake(self):
        with Server("binary", "--max-body-bytes", "1000") as server:
            for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET /health HTTP/9.9\r\n\r\n", b"GET / x HTTP/1.1\r\n\r\n",
                         b"GET /\x00 HTTP/1.1\r\n\r\n", b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", b"GET /health HTTP/1.1\r\na b: c\r\n\r\n",
                         post_bytes(b"{}", more="Content-Length: 3\r\n"), post_bytes(b"{}", more="Transfer-Encoding: chunked\r\n"),
                         b"POST /predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /predict HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
                         b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
                self.refused(server, data, 400)
            for data in (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\na: " + b"b" * 20000 + b"\r\n\r\n",
                         b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000 + b"\r\n", b"GET / HTTP/1.1\r\na: " + b"b" * 200000):
                self.refused(server, data, 431)
            for data in (post_bytes(b"x" * 1001), b"POST /predict HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n",
                         b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"64\r\n" + b"x" * 100 + b"\r\n") * 11,
                         b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n"):
                self.refused(server, data, 413)
            self.refused(server, b"POST /predict HTTP/1.1\r\nExpect: a cake\r\nContent-Length: 2\r\n\r\n", 417)
            self.assertRegex(exchange(server, b"POST /predict HTTP/1.1\r\nConnection: close\r\n\r\n"), rb"^HTTP/1.1 411 ")
            self.assertEqual(server.ask("GET", "/health")[0], 200)

    def test_may_send_a_body_in_chunks_and_ask_before(self):
        body = json.dumps({"text": TEXTS[0]}).encode()
        expected = ("{\"predictions\":[" + predict("binary", TEXTS[:1])[0] + "]}\n").encode()
        with Server("binary") as server:
            chunks = b"".join(b"1;x=y\r\n" + body[i:i + 1] + b"\r\n" for i in range(len(body)))
            answer = exchange(server, b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks + b"0\r\n\r\n")
            self.assertTrue(answer.endswith(expected), answer)
            with server.raw() as connection:
                connection.sendall(post_bytes(body, more="Expect: 100-continue\r\nConnection: close\r\n")[:-len(body)])
                self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
                connection.sendall(body)
                self.assertTrue(received(connection).endswith(expected))

    def test_get_the_whole_refusal_while_they_send(self):
        """16 MB that nobody wants: a reset would break the sending, and most clients read no answer then."""
        with Server("binary", "--max-body-bytes", "1000") as server:
            with server.raw() as connection:
                connection.sendall(b"POST /predict HTTP/1.1\r\nContent-Length: 16000000\r\n\r\n" + b"x" * 16000000)
                self.assertRegex(received(connection), rb"^HTTP/1.1 413 (.*\r\n)+\r\n\{\"error\":.*\}\n$")

    def test_who_are_slow_are_disconnected_and_hold_up_nobody(self):
        with Server("binary", "--timeout", "1", "--threads", "1") as server, contextlib.ExitStack() as stack:
            starts = [b"", b"GET", b"POST /predict HTTP/1.1\r\nContent-Length: 9\r\n", post_bytes(b"{\"text\": 1}")[:-3]]
            slow = [stack.enter_context(server.raw()) for _ in range(100)]
            for i, connection in enumerate(slow):
                connection.sendall(starts[i % len(starts)])
            self.assertEqual(server.predict(TEXTS[:1]), "{\"predictions\":[" + predict("binary", TEXTS[:1])[0] + "]}\n")
            for connection in slow:
                self.assertEqual(received(connection), b"")
            # A byte now and then does not win time.
            with server.raw() as connection, contextlib.suppress(ConnectionError):
                for byte in b"GET /health HTTP/1.1\r\na: " + b"b" * 600:
                    connection.sendall(bytes([byte]))
                    connection.settimeout(0.1)
                    with contextlib.suppress(TimeoutError):
                        self.assertEqual(connection.recv(1), b"")
                        break
                else:
                    self.fail("60 seconds for a head")

    def test_who_do_not_take_their_answers_are_disconnected(self):
        with Server("several", "--timeout", "1") as server:
            body = json.dumps({"texts": [""] * 1000}).encode()
            with server.raw() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                with contextlib.suppress(ConnectionError, TimeoutError):
                    for _ in range(1000):
                        connection.settimeout(5)
                        connection.sendall(post_bytes(body))
                while server.metric("connections") > 1:
                    pass

    def test_who_leave_early_disturb_nobody(self):
        body = post_bytes(json.dumps({"texts": TEXTS * 20}).encode())
        with Server("sequence") as server:
            for i in range(200):
                with server.raw() as connection:
                    connection.sendall(body[:len(body) - (i % 3) * 500])
                    if i % 2:  # a reset
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            while server.metric("connections") > 1 or server.metric("requests_in_flight") > 0:
                pass
            self.assertEqual(server.ask("GET", "/health")[0], 200)
            open_files = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            self.assertLess(open_files, 30)

    def test_beyond_the_limit_are_told_so(self):
        with Server("binary", "--max-connections", "3") as server:
            with contextlib.ExitStack() as stack:
                taken = [stack.enter_context(contextlib.closing(server.connect())) for _ in range(3)]
                for connection in taken:
                    connection.request("GET", "/health")
                    self.assertEqual(connection.getresponse().read(), b"{\"status\":\"live\"}\n")
                answer = exchange(server, b"GET /health HTTP/1.1\r\n\r\n")
                self.assertRegex(answer, rb"^HTTP/1.1 503 (.*\r\n)+\r\n\{\"error\":\"3 connections are open")
                taken[0].request("GET", "/health")
                self.assertEqual(taken[0].getresponse().status, 200)
            while server.ask("GET", "/health")[0] != 200:
                pass

    def test_cannot_write_into_the_log(self):
        with Server("binary") as server:
            exchange(server, b"GET /\x7f%0aforged\xff HTTP/1.1\r\nConnection: close\r\n\r\n")
            exchange(server, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
            self.assertEqual(server.stop(), 0)
            self.assertRegex(server.errors(), r'"GET /a{195}" 404 ')
            self.assertFalse([c for c in server.errors() if ord(c) < 32 and c != "\n"])
            self.assertNotIn("\nforged", server.errors())

    def test_cannot_take_all_memory(self):
        with Server("binary", shell='ulimit -v 400000; exec "$@"') as server:
            bombs = [b"{\"texts\": " + b"[" * 4000000, b"{\"texts\": [" + b"[]," * 1300000 + b"[]]}", b"{" + b"\"a\":1," * 600000 + b"\"b\":1}",
                     b"{\"texts\": [" + b"\"\"," * 1300000 + b"\"\"]}", b"{\"text\": \"" + b"a " * 2000000 + b"\"}"]
            for bomb in bombs * 2:
                status, body = server.ask("POST", "/predict", bomb)
                self.assertIn(status, (200, 400, 413, 503), body)
            self.assertEqual(server.predict(TEXTS[:1]), "{\"predictions\":[" + predict("binary", TEXTS[:1])[0] + "]}\n")


class TheSystem(unittest.TestCase):
    def test_runs_out_of_file_descriptors_and_recovers(self):
        with Server("binary", shell='ulimit -n 24; exec "$@"') as server:
            with contextlib.ExitStack() as stack:
                for _ in range(40):
                    stack.enter_context(server.raw())
                server.wait_for_error("cannot take a connection: Too many open files")
            self.assertEqual(server.ask("GET", "/health")[0], 200)
            self.assertEqual(server.errors().count("cannot take a connection"), 1)

    def test_gives_too_few_threads_or_files(self):
        code, text = self.refusal("binary", "--port", "0", "--threads", "4096", shell='ulimit -v 1000000; exec "$@"')
        self.assertEqual(code, 5)
        self.assertIn("the system refused", text)
        for number in (5, 6, 7):
            code, text = self.refusal("binary", "--port", "0", shell=f'ulimit -n {number}; exec "$@"')
            self.assertEqual(code, 5, text)
            self.assertIn("Too many open files", text)

    def refusal(self, *options, shell='exec "$@"'):
        done = subprocess.run(["/bin/sh", "-c", shell, "sh", PROGRAM, "serve", *options], cwd=FOLDER, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_has_the_port_in_use(self):
        with Server("binary") as server:
            code, message = self.refusal("binary", "--port", str(server.port))
            self.assertEqual(code, 5)
            self.assertRegex(message, r"cannot listen on 127.0.0.1 port \d+: Address already in use; another program has the port")

    def test_refuses_the_port_or_the_address(self):
        self.assertEqual(self.refusal("binary", "--host", "192.0.2.1")[0], 5)
        for options, message in ((("--host", "localhost.example"), "--host is 'localhost.example'"), (("--port", "65536"), "--port is 65536"),
                                 (("--name", "a/b"), "--name is 'a/b'"), (("--timeout", "0"), "--timeout is 0"), (("--threads", "-1"), "--threads is -1"),
                                 (("--max-texts", "0"), "--max-texts is 0"), (("--prot", "1"), "did you mean '--port'")):
            code, text = self.refusal("binary", *options)
            self.assertEqual(code, 2, text)
            self.assertIn(message, text)
        code, text = self.refusal()
        self.assertEqual(code, 2)
        self.assertIn("name a run folder or an exported file", text)

    def test_has_no_such_model(self):
        (FOLDER / "damaged.pt").write_bytes((FOLDER / "binary/model.pt").read_bytes()[:-1] + b"x")
        for model in ("none.pt", "damaged.pt", "reviews.csv"):
            self.assertEqual(self.refusal(model)[0], 4, model)

    def test_has_closed_standard_output(self):
        self.assertEqual(self.refusal("binary", "--port", "0", shell='exec "$@" >&-')[0], 5)


class Signals(unittest.TestCase):
    def test_end_the_server_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            slow = str(10 * PATIENCE)  # so that only idle connections that are closed let it end
            with Server("binary", "--grace", slow, "--timeout", slow) as server, server.raw(), contextlib.closing(server.connect()) as idle:
                idle.request("GET", "/health")
                idle.getresponse().read()
                self.assertEqual(server.stop(number), 0, server.errors())

    def test_let_requests_under_way_be_answered(self):
        body = post_bytes(json.dumps({"text": TEXTS[0]}).encode())
        with Server("binary", "--grace", str(PATIENCE)) as server, server.raw() as connection:
            connection.sendall(body[:-1])
            while server.metric("connections") < 2:
                pass
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_error("stopping")
            with self.assertRaises(OSError):
                server.raw()
            connection.sendall(body[-1:])
            answer = received(connection)
            self.assertRegex(answer, rb"^HTTP/1.1 200 (.*\r\n)*Connection: close\r\n")
            self.assertTrue(answer.endswith(b"]}\n"))
            self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_wait_no_longer_than_the_grace(self):
        with Server("binary", "--grace", "0") as server, server.raw() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\n")
            while server.metric("connections") < 2:
                pass
            self.assertEqual(server.stop(), 0)
            self.assertIn("ending with requests that are not answered", server.errors())

    def test_that_come_twice_end_it_at_once(self):
        with Server("binary", "--grace", str(10 * PATIENCE), "--timeout", str(10 * PATIENCE)) as server, server.raw() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\n")
            while server.metric("connections") < 2:
                pass
            server.process.send_signal(signal.SIGINT)
            server.wait_for_error("stopping")
            self.assertEqual(server.stop(signal.SIGINT), 130)

    def test_open_the_model_anew(self):
        shutil.copy(FOLDER / "binary/model.pt", FOLDER / "served.pt")
        with Server("served.pt", "--reload") as server:
            before = server.predict(TEXTS)
            for content in (b"no model", (FOLDER / "sequence/model.pt").read_bytes()[:-1] + b"x"):
                (FOLDER / "new.pt").write_bytes(content)
                os.replace(FOLDER / "new.pt", FOLDER / "served.pt")
                failed = server.metric("failed_reloads_total")
                server.process.send_signal(signal.SIGHUP)
                while server.metric("failed_reloads_total") == failed:
                    pass
                self.assertEqual(server.predict(TEXTS), before)
            self.assertIn("the model stays what it was", server.errors())
            shutil.copy(FOLDER / "sequence/model.pt", FOLDER / "new.pt")
            os.replace(FOLDER / "new.pt", FOLDER / "served.pt")
            server.process.send_signal(signal.SIGHUP)
            while server.metric("reloads_total") == 0:
                pass
            self.assertEqual(server.predict(TEXTS), "{\"predictions\":[" + ",".join(predict("sequence", TEXTS)) + "]}\n")
            self.assertEqual(server.stop(), 0)

    def test_open_the_model_anew_under_load(self):
        with Server("binary", "--reload") as server:
            expected = server.predict(TEXTS)
            wrong = []

            def ask():
                try:
                    wrong.extend(answer for answer in (server.predict(TEXTS) for _ in range(50)) if answer != expected)
                except Exception as error:
                    wrong.append(error)

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                server.process.send_signal(signal.SIGHUP)
                server.ask("GET", "/health")
            self.assertEqual(wrong, [])
            self.assertEqual(server.metric("failed_reloads_total"), 0)


class Words(unittest.TestCase):
    def test_say_the_address_once_it_answers(self):
        with Server("binary", "--name", "mine") as server:
            self.assertEqual(server.hello, {"name": "mine", "url": f"http://127.0.0.1:{server.port}", "host": "127.0.0.1", "port": server.port})
            self.assertEqual(server.ask("GET", "/ready")[0], 200)
        process = subprocess.Popen([PROGRAM, "serve", "binary", "--port", "0", "--host", "::1"], cwd=FOLDER, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        with process:
            self.assertRegex(process.stdout.readline(), r"^serving binary on http://\[::1\]:\d+\n$")
            process.terminate()

    def test_of_the_log_are_a_line_a_request_and_may_be_switched_off(self):
        for options, lines in (((), 2), (("--quiet",), 0)):
            with Server("binary", *options) as server:
                server.predict(TEXTS)
                server.ask("GET", "/health")
                self.assertEqual(server.stop(), 0)
                self.assertEqual(len(re.findall(r'^127\.0\.0\.1 "(?:POST /predict" 200 7|GET /health" 200 0) texts \d+ bytes [\d.]+ ms$', server.errors(),
                                                re.MULTILINE)), lines, server.errors())
                if options:
                    self.assertEqual(server.errors(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
