#!/usr/bin/env python3
"""Requests a second and latency of `bernoulli serve`, beside FastAPI on uvicorn over torch.jit.load of the same file.

    python3 -m venv ~/.cache/bernoulli/serve_peers
    ~/.cache/bernoulli/serve_peers/bin/pip install torch==2.11.0 numpy fastapi uvicorn uvloop httptools
    apt-get install wrk
    bernoulli train configs/imdb_unigram.yaml --run-dir runs/unigram
    BERNOULLI_DATA=data ~/.cache/bernoulli/serve_peers/bin/python bench/peers/serve_peers.py build/bernoulli runs/unigram/model.pt

wrk sends one review a request, another one each time, over 1 and over several connections that stay open; SECONDS (5) each. The servers take
turns, TURNS (3) of them, and both write no log. The peer is what a user would write: an async endpoint that calls the file, one thread a worker.
Printed is the median of the turns.
"""
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import single_reviews

TURNS = int(os.environ.get("TURNS", "3"))
SECONDS = int(os.environ.get("SECONDS", "5"))
CONNECTIONS = (1, 16, 64)
PORT = 18080
NUM_REVIEWS = 1000

PEER = """
import os
import torch
from fastapi import FastAPI
from pydantic import BaseModel

torch.set_num_threads(1)
model = torch.jit.load(os.environ["MODEL"])
app = FastAPI()


class Request(BaseModel):
    texts: list[str]


@app.post("/predict")
async def predict(request: Request):
    with torch.inference_mode():
        return {"probabilities": model(request.texts)[:, 0].tolist()}
"""

WRK = """
local bodies = {}
for line in io.lines("BODIES") do bodies[#bodies + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local next_one = 0
request = function()
  next_one = next_one % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[next_one])
end
"""


def ask(body):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request("POST", "/predict", body, {"Content-Type": "application/json", "Connection": "close"})
    return json.loads(connection.getresponse().read())


def probability(answer):
    return answer["probabilities"][0] if "probabilities" in answer else answer["predictions"][0]["probability"]


def wait_until_it_answers(process, body):
    while True:
        try:
            return ask(body)
        except OSError:
            if process.poll() is not None:
                sys.exit(f"a server ended with {process.returncode}")
            time.sleep(0.05)


def microseconds(text):
    match = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    if match is None:
        sys.exit(f"wrk gives a latency of '{text}'")
    number, unit = match.groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def load(script, connections):
    """(requests a second, p50, p99 in microseconds)"""
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "--timeout", "60s", "--latency", "-s", script, f"http://127.0.0.1:{PORT}/predict"],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), microseconds(re.search(r"50%\s+(\S+)", out)[1]),
            microseconds(re.search(r"99%\s+(\S+)", out)[1]))


def main(program, model):
    with tempfile.TemporaryDirectory(prefix="bernoulli-serve-peers-") as folder:
        compare(program, model, pathlib.Path(folder))


def compare(program, model, folder):
    bodies = [json.dumps({"texts": [review]}) for review in single_reviews.texts()[::single_reviews.NUM_TEXTS // NUM_REVIEWS]]
    (folder / "bodies").write_text("\n".join(bodies))
    (folder / "peer.py").write_text(PEER)
    script = folder / "post.lua"
    script.write_text(WRK.replace("BODIES", str(folder / "bodies")))
    uvicorn = [sys.executable, "-m", "uvicorn", "peer:app", "--app-dir", str(folder), "--port", str(PORT), "--log-level", "warning", "--no-access-log"]
    servers = {
        "bernoulli serve": [program, "serve", model, "--port", str(PORT), "--quiet"],
        "FastAPI, 1 worker": uvicorn,
        f"FastAPI, {os.cpu_count()} workers": [*uvicorn, "--workers", str(os.cpu_count())],
    }
    results, answers = {}, {}
    for _ in range(TURNS):
        for name, command in servers.items():
            process = subprocess.Popen(command, env={**os.environ, "MODEL": model, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)
            try:
                answers[name] = probability(wait_until_it_answers(process, bodies[0]))
                for body in bodies[:200]:  # TorchScript compiles at the first calls
                    ask(body)
                for connections in CONNECTIONS:
                    print(f"{name}, {connections} connections", file=sys.stderr)
                    results.setdefault((name, connections), []).append(load(script, connections))
            finally:
                process.terminate()
                process.wait()
    if max(answers.values()) - min(answers.values()) > 1e-6:
        sys.exit(f"the servers do not answer alike: {answers}")
    print("| server | connections | requests/s | p50 | p99 |\n|---|---|---|---|---|")
    for (name, connections), turns in results.items():
        rate, p50, p99 = (statistics.median(turn[i] for turn in turns) for i in range(3))
        print(f"| {name} | {connections} | {rate:.0f} | {p50:.0f} us | {p99:.0f} us |")


if __name__ == "__main__":
    main(*sys.argv[1:])
