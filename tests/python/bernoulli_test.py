"""The package for Python against `bernoulli predict`, bit for bit, and what it refuses."""
import copy
import ctypes
import itertools
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import tracemalloc
import types
import unittest
import zipfile

import bernoulli
from models import KINDS, Models, call, predicted, row

NASTY = [b"", b" ", b"a fine film", b"a dull film \0 number 3", b"\0", b"fine\xff\xfe dull \xc3", "größe ﬁlm \U0001f600".encode(),
         b"fine " * 200_000, b"x" * 1_000_000, b"number 7"]
TOPICS = [" ".join(words).encode() for count in (1, 2, 3)
          for words in itertools.combinations("the team won how tall it is and vote nothing here".split(), count)]
MANY = [f"a {('fine', 'dull')[i % 2]} film number {i % 97} so {i}".encode() for i in range(10_000)]


def plain(answers):
    """Lists, also of an array of NumPy."""
    return answers.tolist() if hasattr(answers, "tolist") else answers


class ModelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = Models()
        cls.addClassCleanup(cls.models.close)


class Answers(ModelTest):
    def compare(self, kind, texts):
        records = predicted(self.models.file(kind), texts)
        with bernoulli.Classifier(self.models.file(kind)) as model:
            self.assertEqual(plain(model.probabilities(texts)), [row(record, "probability") for record in records], kind)
            self.assertEqual(plain(model.logits(texts)), [row(record, "logit") for record in records], kind)
            decisions = plain(model.decide(texts))
        for record, decided in zip(records, decisions):
            if model.kind == "binary":
                self.assertEqual(model.labels[decided[0]], record["label"])
            else:
                self.assertEqual([label for label, is_one in zip(model.labels, decided) if is_one], record["labels"])

    def test_are_those_of_predict_for_every_kind_of_model(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.compare(kind, NASTY + TOPICS + MANY[:200])

    def test_decisions_know_the_threshold_of_each_label(self):
        with bernoulli.Classifier(self.models.file("multi_label")) as model:
            answers, decisions = plain(model.probabilities(TOPICS)), plain(model.decide(TOPICS))
            expected = [[value > threshold for value, threshold in zip(values, model.thresholds)] for values in answers]
            self.assertEqual(decisions, expected)
            for shared in model.thresholds:
                self.assertNotEqual([[value > shared for value in values] for values in answers], expected, "no text tells them apart")

    def test_of_many_texts_are_those_of_predict(self):
        for kind in ("pooled", "multi_label"):
            self.compare(kind, MANY)

    def test_do_not_depend_on_threads(self):
        for kind in ("pooled", "conv1d"):  # of which each text is a loan from the handle's memory
            with bernoulli.Classifier(self.models.file(kind)) as alone, bernoulli.Classifier(self.models.file(kind), threads=8) as shared:
                self.assertEqual(plain(alone.logits(MANY)) * 5, plain(shared.logits(MANY * 5)))

    def test_of_a_run_folder_are_those_of_its_file(self):
        with bernoulli.Classifier(self.models.run("pooled")) as run, bernoulli.Classifier(self.models.file("pooled")) as file:
            self.assertEqual(plain(run.probabilities(NASTY)), plain(file.probabilities(NASTY)))

    def test_of_a_string_are_those_of_its_utf8(self):
        with bernoulli.Classifier(self.models.file("pooled")) as model:
            raw = b"fine\xff dull \xc3\xa9"
            strings = ["größe ﬁlm", "line\nend", raw.decode("utf-8", "surrogateescape")]
            self.assertEqual(plain(model.logits(strings)), plain(model.logits(["größe ﬁlm".encode(), b"line\nend", raw])))

    def test_of_no_text_are_none(self):
        with bernoulli.Classifier(self.models.file("multi_label")) as model:
            for answers in (model.probabilities([]), model.logits(iter(())), model.decide(())):
                self.assertEqual(len(answers), 0)
                self.assertEqual(getattr(answers, "shape", (0, 3)), (0, 3))

    def test_are_arrays_where_numpy_is_and_lists_where_it_is_not(self):
        with bernoulli.Classifier(self.models.file("multi_label")) as model:
            answers, decisions = model.probabilities(["a", "b"]), model.decide(["a", "b"])
        try:
            import numpy
        except ImportError:
            self.assertEqual([[type(value) for value in values] for values in answers], [[float] * 3] * 2)
            self.assertEqual([[type(value) for value in values] for values in decisions], [[bool] * 3] * 2)
            return
        self.assertEqual((answers.shape, answers.dtype), ((2, 3), numpy.float32))
        self.assertEqual((decisions.shape, decisions.dtype), ((2, 3), numpy.bool_))
        self.assertTrue(answers.flags.writeable)

    def test_of_subclasses_are_those_of_what_they_hold(self):
        class Bytes(bytes):
            def __len__(self):
                return 10**9

        class Words(str):
            def encode(self, *_):
                return "other"

        with bernoulli.Classifier(self.models.file("pooled")) as model:
            expected = plain(model.logits([b"a fine film"]))
            for text in (Bytes(b"a fine film"), Words("a fine film")):
                self.assertEqual(plain(model.logits([text])), expected)
            self.assertEqual(model.explain(Bytes(b"a fine film")), model.explain(b"a fine film"))

    def test_of_a_generator_need_no_memory_for_all_texts(self):
        with bernoulli.Classifier(self.models.file("pooled")) as model:
            tracemalloc.start()
            answers = model.probabilities(b"fine " * 20_000 for _ in range(1500))  # 150 MB
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            self.assertEqual(len(answers), 1500)
            self.assertLess(peak, 40e6)

    def test_come_of_many_threads_that_share_a_model(self):
        for kind in ("pooled", "head", "lstm"):
            with bernoulli.Classifier(self.models.file(kind)) as model:
                expected = plain(model.logits(MANY[:300]))
                wrong = []

                def work(seed, model=model, expected=expected, wrong=wrong):
                    for turn in range(200):
                        i = (seed * 37 + turn * 11) % 290
                        size = 1 + turn % 7
                        if plain(model.logits(MANY[i:i + size])) != expected[i:i + size]:
                            wrong.append(i)

                threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self.assertEqual(wrong, [])

    def test_of_a_copy_are_those_of_its_original(self):
        with bernoulli.Classifier(os.path.relpath(self.models.file("pooled")), threads=2) as model:
            expected, packed = plain(model.logits(TOPICS)), pickle.dumps(model)
            for twin in (copy.copy(model), copy.deepcopy(model)):
                twin.close()
                self.assertEqual(plain(model.logits(TOPICS)), expected)
        elsewhere = subprocess.run(
            [sys.executable, "-c", "import json, os, pickle, sys; os.chdir('/')\n"
             "answers = pickle.load(sys.stdin.buffer).logits(eval(sys.argv[1]))\n"
             "print(json.dumps([[float(value) for value in row] for row in answers]))", repr(TOPICS)],
            input=packed, stdout=subprocess.PIPE, check=True)
        self.assertEqual(json.loads(elsewhere.stdout), expected)
        with self.assertRaisesRegex(bernoulli.UsageError, "the classifier is closed"):
            pickle.dumps(model)

    def test_come_of_a_child_that_was_forked_behind_the_opening(self):
        with bernoulli.Classifier(self.models.file("lstm"), threads=2) as model:
            expected = plain(model.logits(MANY[:50]))
            child = os.fork()
            if child == 0:
                os._exit(0 if plain(model.logits(MANY[:50])) == expected else 1)
            self.assertEqual(os.waitpid(child, 0)[1], 0)


class Facts(ModelTest):
    def test_of_a_binary_model(self):
        with bernoulli.Classifier(self.models.file("pooled")) as model:
            self.assertEqual((model.kind, model.labels, model.thresholds), ("binary", ("bad", "good"), (0.5,)))

    def test_of_a_multi_label_model(self):
        summary = json.loads((self.models.run("multi_label") / "summary.json").read_text())
        with bernoulli.Classifier(self.models.file("multi_label")) as model:
            self.assertEqual((model.kind, model.labels), ("multi_label", ("sport", "größe", "politics")))
            self.assertEqual(list(model.thresholds), summary["thresholds"])
            self.assertNotEqual(set(model.thresholds), {0.5}, "nothing was fitted")

    def test_of_an_explanation_are_those_of_predict(self):
        for kind in ("pooled", "multi_label"):
            for text in (b"a fine film of unheard words", b"", b"the team \0 won"):
                record, = predicted(self.models.file(kind), [text], "--explain")
                with bernoulli.Classifier(self.models.file(kind)) as model:
                    base, tokens, shares = model.explain(text)
                tell = (lambda values: values[0]) if kind == "pooled" else list
                self.assertEqual(tell(base), record["base"])
                self.assertEqual([[token, tell(values)] for token, values in zip(tokens, shares)], record["tokens"])

    def test_of_the_version_are_those_of_the_program(self):
        self.assertEqual(call("--version").decode().split()[1], bernoulli.__version__)

    def test_a_training_that_did_not_finish_is_warned_of(self):
        unfinished = self.models.folder / "unfinished"
        shutil.copytree(self.models.run("pooled"), unfinished)
        (unfinished / "summary.json").unlink()
        with self.assertWarnsRegex(UserWarning, "the training of '.*unfinished' did not finish") as caught:
            bernoulli.Classifier(unfinished)
        self.assertEqual(caught.filename, __file__)
        code = "import sys, warnings, bernoulli; warnings.simplefilter('ignore'); bernoulli.Classifier(sys.argv[1])"
        silent = subprocess.run([sys.executable, "-c", code, unfinished], capture_output=True, check=True)
        self.assertEqual((silent.stdout, silent.stderr), (b"", b""), "a library writes nothing")


class XxHash(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def seal(path):
    """Ends a zip archive as docs/artifact.md says."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"bernoulli-xxh3-128:" + b"0" * 32
    content = path.read_bytes()[:-32]
    function = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    function.restype, function.argtypes = XxHash, [ctypes.c_char_p, ctypes.c_size_t]
    digest = function(content, len(content))
    path.write_bytes(content + f"{digest.high:016x}{digest.low:016x}".encode())


class Refusals(ModelTest):
    def refused(self, path, kind, message):
        with self.assertRaisesRegex(kind, message) as caught:
            bernoulli.Classifier(path)
        return caught.exception

    def edited(self, name, edit):
        """A sealed copy of the file in which an extra file is another one."""
        path = self.models.folder / "edited.pt"
        with zipfile.ZipFile(self.models.file("pooled")) as source, zipfile.ZipFile(path, "w") as copy:
            for entry in source.infolist():
                content = source.read(entry)
                copy.writestr(entry.filename, edit(content) if entry.filename.endswith(name) else content)
        seal(path)
        return path

    def test_of_paths(self):
        error = self.refused("/nonexistent/model.pt", bernoulli.ModelError, r"'/nonexistent/model.pt' does not exist \(expected a run folder")
        self.assertEqual(error.code, 4)
        self.refused(self.models.folder, bernoulli.ModelError, "is not a run folder: it has no config.yaml")
        error = self.refused("/dev/null", bernoulli.ReadError, "'/dev/null' is not a regular file|'/dev/null'")
        self.assertEqual(error.code, 5)
        self.assertIsInstance(error, OSError)
        with self.assertRaisesRegex(ValueError, "null byte"):
            bernoulli.Classifier("model\0.pt")
        with self.assertRaises(TypeError):
            bernoulli.Classifier(3)

    def test_of_damaged_files(self):
        content = self.models.file("pooled").read_bytes()
        path = self.models.folder / "damaged.pt"
        for damage in (content[:-1], b"", b"no archive", content[:5000] + bytes([content[5000] ^ 1]) + content[5001:], content + b"x"):
            path.write_bytes(damage)
            self.refused(path, bernoulli.ModelError, "damaged.pt'")

    def test_of_an_edited_file_that_is_sealed_again(self):
        with bernoulli.Classifier(self.edited("self_test.json", lambda content: content)) as model:  # so far all is well
            self.assertEqual(model.kind, "binary")
        path = self.edited("self_test.json", lambda content: content.replace(b'"probabilities":[[0.', b'"probabilities":[[9.'))
        self.refused(path, bernoulli.ModelError, "the self-test does not hold on the native path: text 0 has probability")

    def test_of_texts(self):
        with bernoulli.Classifier(self.models.file("pooled")) as model:
            for wrong in ("one text", b"one text"):
                with self.assertRaisesRegex(TypeError, "expected texts, got one (str|bytes); put it into a list"):
                    model.probabilities(wrong)
            frame = type("DataFrame", (list,), {"columns": ["text", "label"]})  # a loop over one of pandas gives its columns
            for wrong in ({"text": ["a"]}, types.MappingProxyType({"text": ["a"]}), frame(["text", "label"])):
                with self.assertRaisesRegex(TypeError, r"expected texts, got a (dict|mappingproxy|DataFrame): give .* table\['text'\]"):
                    model.probabilities(wrong)
            for wrong in (3, None, bytearray(b"x"), ["nested"]):
                with self.assertRaisesRegex(TypeError, "text 1 is of type .*, expected str or bytes"):
                    model.probabilities(["a", wrong])
            with self.assertRaises(TypeError):
                model.probabilities(None)
            with self.assertRaisesRegex(TypeError, "expected str or bytes"):
                model.explain(["a"])
            with self.assertRaisesRegex(ValueError, "text 4097 .*surrogates not allowed"):
                model.decide(["a"] * 4097 + ["half a pair: \ud83d"])

    def test_of_threads(self):
        for wrong in (-1, 4097, 10 ** 20):
            with self.assertRaisesRegex(bernoulli.UsageError, f"threads is {wrong}, expected 0 to 4096"):
                bernoulli.Classifier(self.models.file("pooled"), threads=wrong)
        with self.assertRaises(TypeError):
            bernoulli.Classifier(self.models.file("pooled"), threads="2")

    def test_of_a_closed_classifier(self):
        model = bernoulli.Classifier(self.models.file("pooled"))
        model.close()
        model.close()
        for ask in (model.probabilities, model.logits, model.decide):
            with self.assertRaisesRegex(bernoulli.UsageError, "the classifier is closed"):
                ask(["a"])
        with self.assertRaisesRegex(ValueError, "the classifier is closed"):
            model.explain("a")
        self.assertEqual(model.labels, ("bad", "good"))

    def test_of_a_model_that_has_no_shares(self):
        with bernoulli.Classifier(self.models.file("head")) as model:
            with self.assertRaisesRegex(bernoulli.UsageError, "^an explanation needs a model that is linear in its tokens; layer 'relu_3' is not$"):
                model.explain("a")

    def test_closing_waits_for_a_call_that_runs(self):
        model = bernoulli.Classifier(self.models.file("lstm"))
        expected = plain(model.logits([MANY[0]]))
        began = threading.Event()

        def texts():
            yield from MANY[:4096]
            began.set()
            closed.wait()
            yield MANY[0]

        closed = threading.Event()
        answers = []
        thread = threading.Thread(target=lambda: answers.extend(model.logits(texts())))
        thread.start()
        began.wait()
        model.close()
        closed.set()
        thread.join()
        self.assertEqual(plain(answers[-1:]), expected)

    def test_of_memory_that_ran_out(self):
        code = ("import resource, sys, bernoulli\n"
                "model = bernoulli.Classifier(sys.argv[1])\n"
                "text = b'fine ' * 20_000_000\n"
                "limit = int(open('/proc/self/statm').read().split()[0]) * 4096 + (50 << 20)\n"
                "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
                "try:\n    model.logits([text])\n"
                "except MemoryError as error:\n    print(type(error).__name__, error)\n"
                "print(len(model.logits(['a fine film'])))\n")
        done = subprocess.run([sys.executable, "-c", code, self.models.file("lstm")], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "OutOfMemory out of memory\n1\n"), done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
