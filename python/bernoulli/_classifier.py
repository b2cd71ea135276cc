"""A trained classifier of raw texts."""
import ctypes
import itertools
import math
import operator
import os
import warnings
from typing import Any, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

from ._library import LIBRARY, ErrorBuffer, UsageError, bytes_at

Text = Union[str, bytes]

try:
    import numpy
except ImportError:
    numpy = None

_MOST_THREADS = 4096
# Of a long series of texts so much is encoded and given to the library at once.
_BLOCK_TEXTS = 4096
_BLOCK_BYTES = 16 << 20


class Explanation(NamedTuple):
    """Why a text got its logits: logit[l] = base[l] + the sum over the tokens of shares[token][l]."""

    base: List[float]  #: L: the logits of an empty text
    tokens: List[str]  #: T: as the model sees them; words that it does not know as "[UNK: word]"
    shares: List[List[float]]  #: [T, L]


class _Handle:
    """An open model. It is closed when nobody has it any more: a call that runs in another thread keeps it."""

    def __init__(self, path: Union[str, bytes, "os.PathLike[Any]"]):
        self.address = 0
        name = os.fsencode(path)
        if b"\0" in name:
            raise ValueError("embedded null byte")  # as open() says
        handle, error = ctypes.c_void_p(), ErrorBuffer()
        if LIBRARY.bernoulli_open(name, ctypes.byref(handle), ctypes.byref(error)):
            raise error.exception()
        self.address = handle.value or 0

    def __reduce__(self) -> Any:
        raise TypeError("the address of a model is worth nothing elsewhere")

    def __del__(self, close: Any = LIBRARY.bernoulli_close) -> None:
        if self.address:
            close(self.address)


class Classifier:
    """A trained classifier: a run folder, or the `model.pt` of one.

    N texts, L outputs: one for a binary task, that of the positive label; else one a label. A text is `str`, which is encoded as UTF-8
    (what `surrogateescape` made of bytes becomes those bytes again), or `bytes`, taken as they are. Texts come as any iterable; one
    that is made while it is read, a generator say, is never in memory as a whole.

    Answers are [N, L]: a NumPy array where NumPy is installed, else a list of N lists. `answer[i][j]`, `len(answer)` and a loop over
    the rows mean the same in both.

    One object serves any number of threads at once. The interpreter's lock is free while the library computes.
    """

    def __init__(self, path: Union[str, bytes, "os.PathLike[Any]"], *, threads: int = 1):
        """Opens and checks a model; nothing that the file holds is run.

        path: of a run folder or an exported file.
        threads: that share the texts of a call: 1, the caller's own; 0, as many as `BERNOULLI_THREADS` says, else one a core. One is
        started for each 64 texts at most (where the model is no pooled table: for each text). Answers do not depend on it.

        Raises ModelError, ReadError or OutOfMemory; UsageError for another number of threads.
        """
        self._threads = operator.index(threads)
        if not 0 <= threads <= _MOST_THREADS:
            raise UsageError(f"threads is {threads}, expected 0 to {_MOST_THREADS}")
        self._path = os.path.abspath(os.fsencode(path))
        handle = _Handle(path)
        self._handle: Optional[_Handle] = handle
        #: "binary" or "multi_label"
        self.kind: str = {1: "binary", 2: "multi_label"}[LIBRARY.bernoulli_task(handle.address)]
        #: binary: the negative and the positive label; multi_label: L labels
        self.labels: Tuple[str, ...] = tuple(_label(handle.address, i) for i in range(LIBRARY.bernoulli_num_labels(handle.address)))
        self._width: int = LIBRARY.bernoulli_num_outputs(handle.address)
        thresholds = (LIBRARY.bernoulli_threshold(handle.address, i) for i in range(self._width))
        #: L: a probability above it is a decision for the label. Empty: the label with the highest probability is decided for
        self.thresholds: Tuple[float, ...] = tuple(threshold for threshold in thresholds if not math.isnan(threshold))
        warning = LIBRARY.bernoulli_warning(handle.address)
        if warning:
            warnings.warn(warning.decode("utf-8", "replace"), stacklevel=2)

    def probabilities(self, texts: Iterable[Text]) -> Any:
        """float32 [N, L], from 0 to 1."""
        return self._answers(LIBRARY.bernoulli_probabilities, "f", texts)

    def logits(self, texts: Iterable[Text]) -> Any:
        """float32 [N, L], before the sigmoid; scaled where that was fitted."""
        return self._answers(LIBRARY.bernoulli_logits, "f", texts)

    def decide(self, texts: Iterable[Text]) -> Any:
        """bool [N, L]: whether the probability is above the threshold of its output; without thresholds, whether it is the highest."""
        return self._answers(LIBRARY.bernoulli_decisions, "?", texts)

    def explain(self, text: Text) -> Explanation:
        """Each token's share of the logits. Raises UsageError where the model is not linear in its tokens."""
        handle, encoded = self._open(), _encoded(text)
        found, error = ctypes.c_void_p(), ErrorBuffer()
        if LIBRARY.bernoulli_explain(handle.address, encoded, len(encoded), ctypes.byref(found), ctypes.byref(error)):
            raise error.exception()
        try:
            return _explanation(found, self._width)
        finally:
            LIBRARY.bernoulli_explanation_free(found)

    def close(self) -> None:
        """Frees the model, as soon as calls in other threads have ended. To close twice is no mistake."""
        self._handle = None

    def __enter__(self) -> "Classifier":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        """A copy, also one that travels to another process, opens the path anew."""
        self._open()
        return _opened, (self._path, self._threads)

    def _open(self) -> _Handle:
        handle = self._handle  # once: another thread may close
        if handle is None:
            raise UsageError("the classifier is closed")
        return handle

    def _answers(self, function: Any, kind: str, texts: Iterable[Text]) -> Any:
        handle = self._open()
        blocks = [self._block(handle, function, kind, block) for block in _blocks(texts)]
        if len(blocks) == 1:
            return blocks[0]
        if numpy is None:
            return list(itertools.chain.from_iterable(blocks))
        return numpy.concatenate(blocks) if blocks else numpy.empty((0, self._width), kind)

    def _block(self, handle: _Handle, function: Any, kind: str, texts: List[bytes]) -> Any:
        count, size = len(texts), len(texts) * self._width
        pointers = (ctypes.c_char_p * count)(*texts)
        lengths = (ctypes.c_size_t * count)(*map(len, texts))
        answers = ((ctypes.c_float if kind == "f" else ctypes.c_bool) * size)()
        error = ErrorBuffer()
        if function(handle.address, pointers, lengths, count, self._threads, answers, size, ctypes.byref(error)):
            raise error.exception()
        if numpy is not None:
            return numpy.frombuffer(answers, kind).reshape(count, self._width)
        return [answers[begin:begin + self._width] for begin in range(0, size, self._width)]


