"""libbernoulli_infer.so by ctypes: where it is, what its functions take, and its errors as exceptions."""
import ctypes
import os
import pathlib
from typing import Optional

_API_VERSION = 1  # the functions below; a later library has them, too


class Error(Exception):
    """What the library refuses. The message says what, where, what was got and expected, and what to do."""

    code = 1  #: the exit code that the program `bernoulli` has for it


class InternalError(Error, RuntimeError):
    """A bug of ours: please report it."""


class UsageError(Error, ValueError):
    """An argument, or a model that cannot do what is asked."""

    code = 2


class DataError(Error, ValueError):
    """A text that no model takes."""

    code = 3


class ModelError(Error):
    """There is no model at the path, or a damaged one, or one that only LibTorch runs."""

    code = 4


class ReadError(Error, OSError):
    """The system refused to read."""

    code = 5


class OutOfMemory(Error, MemoryError):
    """Memory ran out. The classifier answers again as soon as there is some."""

    code = 5


_EXCEPTIONS = {1: InternalError, 2: UsageError, 3: DataError, 4: ModelError, 5: ReadError, 12: OutOfMemory}


class ErrorBuffer(ctypes.Structure):
    """bernoulli_error of the C interface."""

    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char * 2044)]

    def exception(self) -> Error:
        return _EXCEPTIONS.get(self.code, InternalError)(self.message.decode("utf-8", "replace"))


def _path() -> pathlib.Path:
    named = os.environ.get("BERNOULLI_LIBRARY")
    return pathlib.Path(named) if named else pathlib.Path(__file__).resolve().parent / "libbernoulli_infer.so"


def _declare(library: ctypes.CDLL) -> None:
    handle, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    of_texts = [handle, ctypes.c_void_p, ctypes.c_void_p, size, ctypes.c_int, ctypes.c_void_p, size, ctypes.c_void_p]
    length = ctypes.POINTER(size)
    numbers = ctypes.POINTER(ctypes.c_double)
    for name, result, arguments in (
            ("version", text, []),
            ("open", ctypes.c_int, [text, ctypes.POINTER(handle), ctypes.c_void_p]),
            ("close", None, [handle]),
            ("task", ctypes.c_int, [handle]),
            ("num_outputs", size, [handle]),
            ("num_labels", size, [handle]),
            ("label", ctypes.c_void_p, [handle, size, length]),
            ("threshold", ctypes.c_double, [handle, size]),
            ("warning", text, [handle]),
            ("logits", ctypes.c_int, of_texts),
            ("probabilities", ctypes.c_int, of_texts),
            ("decisions", ctypes.c_int, of_texts),
            ("explain", ctypes.c_int, [handle, text, size, ctypes.POINTER(handle), ctypes.c_void_p]),
            ("explanation_free", None, [handle]),
            ("explanation_num_tokens", size, [handle]),
            ("explanation_token", ctypes.c_void_p, [handle, size, length]),
            ("explanation_base", numbers, [handle]),
            ("explanation_shares", numbers, [handle])):
        function = getattr(library, "bernoulli_" + name)
        function.restype = result
        function.argtypes = arguments


def _load() -> ctypes.CDLL:
    path = _path()
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"the library of bernoulli cannot be loaded: {error}; install the wheel that ./dev wheel makes, or name "
                          "libbernoulli_infer.so in BERNOULLI_LIBRARY") from error
    try:
        version = library.bernoulli_api_version()
    except AttributeError as error:
        raise ImportError(f"'{path}' is not the library of bernoulli: it has no bernoulli_api_version") from error
    if version < _API_VERSION:
        raise ImportError(f"'{path}' has version {version} of the C interface, expected {_API_VERSION} or later; "
                          "install package and library together")
    _declare(library)
    return library


LIBRARY = _load()
VERSION: str = LIBRARY.bernoulli_version().decode()


def bytes_at(address: Optional[int], length: ctypes.c_size_t) -> bytes:
    return ctypes.string_at(address, length.value) if address else b""
