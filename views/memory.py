"""What the C library does with this process's memory, where it is glibc."""

import ctypes
import sys
from typing import Any

ARENAS = 2
_M_ARENA_MAX = -8  # of glibc's malloc.h


def limit_arenas() -> None:
    """Have all threads share a few pools of memory.

    Each session's script runs in threads of its own. In a pool for each of them, as glibc makes by default,
    memory that is free in one is missing in another.
    """
    _call("mallopt", _M_ARENA_MAX, ARENAS)


def return_memory() -> None:
    """Hand memory that was used for a moment back to the system."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: Any) -> None:
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function is not None:
        function(*arguments)