def _opened(path: bytes, threads: int) -> Classifier:
    return Classifier(path, threads=threads)


def _encoded(text: Text, number: int = 0) -> bytes:
    if isinstance(text, bytes):
        return text if type(text) is bytes else bytes.__getitem__(text, slice(None))  # a subclass may tell another length
    if not isinstance(text, str):
        raise TypeError(f"text {number} is of type {type(text).__name__}, expected str or bytes")
    try:
        return str.encode(text, "utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(f"text {number} is no Unicode text: {error}") from None


def _blocks(texts: Iterable[Text]) -> Iterator[List[bytes]]:
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"expected texts, got one {type(texts).__name__}; put it into a list")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):  # a loop over it gives its names
        raise TypeError(f"expected texts, got a {type(texts).__name__}: give the texts of one column, such as table['text']")
    block: List[bytes] = []
    num_bytes = 0
    for number, text in enumerate(texts):
        encoded = _encoded(text, number)
        block.append(encoded)
        num_bytes += len(encoded)
        if len(block) == _BLOCK_TEXTS or num_bytes >= _BLOCK_BYTES:
            yield block
            block, num_bytes = [], 0
    if block:
        yield block


def _label(address: int, number: int) -> str:
    length = ctypes.c_size_t()
    return bytes_at(LIBRARY.bernoulli_label(address, number, ctypes.byref(length)), length).decode("utf-8", "surrogateescape")


def _explanation(found: ctypes.c_void_p, width: int) -> Explanation:
    tokens, length = [], ctypes.c_size_t()
    for number in range(LIBRARY.bernoulli_explanation_num_tokens(found)):
        address = LIBRARY.bernoulli_explanation_token(found, number, ctypes.byref(length))
        tokens.append(bytes_at(address, length).decode("utf-8", "replace"))
    base = LIBRARY.bernoulli_explanation_base(found)[:width]
    shares = LIBRARY.bernoulli_explanation_shares(found)
    return Explanation(base, tokens, [shares[begin:begin + width] for begin in range(0, len(tokens) * width, width)])
