"""What can go wrong with a network, in sentences for people. It needs no torch."""

import textwrap

from viz.texts import SentenceError


class WeightsError(SentenceError, RuntimeError):
    """The weights cannot be used. The message is a sentence that says what to do.

    Attributes:
        reason: The sentence's key under "weights_error" in the catalogues.
    """

    section = "weights_error"


class NetworkError(SentenceError, ValueError):
    """A network or its picture does not fit. The message is a sentence that says what to do.

    Attributes:
        reason: The sentence's key under "network_error" in the catalogues.
    """

    section = "network_error"


# How torch and the system say that memory has run out, which only CUDA has a class of its own for.
NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "Cannot allocate memory")


def is_memory_error(error: BaseException) -> bool:
    """Whether memory has run out, on the processor's side or on an accelerator."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY)


def explain_failure(reason: str, error: BaseException, **details: object) -> NetworkError:
    """A NetworkError of what somebody's code has raised; where memory has run out, it says that instead."""
    if is_memory_error(error):
        return NetworkError("memory")
    return NetworkError(reason, error=shorten_error(error), **details)


def shorten_error(error: BaseException) -> str:
    """The first line of an error's message, cut between words where it is long."""
    line = f"{type(error).__name__}: {error}".splitlines()[0]
    return textwrap.shorten(line, 200, placeholder=" …") if " " in line[:200] else line[:200]
