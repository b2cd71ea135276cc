"""Serves a repository of `export --format triton` with a Triton server, and compares its answers with those of `bernoulli predict`.

usage: triton_server.py PROGRAM RUN        PROGRAM is bernoulli, RUN a run of a binary task; runs in a Python 3.11 with
       nvidia-pytriton==0.7.0 (it brings tritonserver 2.51.0), torch==2.11.0 and numpy==1.26.4

That package has no PyTorch backend. The repository is served as it was written but for one line, `platform`, in whose place the Python
backend calls the same model.pt: what is tried is config.pbtxt, labels.txt, the tensors and their shapes, not the PyTorch backend.
"""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request

TEXTS = ["A warm, funny and moving film.", "The plot is dull and the acting is worse.", "", "caf\u00e9 \u2603"]
PORTS = {"http": 18123, "grpc": 18124, "metrics": 18125}
MODEL = """
import sys
sys.path[:0] = {path!r}
import os
import torch
import triton_python_backend_utils as triton

class TritonPythonModel:
    def initialize(self, args):
        self.model = torch.jit.load(os.path.join(args["model_repository"], args["model_version"], "model.pt"))

    def execute(self, requests):
        texts = [triton.get_input_tensor_by_name(request, "INPUT__0").as_numpy() for request in requests]
        answers = [self.model([text.decode() for text in of_request]).numpy() for of_request in texts]
        return [triton.InferenceResponse([triton.Tensor("OUTPUT__0", answer)]) for answer in answers]
"""


def start(folder, repository):
    package = pathlib.Path(importlib.util.find_spec("pytriton").origin).parent
    libraries = package.parent / "nvidia_pytriton.libs"
    backends = pathlib.Path(folder, "backends")
    (backends / "python").mkdir(parents=True)
    for source in [*(package / "tritonserver/backends/python").glob("*.*"),
                   package / f"tritonserver/python_backend_stubs/3.{sys.version_info.minor}/triton_python_backend_stub"]:
        copy = backends / "python" / source.name
        copy.write_bytes(source.read_bytes())
        copy.chmod(0o755)
    server = package / "tritonserver/bin/tritonserver"
    server.chmod(0o755)
    environment = dict(os.environ, LD_LIBRARY_PATH=f"{libraries}:{sysconfig.get_config_var('LIBDIR')}")
    return subprocess.Popen([server, "--model-repository", repository, "--backend-directory", backends,
                             *(word for name, port in PORTS.items() for word in (f"--{name}-port", str(port)))], env=environment)


def ask(path, body=None):
    request = urllib.request.Request(f"http://localhost:{PORTS['http']}/v2/{path}", body and json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def wait_until_ready(server):
    for _ in range(120):
        time.sleep(0.5)
        assert server.poll() is None, "the server ended: see above"
        try:
            return ask("health/ready")
        except OSError:
            pass
    raise TimeoutError("the server is not ready after a minute")


def infer(name, texts, **output):
    answer = json.loads(ask(f"models/{name}/infer", {
        "inputs": [{"name": "INPUT__0", "datatype": "BYTES", "shape": [len(texts)], "data": texts}],
        "outputs": [{"name": "OUTPUT__0", "parameters": output}]}))
    return answer["outputs"][0]


def main(program, run):
    with tempfile.TemporaryDirectory() as folder:
        repository = pathlib.Path(folder, "repository")
        subprocess.run([program, "export", run, "--format", "triton", "--output", repository], check=True)
        model = next(repository.iterdir())
        config = (model / "config.pbtxt").read_text()
        assert config.count('platform: "pytorch_libtorch"') == 1
        (model / "config.pbtxt").write_text(config.replace('platform: "pytorch_libtorch"', 'backend: "python"'))
        (model / "1" / "model.py").write_text(MODEL.format(path=sys.path[1:]))
        lines = subprocess.run([program, "predict", run, "-"], check=True, stdout=subprocess.PIPE, input="\n".join([*TEXTS, ""]).encode())
        expected = [json.loads(line) for line in lines.stdout.splitlines()]
        server = start(folder, repository)
        try:
            wait_until_ready(server)
            answer = infer(model.name, TEXTS)
            assert answer["shape"] == [len(TEXTS), 1], answer
            largest = max(abs(got - of["probability"]) for got, of in zip(answer["data"], expected, strict=True))
            assert largest <= 1e-6, largest
            assert infer(model.name, [])["shape"] == [0, 1]
            label = infer(model.name, TEXTS[:1], classification=1)["data"][0].split(":")[2]
            assert label == (model / "labels.txt").read_text().splitlines()[0], label
        finally:
            server.terminate()
            server.wait()
    print(f"{len(TEXTS)} texts: largest difference in probability {largest:.1e}; no text: no answer; class of output 0: {label}")


if __name__ == "__main__":
    main(*sys.argv[1:])
