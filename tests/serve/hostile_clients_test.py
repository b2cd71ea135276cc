"""Clients that send garbage, too much, slowly or nothing, that leave, or that do not read."""
import contextlib
import json
import os
import re
import socket
import struct
import unittest

from serving import IS_SANITIZED, TEXTS, Server, exchange, post_bytes, predict, received, train_models, wait_for

setUpModule = train_models


class HostileClients(unittest.TestCase):
    def refused(self, server, data, status):
        answer = exchange(server, data)
        self.assertRegex(answer, rb"^HTTP/1.1 %d " % status, data[:100])
        self.assertIn(b"\r\nConnection: close\r\n", answer)
        json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]

    def test_get_the_status_of_their_mistake(self):
        with Server("binary", "--max-body-bytes", "1000") as server:
            for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET /health HTTP/9.9\r\n\r\n", b"GET / x HTTP/1.1\r\nHost: x\r\n\r\n",
                         b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: x\r\na b: c\r\n\r\n",
                         post_bytes(b"{}", more="Content-Length: 3\r\n"), post_bytes(b"{}", more="Transfer-Encoding: chunked\r\n"),
                         b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
                         b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
                self.refused(server, data, 400)
            for data in (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 20000 + b"\r\n\r\n",
                         b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20000 + b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 200000):
                self.refused(server, data, 431)
            for data in (post_bytes(b"x" * 1001), b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
                         b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"64\r\n" + b"x" * 100 + b"\r\n") * 11,
                         b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n"):
                self.refused(server, data, 413)
            self.refused(server, b"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: a cake\r\nContent-Length: 2\r\n\r\n", 417)
            self.assertRegex(exchange(server, b"POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), rb"^HTTP/1.1 411 ")
            self.assertRegex(exchange(server, post_bytes(b"{\"text\": \"a\"}", more="Expect:\r\nConnection: close\r\n")), rb"^HTTP/1.1 200 ")
            self.assertEqual(server.ask("GET", "/health")[0], 200)

    def test_cannot_hide_a_request_in_a_body(self):
        """Where a body ends is said in one way that every proxy understands, or the connection ends."""
        hidden = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        codings = ("gzip", "gzip\r\nContent-Length: 2", "gzip, chunked", "identity\r\nTransfer-Encoding: chunked", "chunked, gzip", "xchunked", "chunked;a=b",
                   "chunked\r\nTransfer-Encoding: chunked", "chunked, chunked", "")
        with Server("binary") as server:
            for coding in codings:
                self.refused(server, f"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {coding}\r\n\r\n".encode() + b"0\r\n\r\n" + hidden, 400)
            old = exchange(server, b"POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n" + hidden)
            self.assertRegex(old, rb"^HTTP/1.0 400 (.*\r\n)+\r\n\{\"error\":\"HTTP/1.0 has no Transfer-Encoding.*\}\n$")
            for hosts in (b"", b"Host: x\r\nHost: y\r\n", b"Host: x\r\nhost: x\r\n", b"Host: a b/c\r\n", b"Host: http://x/\r\n", b"Host: [::1\r\n",
                          b"Host: [::1]x\r\n", b"Host: x:y\r\n", b"Host: x\xff\r\n"):
                self.refused(server, b"GET /health HTTP/1.1\r\n" + hosts + b"\r\n" + hidden, 400)
            for host in (b"", b"x-1.example:8080", b"127.0.0.1:", b"[::1]:80", b"[::ffff:127.0.0.1]"):
                self.assertRegex(exchange(server, b"GET /health HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n"), rb"^HTTP/1.1 200 ")

    def test_cannot_say_a_thing_twice(self):
        with Server("binary") as server:
            for field in ("Content-Type: text/plain", "Content-Type: application/json", "Content-Length: 2"):
                self.refused(server, post_bytes(b"{}", more=field + "\r\n"), 400)
            for field in ("Content-Encoding: identity\r\nContent-Encoding: gzip", "Expect: 100-continue\r\nExpect: a cake"):
                self.refused(server, post_bytes(b"{}", more=field + "\r\n"), 400)

    def test_add_nothing_to_a_request_by_its_trailer(self):
        body = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nd%s\r\n{\"text\": \"a\"}\r\n0\r\n%s\r\n"
        with Server("binary") as server:
            trailer = b"Content-Type: text/plain\r\nContent-Encoding: gzip\r\nConnection: close\r\n"
            answer = exchange(server, body % (b"", trailer) + b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertEqual(re.findall(rb"^HTTP/1.1 (\d+)", answer, re.MULTILINE), [b"200", b"200"], answer)
            for extension, trailer in ((b"", b"a: " + b"b" * 70000 + b"\r\n"), (b";a=" + b"b" * 70000, b"")):
                self.refused(server, body % (extension, trailer), 431)
                self.assertIn(b"extensions, or the trailer, have more than 65536 bytes", exchange(server, body % (extension, trailer)))

    def test_may_send_a_body_in_chunks_and_ask_before(self):
        body = json.dumps({"text": TEXTS[0]}).encode()
        expected = ("{\"predictions\":[" + predict("binary", TEXTS[:1])[0] + "]}\n").encode()
        with Server("binary") as server:
            chunks = b"".join(b"1;x=y\r\n" + body[i:i + 1] + b"\r\n" for i in range(len(body)))
            answer = exchange(server, b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks + b"0\r\n\r\n")
            self.assertTrue(answer.endswith(expected), answer)
            with server.raw() as connection:
                connection.sendall(post_bytes(body, more="Expect: 100-continue\r\nConnection: close\r\n")[:-len(body)])
                self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
                connection.sendall(body)
                self.assertTrue(received(connection).endswith(expected))

    def test_who_send_binary_tensors_are_told_how_to_send_texts(self):
        with Server("binary") as server:
            status, body = server.ask("POST", "/v2/models/binary/infer", b"{}", {"Inference-Header-Content-Length": "2", "Content-Type": "application/octet-stream"})
            self.assertEqual(status, 415)
            self.assertIn(b"binary_data=False", body)

    def test_are_not_asked_for_a_body_that_is_refused_by_its_head(self):
        with Server("binary") as server:
            for line, fields, status in (("POST /nowhere", "Content-Length: 2\r\n", 404), ("PUT /predict", "Content-Length: 2\r\n", 405), ("POST /predict", "", 411),
                                         ("POST /predict", "Content-Length: 2\r\nContent-Type: text/plain\r\n", 415)):
                self.refused(server, f"{line} HTTP/1.1\r\nHost: x\r\n{fields}Expect: 100-continue\r\n\r\n".encode(), status)
            self.assertEqual(server.metric('requests_total{endpoint="/predict",code="405"}'), 1)

    def test_may_send_one_empty_line_before_a_request(self):
        health = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with Server("binary") as server:
            answer = exchange(server, b"\r\n" + post_bytes(b"{\"text\": \"a\"}") + b"\r\n" + health)
            self.assertEqual(re.findall(rb"^HTTP/1.1 (\d+)", answer, re.MULTILINE), [b"200", b"200"], answer)
            self.refused(server, b"\r\n\r\n" + health, 400)
            self.refused(server, b"\n" + health, 400)
            self.refused(server, b"\r" + health, 400)
            with server.raw() as connection:
                for part in (b"\r", b"\n", health):
                    connection.sendall(part)
                    server.ask("GET", "/health")  # so that each part has come alone
                self.assertRegex(received(connection), rb"^HTTP/1.1 200 ")
            with server.raw() as connection:
                connection.sendall(b"\r")
                server.ask("GET", "/health")
                connection.sendall(health)
                self.assertRegex(received(connection), rb"^HTTP/1.1 400 ")

    def test_may_send_a_large_body_and_the_next_request_behind_it(self):
        body = json.dumps({"text": "a fine film " * 250000}).encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[i:i + 70000] for i in range(0, len(body), 70000))) + b"0\r\n\r\n"
        head = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        with Server("binary") as server:
            answer = exchange(server, (post_bytes(body) + head + chunks) * 2 + b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            predictions = re.findall(rb"\{\"predictions\":\[\{.*\}\]\}\n", answer)
            self.assertEqual((len(predictions), len(set(predictions))), (4, 1), answer)
            self.assertTrue(answer.endswith(b"{\"status\":\"live\"}\n"), answer)

    def test_get_the_whole_refusal_while_they_send(self):
        """16 MB that nobody wants: a reset would break the sending, and most clients read no answer then."""
        with Server("binary", "--max-body-bytes", "1000") as server:
            with server.raw() as connection:
                connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n" + b"x" * 16000000)
                self.assertRegex(received(connection), rb"^HTTP/1.1 413 (.*\r\n)+\r\n\{\"error\":.*\}\n$")

    def test_with_texts_of_too_many_tokens_are_refused_where_layers_keep_them(self):
        for model, code in (("sequence", 413), ("binary", 200)):
            with Server(model, "--max-text-tokens", "3") as server:
                self.assertEqual(server.ask("POST", "/predict", json.dumps({"text": "a fine film"}))[0], 200)
                status, body = server.ask("POST", "/predict", json.dumps({"text": "a fine film again"}))
                self.assertEqual(status, code, body)
                if code == 413:
                    self.assertIn(b"has 4 tokens; this server takes 3 with this model", body)

    def test_who_are_slow_are_disconnected_and_hold_up_nobody(self):
        with Server("binary", "--timeout", "1", "--threads", "1") as server, contextlib.ExitStack() as stack:
            starts = [b"", b"GET", b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n", post_bytes(b"{\"text\": 1}")[:-3]]
            slow = [stack.enter_context(server.raw()) for _ in range(100)]
            for i, connection in enumerate(slow):
                connection.sendall(starts[i % len(starts)])
            self.assertEqual(server.predict(TEXTS[:1]), "{\"predictions\":[" + predict("binary", TEXTS[:1])[0] + "]}\n")
            for connection in slow:
                self.assertEqual(received(connection), b"")
            # A byte now and then does not win time.
            with server.raw() as connection, contextlib.suppress(ConnectionError):
                for byte in b"GET /health HTTP/1.1\r\nHost: x\r\na: " + b"b" * 600:
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
                wait_for(lambda: server.metric("connections") == 1)

    def test_who_do_not_take_their_answers_cannot_take_all_memory(self):
        """The answer is more than the system holds for a client."""
        with Server("several", "--max-answer-bytes", "100000", "--max-texts", "100000") as server:
            with server.raw() as connection:
                connection.sendall(post_bytes(json.dumps({"texts": [""] * 100000}).encode()))
                wait_for(lambda: b'endpoint="/predict",code="200"' in server.ask("GET", "/metrics")[1])
                answer = exchange(server, post_bytes(b"{\"text\": \"a\"}", more="Connection: close\r\n"))
                self.assertRegex(answer[:1000], rb"^HTTP/1.1 503 (.*\r\n)*Retry-After: 1\r\n(.*\r\n)*\r\n.*that clients have not taken yet")
                self.assertEqual(server.ask("GET", "/health")[0], 200)
            wait_for(lambda: server.metric("connections") == 1)
            server.predict([""] * 1000)

    def test_who_send_slowly_cannot_take_all_memory(self):
        """What a head announces counts, and of chunks the most that they may be, until the answer."""
        body, small = json.dumps({"text": "a " * 25000}).encode(), post_bytes(b'{"text": "a"}', more="Connection: close\r\n")
        large = post_bytes(body, more="Connection: close\r\n")
        chunked = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        with Server("binary", "--max-request-bytes", "90000") as server:
            for head, rest in ((post_bytes(body, more="Expect: 100-continue\r\n")[:-len(body)], body), (chunked, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))):
                with server.raw() as slow:
                    slow.sendall(head)
                    self.assertEqual(slow.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
                    self.refused(server, large, 503)
                    self.assertRegex(exchange(server, large), rb"Retry-After: 1\r\n(.*\r\n)*\r\n.*the bodies of other requests")
                    self.refused(server, chunked, 503)
                    self.assertRegex(exchange(server, small), rb"^HTTP/1.1 200 ")
                    slow.sendall(rest)
                    self.assertRegex(slow.recv(100), rb"^HTTP/1.1 200 ")
                    self.assertRegex(exchange(server, large), rb"^HTTP/1.1 200 ")
            with server.raw() as leaving:
                leaving.sendall(head)
                self.assertEqual(leaving.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            wait_for(lambda: server.metric("connections") == 1)
            self.assertRegex(exchange(server, large), rb"^HTTP/1.1 200 ")

    def test_who_leave_early_disturb_nobody(self):
        body = post_bytes(json.dumps({"texts": TEXTS * 20}).encode())
        with Server("sequence") as server:
            for i in range(200):
                with server.raw() as connection:
                    connection.sendall(body[:len(body) - (i % 3) * 500])
                    if i % 2:  # a reset
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wait_for(lambda: server.metric("connections") == 1 and server.metric("requests_in_flight") == 0)
            self.assertEqual(server.ask("GET", "/health")[0], 200)
            open_files = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            self.assertLess(open_files, 30)

    def test_who_have_left_are_not_computed_for(self):
        """One thread, so that all but the first ones wait in line until after their clients have gone."""
        long = post_bytes(json.dumps({"texts": ["a fine film it was " * 1000] * 100}).encode())
        with Server("sequence", "--threads", "1") as server:
            for _ in range(30):
                with server.raw() as connection:
                    connection.sendall(long)
            wait_for(lambda: server.metric("connections") == 1 and server.metric("requests_in_flight") == 0)
            left = server.metric('requests_total{endpoint="/predict",code="499"}')
            self.assertGreater(left, 0)
            self.assertEqual(server.metric("texts_total"), 100 * (30 - left))
            self.assertEqual(server.metric("request_wait_seconds_count"), 30)
            server.predict(TEXTS)

    def test_who_waited_too_long_for_their_turn_are_told_so(self):
        long = post_bytes(json.dumps({"texts": ["a fine film it was " * 1000] * 250}).encode(), more="Connection: close\r\n")
        with Server("sequence", "--threads", "1", "--timeout", "1", "--max-request-bytes", "1073741824", "--max-body-bytes", "16777216") as server, contextlib.ExitStack() as stack:
            waiting = []
            for _ in range(40):
                waiting.append(stack.enter_context(server.raw()))
                waiting[-1].sendall(long)
            answers = [received(connection) for connection in waiting]
            late = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]
            self.assertGreater(len(late), 0)
            self.assertIn(b"waited 1 s for its turn", late[-1])

    def test_beyond_the_limit_are_told_so(self):
        with Server("binary", "--max-connections", "3") as server:
            with contextlib.ExitStack() as stack:
                taken = [stack.enter_context(contextlib.closing(server.connect())) for _ in range(3)]
                for connection in taken:
                    connection.request("GET", "/health")
                    self.assertEqual(connection.getresponse().read(), b"{\"status\":\"live\"}\n")
                for data in (b"GET /info HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /health?x HTTP/1.1\r\nHost: x\r\n\r\n", post_bytes(b"{\"text\": \"a\"}")):
                    self.assertRegex(exchange(server, data), rb"^HTTP/1.1 503 (.*\r\n)+\r\n\{\"error\":\"3 connections are open")
                for path in (b"/health", b"/ready", b"/metrics", b"/v2/health/live", b"/v2/health/ready", b"/v2/models/binary/ready"):
                    answer = exchange(server, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                    self.assertRegex(answer, rb"^HTTP/1.1 200 (.*\r\n)*Connection: close\r\n")
                    self.assertEqual(answer.count(b"HTTP/1.1 "), 1, "one request each")
                with server.raw() as silent:
                    self.assertEqual(received(silent), b"")
                taken[0].request("GET", "/health")
                self.assertEqual(taken[0].getresponse().status, 200)
            wait_for(lambda: server.ask("GET", "/health")[0] == 200)

    def test_cannot_write_into_the_log(self):
        with Server("binary") as server:
            exchange(server, b"GET /\x7f%0aforged\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            exchange(server, b"GET /\"\\\xc2\x9b\xe2\x80\xae\x85 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            exchange(server, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertEqual(server.stop(), 0)
            self.assertRegex(server.errors(), r'"GET /a{195}" 404 ')
            self.assertIn(r'"GET /\"\\\xc2\x9b\xe2\x80\xae\x85" 404 ', server.errors())
            self.assertFalse([c for c in server.errors() if not " " <= c <= "~" and c != "\n"])
            self.assertNotIn("\nforged", server.errors())

    @unittest.skipIf(IS_SANITIZED, "a limit on memory")
    def test_are_told_that_no_memory_is_left_for_their_body(self):
        with Server("binary", "--max-body-bytes", "1073741824", shell='ulimit -v 400000; exec "$@"') as server:
            self.refused(server, post_bytes(b"").replace(b"Content-Length: 0", b"Content-Length: 1073741823"), 503)

    @unittest.skipIf(IS_SANITIZED, "a limit on memory")
    def test_cannot_take_all_memory(self):
        with Server("binary", shell='ulimit -v 400000; exec "$@"') as server:
            bombs = [b"{\"texts\": " + b"[" * 4000000, b"{\"texts\": [" + b"[]," * 1300000 + b"[]]}", b"{" + b"\"a\":1," * 600000 + b"\"b\":1}",
                     b"{\"texts\": [" + b"\"\"," * 1300000 + b"\"\"]}", b"{\"text\": \"" + b"a " * 2000000 + b"\"}"]
            for bomb in bombs * 2:
                status, body = server.ask("POST", "/predict", bomb)
                self.assertIn(status, (200, 400, 413, 503), body)
            self.assertEqual(server.predict(TEXTS[:1]), "{\"predictions\":[" + predict("binary", TEXTS[:1])[0] + "]}\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
