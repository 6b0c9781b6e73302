"""The few threads in which what is heavy is computed, for all visitors: whoever asks first comes first."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

POLL_S = 1.0  # how often those who wait are told so, and can leave

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


def say_nothing() -> None:
    """For a wait that the visitor is not told of."""


class NoPlaceError(Exception):
    """What is asked for has to be computed, and this thread is none of those that compute."""


class Queue:
    """A fair queue for a few places: threads that live as long as the server."""

    def __init__(self, places: int) -> None:
        """Open it; what it computes, it computes so many at a time."""
        self._thread = threading.local()  # `has_place` in the queue's own threads alone
        self._pool = ThreadPoolExecutor(places, initializer=self._take_place)

    def _take_place(self) -> None:
        self._thread.has_place = True

    def require_place(self) -> None:
        """Raise NoPlaceError in a thread that is none of the queue's.

        A cached function that computes begins with it: in a visitor's thread it then gives what is kept.
        """
        if not getattr(self._thread, "has_place", False):
            raise NoPlaceError

    def take_turn(
        self, tell: Callable[[], None], function: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Future[Result]:
        """Wait until a function has begun in one of the places.

        Args:
            tell: Tells the visitor that others come first, by a Streamlit command: there Streamlit ends the
                run of a visitor who has left or has changed something, and whoever waits in it leaves.
            function: One pass or less, so that nobody keeps a place for long.
            arguments: Of the function.
        """
        begun = threading.Event()

        def compute() -> Result:
            begun.set()
            return function(*arguments)

        future = self._pool.submit(compute)
        try:
            while not begun.wait(POLL_S):
                tell()
        except BaseException:
            future.cancel()
            raise
        return future

    def run(
        self, tell: Callable[[], None], function: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """What a function gives: at once where it is kept, or else when its turn has come."""
        try:
            return function(*arguments)
        except NoPlaceError:
            return self.take_turn(tell, function, *arguments).result()


PASSES = Queue(places=2)  # all in which torch runs
PICTURES = Queue(places=1)  # a large photograph takes a hundred megabytes while it is read
REPORTS = Queue(places=1)  # a file for a report takes some ten megabytes while it is made
