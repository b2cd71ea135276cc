"""The answers of the real server are those of predict; what it says of itself."""
import contextlib
import json
import re
import subprocess
import unittest

from serving import FOLDER, JSON, KINDS, PATIENCE, PROGRAM, TEXTS, Server, exchange, hash_of, post_bytes, predict, train_models

setUpModule = train_models


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
            self.assertEqual(info["hash"], hash_of("binary/model.pt"))
            self.assertIn(f"opened 'binary/model.pt': {info['hash']}\n", server.errors())
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
            answer = exchange(server, sent + b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertEqual(re.findall(rb"\[(\{.*\})\]", answer), [line.encode() for line in lines])
            self.assertTrue(answer.endswith(b"{\"status\":\"live\"}\n"), answer)

    def test_in_the_old_protocol_close_the_connection_unless_asked(self):
        with Server("binary") as server:
            self.assertRegex(exchange(server, b"GET /health HTTP/1.0\r\n\r\n"), rb"^HTTP/1.0 200 (.*\r\n)+\r\n\{.*\}\n$")
            kept = b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            answer = exchange(server, kept * 2 + b"GET /ready HTTP/1.0\r\n\r\n")
            self.assertEqual(answer.count(b"Connection: keep-alive\r\n"), 2)
            self.assertTrue(answer.endswith(b"{\"status\":\"ready\"}\n"), answer)

    def test_are_the_same_to_an_address_with_its_host(self):
        with Server("binary") as server:
            for target, status in (("http://a/health", 200), ("HTTPS://[::1]:8080/v2", 200), ("http://a", 404), ("http://a/", 404), ("http://a/health?x=http://b/", 400),
                                   ("http://a?/health", 404), ("ftp://a/health", 404), ("/http://a/health", 404)):
                answer = exchange(server, f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
                self.assertRegex(answer, f"^HTTP/1.1 {status} ".encode(), target)
            self.assertEqual(server.stop(), 0)
            self.assertIn('"GET HTTPS://[::1]:8080/v2" 200 ', server.errors())

    def test_end_the_connection_whichever_field_asks_for_it(self):
        with Server("binary", "--timeout", str(10 * PATIENCE)) as server:
            for fields in ("close", "a\r\nConnection: close", "close\r\nConnection: a", "keep-alive, close"):
                answer = exchange(server, f"GET /health HTTP/1.1\r\nHost: x\r\nConnection: {fields}\r\n\r\n".encode())
                self.assertIn(b"\r\nConnection: close\r\n", answer)

    def test_to_head_have_no_body(self):
        with Server("binary") as server:
            answer = exchange(server, b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertRegex(answer, rb"^HTTP/1.1 200 OK\r\n(.*\r\n)+\r\nHTTP/1.1 404 Not Found\r\n(.*\r\n)+\r\n$")
            self.assertIn(b"Content-Length: 18\r\n", answer)
            self.assertEqual(server.metric("response_bytes_total"), 0)

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
        line = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1 "POST /predict" 200 7 texts \d+ bytes [\d.]+ ms$', re.MULTILINE)
        for options, lines in (((), 1), (("--quiet",), 0)):
            with Server("binary", *options) as server:
                server.predict(TEXTS)
                self.assertEqual(server.stop(), 0)
                self.assertEqual(len(line.findall(server.errors())), lines, server.errors())
                if options:
                    self.assertEqual(server.errors(), "")

    def test_of_the_log_have_the_id_of_the_request(self):
        with Server("binary") as server:
            for value in ("a.B-9_/:", "a b", "\xe9", "x" * 129):
                server.ask("GET", "/info", headers={"X-Request-ID": value})
            exchange(server, b"GET /info HTTP/1.1\r\nHost: x\r\nX-Request-ID: 1\r\n\r\nGET /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertEqual(server.stop(), 0)
            self.assertEqual(re.findall(r'"GET /info" 200 .* ms(.*)$', server.errors(), re.MULTILINE), [" id a.B-9_/:", "", "", "", " id 1", ""])

    def test_of_the_log_are_no_probes_but_those_that_fail(self):
        with Server("binary") as server:
            for path in ("/health", "/ready", "/metrics", "/v2/health/live", "/v2/health/ready", "/v2/models/binary/ready", "/health?x", "/info"):
                server.ask("GET", path)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(re.findall(r'"GET (.*)" (\d+) ', server.errors()), [("/health?x", "400"), ("/info", "200")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
