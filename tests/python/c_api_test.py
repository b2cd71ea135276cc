"""The border of the C interface, as another language meets it: what it shows of itself, and wrong arguments."""
import ctypes
import mmap
import os
import re
import subprocess
import unittest

from models import KINDS, Models

LIBRARY = os.environ["BERNOULLI_LIBRARY"]
OK, USAGE, DATA, MODEL, IO = 0, 2, 3, 4, 5
BINARY, MULTI_LABEL = 1, 2


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char * 2044)]


class Border(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = Models()
        cls.addClassCleanup(cls.models.close)
        cls.library = ctypes.CDLL(LIBRARY)
        cls.library.bernoulli_threshold.restype = ctypes.c_double
        for name in ("num_outputs", "num_labels", "explanation_num_tokens"):
            getattr(cls.library, f"bernoulli_{name}").restype = ctypes.c_size_t
        for name in ("label", "warning", "version", "explanation_token"):
            getattr(cls.library, f"bernoulli_{name}").restype = ctypes.c_char_p
        for name in ("explanation_base", "explanation_shares"):
            getattr(cls.library, f"bernoulli_{name}").restype = ctypes.POINTER(ctypes.c_double)

    def opened(self, kind="multi_label"):
        model = ctypes.c_void_p()
        self.assertEqual(self.library.bernoulli_open(os.fsencode(self.models.file(kind)), ctypes.byref(model), None), OK)
        self.addCleanup(self.library.bernoulli_close, model)
        return model

    def ask(self, model, texts, lengths, count, threads=1, size=None, function="probabilities", out=True):
        """The code, the error and the answers."""
        size = count * 3 if size is None else size
        answers = (ctypes.c_ubyte if function == "decisions" else ctypes.c_float)
        answers = (answers * max(size, 1))()
        error = Error(99, b"untouched")
        code = getattr(self.library, f"bernoulli_{function}")(
            model, texts, lengths, ctypes.c_size_t(count), threads, answers if out else None, ctypes.c_size_t(size), ctypes.byref(error))
        return code, error, list(answers)

    def refused(self, message, *arguments, **settings):
        code, error, _ = self.ask(*arguments, **settings)
        self.assertEqual((code, error.code), (USAGE, USAGE))
        self.assertRegex(error.message.decode(), message)

    def test_shows_its_functions_and_nothing_else(self):
        lines = subprocess.run(["nm", "--dynamic", "--defined-only", LIBRARY], check=True, capture_output=True, text=True).stdout.splitlines()
        names = {line.split()[-1].split("@")[0] for line in lines if " A " not in line}
        with open(f"{os.path.dirname(__file__)}/../../src/c_api/bernoulli.h", encoding="utf-8") as header:
            declared = set(re.findall(r"BERNOULLI_API [^;]*?(bernoulli_\w+)\(", header.read()))
        self.assertEqual(names, declared)
        self.assertGreater(len(names), 15)

    def test_needs_the_system_alone(self):
        facts = subprocess.run(["readelf", "--wide", "--dynamic", LIBRARY], check=True, capture_output=True, text=True).stdout
        self.assertEqual(set(re.findall(r"\(NEEDED\).*\[(.*)\]", facts)) - {"ld-linux-x86-64.so.2"}, {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libz.so.1"})
        self.assertIn("[libbernoulli_infer.so.1]", facts)
        self.assertNotIn("TEXTREL", facts)

    def test_has_the_version_of_its_header(self):
        self.assertEqual(self.library.bernoulli_api_version(), 1)

    def test_takes_lengths_or_texts_that_end_in_nul(self):
        model = self.opened()
        texts = (ctypes.c_char_p * 3)(b"the team\0 won", None, b"the vote")
        code, error, with_lengths = self.ask(model, texts, (ctypes.c_size_t * 3)(8, 0, 8), 3)
        self.assertEqual((code, error.code, error.message), (OK, 99, b"untouched"))
        self.assertEqual(self.ask(model, texts, None, 3)[2], with_lengths)
        whole = self.ask(model, texts, (ctypes.c_size_t * 3)(13, 0, 8), 3)[2]
        self.assertNotEqual(whole[:3], with_lengths[:3])
        self.assertEqual(whole[3:], with_lengths[3:])

    def test_refuses_wrong_arguments(self):
        model = self.opened()
        texts, lengths = (ctypes.c_char_p * 2)(b"the team", b"won"), (ctypes.c_size_t * 2)(8, 3)
        self.assertEqual(self.ask(model, texts, lengths, 2)[0], OK)
        for function in ("probabilities", "logits", "decisions"):
            self.refused("^the classifier is NULL", None, texts, lengths, 2, function=function)
            self.refused("^the texts are NULL", model, None, lengths, 2, function=function)
            self.refused("^the room for the answers is NULL", model, texts, lengths, 2, out=False, function=function)
            for size in (5, 7, 0):
                self.refused(f"^room for {size} answers, expected that for 2 texts with 3 each$", model, texts, lengths, 2, size=size, function=function)
            self.refused("^room for 3 answers, expected that for 6148914691236517206 texts", model, texts, lengths, 2 ** 64 // 3 + 1, size=3,
                         function=function)
            for threads in (-1, 4097):
                self.refused(f"^threads is {threads}, expected 0 to 4096$", model, texts, lengths, 2, threads=threads, function=function)
            self.refused("^text 1 is NULL, of 3 bytes$", model, (ctypes.c_char_p * 2)(b"", None), (ctypes.c_size_t * 2)(0, 3), 2, function=function)
            self.assertEqual(self.ask(model, None, None, 0, out=False, function=function)[0], OK)

    def test_refuses_a_text_of_4_gib(self):
        size = 1 << 32
        with mmap.mmap(-1, size) as pages:  # none of which is there until it is read
            first = ctypes.c_char.from_buffer(pages)
            code, error, _ = self.ask(self.opened(), (ctypes.c_void_p * 1)(ctypes.addressof(first)), (ctypes.c_size_t * 1)(size), 1)
            del first
        self.assertEqual((code, error.code), (DATA, DATA))
        self.assertRegex(error.message.decode(), f"a text of {size} bytes; texts of 4 GiB or more")

    def test_does_without_room_for_an_error(self):
        self.assertEqual(self.library.bernoulli_logits(None, None, None, ctypes.c_size_t(0), 1, None, ctypes.c_size_t(0), None), USAGE)

    def test_opens_nothing_where_there_is_nothing_to_open(self):
        model, error = ctypes.c_void_p(1), Error()
        self.assertEqual(self.library.bernoulli_open(None, ctypes.byref(model), ctypes.byref(error)), USAGE)
        self.assertEqual((model.value, error.message[:16]), (None, b"the path is NULL"))
        self.assertEqual(self.library.bernoulli_open(b"/", None, ctypes.byref(error)), USAGE)
        model = ctypes.c_void_p(1)
        self.assertEqual(self.library.bernoulli_open(b"/none", ctypes.byref(model), ctypes.byref(error)), MODEL)
        self.assertEqual((model.value, error.code), (None, MODEL))
        self.library.bernoulli_close(None)

    def test_cuts_a_message_between_two_characters(self):
        for shift in range(2):
            error = Error()
            path = "/" + "a" * shift + "ß" * 1500
            self.assertEqual(self.library.bernoulli_open(path.encode(), ctypes.byref(ctypes.c_void_p()), ctypes.byref(error)), IO)
            self.assertEqual(error.message.decode(), f"cannot look for '{path}"[:len(error.message.decode())])
            self.assertIn(len(error.message), (2042, 2043))

    def test_tells_facts_and_answers_questions_for_what_is_not_there(self):
        model, length = self.opened(), ctypes.c_size_t(77)
        self.assertEqual((self.library.bernoulli_task(model), self.library.bernoulli_task(None)), (MULTI_LABEL, 0))
        self.assertEqual(self.library.bernoulli_task(self.opened("pooled")), BINARY)
        self.assertEqual((self.library.bernoulli_num_outputs(model), self.library.bernoulli_num_labels(model)), (3, 3))
        self.assertEqual((self.library.bernoulli_num_outputs(None), self.library.bernoulli_num_labels(None)), (0, 0))
        self.assertEqual(self.library.bernoulli_label(model, ctypes.c_size_t(1), ctypes.byref(length)).decode(), "größe")
        self.assertEqual(length.value, 7)
        for where, number in ((model, 3), (None, 0)):
            self.assertIsNone(self.library.bernoulli_label(where, ctypes.c_size_t(number), None))
            self.assertNotEqual(self.library.bernoulli_threshold(where, ctypes.c_size_t(number)), self.library.bernoulli_threshold(where, ctypes.c_size_t(number)))
        self.assertIsNone(self.library.bernoulli_warning(model))
        self.assertIsNone(self.library.bernoulli_warning(None))

    def test_answers_whichever_allocation_fails(self):
        for kind in KINDS:
            done = subprocess.run([os.environ["BERNOULLI_REFUSED_MEMORY"], self.models.file(kind)], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), kind)
            self.assertGreater(int(done.stdout.split()[0]), 10)

    def test_explains(self):
        model, found, error = self.opened(), ctypes.c_void_p(1), Error()
        text = b"the \0 team"
        self.assertEqual(self.library.bernoulli_explain(model, text, ctypes.c_size_t(len(text)), ctypes.byref(found), None), OK)
        count = self.library.bernoulli_explanation_num_tokens(found)
        tokens = [self.library.bernoulli_explanation_token(found, ctypes.c_size_t(i), None) for i in range(count + 1)]
        self.assertEqual(tokens[-1], None)
        self.assertEqual((tokens[0], tokens[-2]), (b"the", b"team"))
        base, shares = self.library.bernoulli_explanation_base(found)[:3], self.library.bernoulli_explanation_shares(found)[:3 * count]
        pointer = (ctypes.c_char_p * 1)(text)
        logits = self.ask(model, pointer, (ctypes.c_size_t * 1)(len(text)), 1, function="logits")[2]
        for label in range(3):
            self.assertAlmostEqual(logits[label], base[label] + sum(shares[label::3]), places=5)
        self.library.bernoulli_explanation_free(found)
        self.library.bernoulli_explanation_free(None)
        self.assertEqual((self.library.bernoulli_explanation_num_tokens(None), self.library.bernoulli_explanation_token(None, 0, None)), (0, None))
        self.assertEqual(self.library.bernoulli_explain(model, None, ctypes.c_size_t(3), ctypes.byref(found), ctypes.byref(error)), USAGE)
        self.assertEqual((found.value, error.message), (None, b"the text is NULL"))
        for wrong in ((None, ctypes.byref(found)), (model, None)):
            self.assertEqual(self.library.bernoulli_explain(wrong[0], text, ctypes.c_size_t(1), wrong[1], ctypes.byref(error)), USAGE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
