"""Results that all sessions share: each is computed once, a few at a time, and kept within a bound.

Streamlit's own caches compute a result once, too, but whoever waits for one waits silently, and there is no
saying how many compute at the same time.
"""

import mmap
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
Name = TypeVar("Name", bound=Hashable)

ALIGNMENT = 64  # bytes

POLL_S = 0.25  # how often those who wait are told so, and can leave
GRACE_S = 5.0  # how long the place of one who left is kept for the same visitor


@dataclass(frozen=True)
class Waiter:
    """Who asks, and how to tell them that they wait.

    Attributes:
        owner: Name of the session, which keeps its place when its page starts anew.
        tell: Gets the number of computations that come before; it may raise, and so leave the line.
    """

    owner: str = ""
    tell: Callable[[int], None] = lambda ahead: None


@dataclass(eq=False)
class _Ticket:
    number: int
    key: Hashable
    called: threading.Condition  # so that only those are woken who can go on


class Line:
    """Who may compute next: first come, first served, so many at the same time."""

    def __init__(self, places: int, prepare: Callable[[int], None] = lambda busy: None) -> None:
        """A line without anybody in it.

        Args:
            places: How many may compute at the same time.
            prepare: Called in a computation's thread before it starts, with the number of places that are
                wanted then, itself included.
        """
        self._places = places
        self._prepare = prepare
        # Streamlit runs each script in a thread of its own. What torch sets up for a thread, and the memory
        # that the C library sets aside for it, would be made and lost with each of them.
        self._workers = ThreadPoolExecutor(places, "pass")
        self._lock = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._running: set[Hashable] = set()
        self._left: dict[tuple[str, Hashable], tuple[int, float]] = {}
        self._next = 0

    @contextmanager
    def take_turn(self, key: Hashable, waiter: Waiter, is_there: Callable[[], bool]) -> Iterator[bool]:
        """Wait until the result is there, or until it is one's own turn to compute it.

        Args:
            key: Of the result; no two compute the same one.
            waiter: Who asks.
            is_there: Whether somebody else has finished it.

        Yields:
            Whether it is one's turn; when it is not, the result is there.
        """
        ticket = self._enter(key, waiter.owner)
        finished = False
        try:
            turn = self._wait(ticket, waiter, is_there)
            finished = True
        finally:
            self._leave(ticket, waiter.owner, keep_place=not finished)
        if not turn:
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                self._running.discard(key)
                self._call_next(key)

    def run(self, make: Callable[[], Value]) -> Value:
        """Compute, now that it is one's turn, in one of the threads that stay."""
        return self._workers.submit(self._prepare_and_make, make).result()

    def _prepare_and_make(self, make: Callable[[], Value]) -> Value:
        with self._lock:
            wanted = len(self._running | {ticket.key for ticket in self._waiting})
        self._prepare(min(wanted, self._places))
        return make()

    def _enter(self, key: Hashable, owner: str) -> _Ticket:
        with self._lock:
            self._forget_gone()
            kept = self._left.pop((owner, key), None) if owner else None
            if kept is None:
                self._next += 1
            number = self._next if kept is None else kept[0]
            ticket = _Ticket(number, key, threading.Condition(self._lock))
            self._waiting.append(ticket)
            self._waiting.sort(key=lambda other: other.number)
            return ticket

    def _forget_gone(self) -> None:
        limit = time.monotonic() - GRACE_S
        self._left = {place: kept for place, kept in self._left.items() if kept[1] > limit}

    def _wait(self, ticket: _Ticket, waiter: Waiter, is_there: Callable[[], bool]) -> bool:
        due = time.monotonic() + POLL_S
        while True:
            with self._lock:
                if is_there():
                    return False
                if self._may_start(ticket):
                    self._running.add(ticket.key)
                    return True
                ticket.called.wait(max(0.0, due - time.monotonic()))
                ahead = self._count_before(ticket)
            if time.monotonic() >= due:
                waiter.tell(ahead)
                due = time.monotonic() + POLL_S

    def _may_start(self, ticket: _Ticket) -> bool:
        if ticket.key in self._running or len(self._running) >= self._places:
            return False
        return self._find_first() is ticket

    def _find_first(self) -> _Ticket | None:
        # Those whose result is being computed hold nobody up.
        return next((other for other in self._waiting if other.key not in self._running), None)

    def _call_next(self, finished: Hashable = None) -> None:
        """Wake who may start now, and those who wait for this result."""
        for ticket in self._waiting:
            if ticket.key == finished:
                ticket.called.notify()
        if (first := self._find_first()) is not None and len(self._running) < self._places:
            first.called.notify()

    def _count_before(self, ticket: _Ticket) -> int:
        earlier = {other.key for other in self._waiting if other.number < ticket.number}
        return len((earlier | self._running) - {ticket.key})

    def _leave(self, ticket: _Ticket, owner: str, keep_place: bool) -> None:
        with self._lock:
            self._waiting.remove(ticket)
            if keep_place and owner:
                self._left[owner, ticket.key] = (ticket.number, time.monotonic())
            self._call_next()


def pack(arrays: Mapping[Name, NDArray[Any]]) -> dict[Name, NDArray[Any]]:
    """The same arrays in one block of memory of their own, which goes back to the system when they go.

    Among the large arrays of passing use, small ones that stay would keep the memory between them in pieces.

    Returns:
        Arrays that cannot be written to.
    """
    starts = np.cumsum([0, *(-(-array.nbytes // ALIGNMENT) * ALIGNMENT for array in arrays.values())])
    # One view of the block, of which all arrays are parts: Python's garbage collector looks at each view.
    block = np.frombuffer(mmap.mmap(-1, max(int(starts[-1]), 1)), np.uint8)
    packed: dict[Name, NDArray[Any]] = {}
    for start, (name, array) in zip(starts.tolist(), arrays.items(), strict=False):
        place = block[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        place[...] = array
        place.flags.writeable = False
        packed[name] = place
    return packed


class Store(Generic[Value]):
    """Results by key; what was used longest ago goes first when there is no more room.

    A result is handed out as it is and not copied, so nobody may change it.
    """

    def __init__(self, line: Line, limit: int, weigh: Callable[[Value], int]) -> None:
        """An empty store.

        Args:
            line: Where those wait whose result is not there.
            limit: Bytes for all results.
            weigh: Bytes that a result takes.
        """
        self._line = line
        self._limit = limit
        self._weigh = weigh
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Bytes that all results take."""
        return self._nbytes

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def find(self, key: Hashable) -> Value | None:
        """The result, if it is there; it then counts as used."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def fetch(self, key: Hashable, make: Callable[[], Value], waiter: Waiter) -> Value:
        """The result; whoever comes first computes it, in turn.

        Args:
            key: What the result depends on.
            make: Computes it. What it raises is raised here, and the next one who asks tries again.
            waiter: Who asks.
        """
        value = self.find(key)
        while value is None:
            with self._line.take_turn((id(self), key), waiter, lambda: key in self._values) as turn:
                if turn:
                    value = self._line.run(make)
                    self._keep(key, value)
                else:
                    value = self.find(key)  # gone again, when there was room for little else
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._nbytes = 0

    def _keep(self, key: Hashable, value: Value) -> None:
        weight = self._weigh(value)
        if weight > self._limit:
            return
        with self._lock:
            if (before := self._values.pop(key, None)) is not None:
                self._nbytes -= self._weigh(before)
            self._values[key] = value
            self._nbytes += weight
            while self._nbytes > self._limit:
                _, oldest = self._values.popitem(last=False)
                self._nbytes -= self._weigh(oldest)
