"""A few passes at a time: who comes when all places are taken waits, and is told so."""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

import streamlit as st

PLACES = 2  # passes that run at the same time
POLL_S = 1.0  # how often those who wait are told so, and can leave
REMEMBERED = 64  # results of a session that need no place again

places = threading.BoundedSemaphore(PLACES)


def is_first_result() -> bool:
    """Whether this session has had no result yet, so that the page has nothing to show meanwhile."""
    return not st.session_state.get("_had")


@contextmanager
def take_turn(key: Hashable, tell: Callable[[], None]) -> Iterator[None]:
    """Hold one of the places while a result is fetched from a cache that may have to compute it.

    Args:
        key: Of the result. A session that has had it before takes no place.
        tell: Tells the visitor that others come first, by a Streamlit command: there Streamlit ends the run
            of a visitor who has left or has changed something, and whoever waits in it leaves.
    """
    had = st.session_state.setdefault("_had", deque(maxlen=REMEMBERED))
    if key in had:
        yield
        return
    while not places.acquire(timeout=POLL_S):
        tell()
    try:
        yield
    finally:
        places.release()
    had.append(key)
