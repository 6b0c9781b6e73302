"""A few passes at a time: who comes when all places are taken waits, and is told so."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from page.choice.session import remember

PLACES = 2  # passes that run at the same time
POLL_S = 1.0  # how often those who wait are told so, and can leave
PATIENCE_S = 5.0  # how long a dropped result waits for its place

places = threading.BoundedSemaphore(PLACES)
fetching = threading.BoundedSemaphore(1)  # one download serves all
_thread = threading.local()  # `holds` while this thread has a place


@contextmanager
def wait_for(lock: threading.Semaphore, tell: Callable[[], None]) -> Iterator[None]:
    """Hold a lock, and wait for it as long as others have it.

    Args:
        lock: Such as `places`.
        tell: Tells the visitor that others come first, by a Streamlit command: there Streamlit ends the run
            of a visitor who has left or has changed something, and whoever waits in it leaves.
    """
    while not lock.acquire(timeout=POLL_S):
        tell()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def take_turn(key: Hashable, tell: Callable[[], None]) -> Iterator[None]:
    """Hold one of the places while a result is fetched from a cache that may have to compute it.

    Args:
        key: Of the result. A session that has had it before does not wait for it.
        tell: As for `wait_for`.
    """
    had = remember().had
    if key in had:
        yield
        return
    with wait_for(places, tell):
        _thread.holds = True
        try:
            yield
        finally:
            _thread.holds = False
    had.append(key)


@contextmanager
def hold_place() -> Iterator[None]:
    """Hold a place while the network runs, also for a result that a session has had and the cache has not.

    After `PATIENCE_S` it goes on without one: those who have the places may be waiting for this result.
    """
    held = not getattr(_thread, "holds", False) and places.acquire(timeout=PATIENCE_S)
    try:
        yield
    finally:
        if held:
            places.release()
