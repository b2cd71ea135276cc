"""What the system refuses to a server, and the signals that it sends."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import unittest

from serving import FOLDER, IS_SANITIZED, PATIENCE, PROGRAM, TEXTS, Server, hash_of, post_bytes, predict, received, train_models, wait_for

setUpModule = train_models


class TheSystem(unittest.TestCase):
    def test_runs_out_of_file_descriptors_and_recovers(self):
        with Server("binary", shell='ulimit -n 24; exec "$@"') as server:
            with contextlib.ExitStack() as stack:
                for _ in range(40):
                    stack.enter_context(server.raw())
                server.wait_for_error("cannot take a connection: Too many open files")
            self.assertEqual(server.ask("GET", "/health")[0], 200)
            self.assertEqual(server.errors().count("cannot take a connection"), 1)

    @unittest.skipIf(IS_SANITIZED, "a limit on memory")
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
                                 (("--max-texts", "0"), "--max-texts is 0"), (("--max-text-tokens", "0"), "--max-text-tokens is 0"),
                                 (("--prot", "1"), "did you mean '--port'")):
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
            wait_for(lambda: server.metric("connections") >= 2)
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_error("stopping")
            with self.assertRaises(OSError):
                server.raw()
            connection.sendall(body[-1:])
            answer = received(connection)
            self.assertRegex(answer, rb"^HTTP/1.1 200 (.*\r\n)*Connection: close\r\n")
            self.assertTrue(answer.endswith(b"]}\n"))
            self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_leave_no_request_that_was_sent_before(self):
        """The server stands still meanwhile, so that most connections wait in the system's queue."""
        with Server("binary") as server, contextlib.ExitStack() as stack:
            server.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, server.process.pid, os.WSTOPPED | os.WNOWAIT)
            clients = [stack.enter_context(server.raw()) for _ in range(50)]
            for client in clients:
                client.sendall(post_bytes(b'{"text": "a"}'))
            for number in (signal.SIGTERM, signal.SIGCONT):
                server.process.send_signal(number)
            for client in clients:
                self.assertRegex(received(client), rb"^HTTP/1.1 200 ")
            self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_let_requests_come_over_connections_that_look_idle(self):
        """Nobody reads the log, which holds up the server where it says that it stops; then they are sent."""
        request = post_bytes(b'{"text": "a"}')
        log, written = os.pipe()
        with open(log, "rb") as log, open(written, "wb", buffering=0) as written, contextlib.ExitStack() as stack, Server("binary", stderr=written) as server:
            clients = [stack.enter_context(server.raw()) for _ in range(20)]
            for client in clients:
                client.sendall(request)
                answer = b""
                while not answer.endswith(b"]}\n"):
                    answer += client.recv(65536)
            os.set_blocking(written.fileno(), False)
            for size in (4096, 1):
                while written.write(b"\n" * size) is not None:
                    pass
            os.set_blocking(written.fileno(), True)
            server.process.send_signal(signal.SIGTERM)
            with self.assertRaises(ConnectionRefusedError):
                while True:
                    server.raw().close()
            for client in clients:
                client.sendall(request)
            written.close()
            reader = threading.Thread(target=log.read)
            reader.start()
            for client in clients:
                self.assertRegex(received(client), rb"^HTTP/1.1 200 (.*\r\n)*Connection: close\r\n")
            self.assertEqual(server.process.wait(PATIENCE), 0)
            reader.join()

    def test_let_an_answer_be_taken_to_the_end_of_the_grace(self):
        """The answer is more than the system holds for a client; it is taken after what computes has been told to end."""
        body = post_bytes(json.dumps({"texts": [""] * 40000}).encode())
        with Server("several", "--grace", "2", "--max-texts", "40000") as server, server.raw() as connection:
            connection.sendall(body)
            begin = connection.recv(1000)
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_error("nearly over")
            answer = begin + received(connection)
            length = int(re.search(rb"Content-Length: (\d+)", answer)[1])
            self.assertEqual(len(answer.split(b"\r\n\r\n", 1)[1]), length)
            self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_wait_no_longer_than_the_grace(self):
        with Server("binary", "--grace", "0") as server, server.raw() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\n")
            wait_for(lambda: server.metric("connections") >= 2)
            self.assertEqual(server.stop(), 0)
            self.assertIn("ending with requests that are not answered", server.errors())

    def test_that_come_twice_end_it_at_once(self):
        with Server("binary", "--grace", str(10 * PATIENCE), "--timeout", str(10 * PATIENCE)) as server, server.raw() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\n")
            wait_for(lambda: server.metric("connections") >= 2)
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
                wait_for(lambda: server.metric("failed_reloads_total") > failed)
                self.assertEqual(server.predict(TEXTS), before)
            self.assertIn("the model stays what it was", server.errors())
            self.assertNotIn("the same model", server.errors())
            shutil.copy(FOLDER / "binary/model.pt", FOLDER / "served.pt")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_error("warning: 'served.pt' is the same model as before")
            shutil.copy(FOLDER / "sequence/model.pt", FOLDER / "new.pt")
            os.replace(FOLDER / "new.pt", FOLDER / "served.pt")
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: server.metric("reloads_total") == 2)
            self.assertEqual(server.predict(TEXTS), "{\"predictions\":[" + ",".join(predict("sequence", TEXTS)) + "]}\n")
            self.assertIn(f"opened 'served.pt' anew: {hash_of('sequence/model.pt')}, before {hash_of('binary/model.pt')}\n", server.errors())
            self.assertNotIn("in other terms", server.errors())
            self.assertEqual(server.errors().count("the same model"), 1)
            shutil.copy(FOLDER / "several/model.pt", FOLDER / "new.pt")
            os.replace(FOLDER / "new.pt", FOLDER / "served.pt")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_error("warning: the new model answers in other terms, .*: the kind is multi_label, and was binary\n")
            self.assertIn(f'hash="{hash_of("several/model.pt")}"', server.ask("GET", "/metrics")[1].decode())
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
