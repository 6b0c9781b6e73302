"""Downloads of weights: each once for all visitors, two at a time, first come first served.

Threads of their own fetch, so that a visitor who leaves breaks nothing for those who stay, and a server that
is told to stop does not wait for them.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from viz.networks.catalogue import NetworkInfo, fetch

AT_ONCE = 2  # downloads, so that a small network need not wait for a large one
POLL_S = 0.5  # how often those who wait are told how far it is, and can leave

_lock = threading.Lock()


@dataclass(eq=False)
class Download:
    """The weights of a network that are on their way, or wait for their turn.

    Attributes:
        info: The network.
        done: Bytes so far.
        total: Bytes in all; 0 until the far end has told.
        is_running: Whether its turn has come.
        begun: When it came, in seconds of a clock that only runs forward.
        visitors: How many wait for it.
        ended: Set when it has come or failed.
        error: What it failed with.
    """

    info: NetworkInfo
    done: int = 0
    total: int = 0
    is_running: bool = False
    begun: float = field(default_factory=time.monotonic)
    visitors: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    def note(self, done: int, total: int) -> None:
        """Take down how far it is."""
        self.done, self.total = done, total

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes if it goes on as it went; None before the first bytes."""
        if not self.done or self.total < self.done:
            return None
        return (time.monotonic() - self.begun) / self.done * (self.total - self.done)


_downloads: dict[str, Download] = {}  # by the networks' keys, in the order in which they were asked for


def wait_for_weights(info: NetworkInfo, tell: Callable[[Download], None]) -> None:
    """Have a network's weights fetched, and wait until they are there; what is raised is as for `fetch`.

    What runs is finished, whoever leaves: it serves all visitors. What waits is dropped when its turn comes
    and nobody wants it any more.

    Args:
        info: The network.
        tell: Tells the visitor how far it is, by a Streamlit command: there Streamlit ends the run of a
            visitor who has left or has changed something, and whoever waits in it leaves.
    """
    with _lock:
        download = _downloads.setdefault(info.key, Download(info))
        download.visitors += 1
    try:
        _begin()
        while not download.ended.wait(POLL_S):
            tell(download)
    finally:
        with _lock:
            download.visitors -= 1
    if download.error is not None:
        raise download.error


def list_ahead(download: Download) -> list[NetworkInfo]:
    """The networks that come before one that waits, those that are being fetched among them."""
    with _lock:
        before = list(_downloads.values())
    if download in before:
        before = before[: before.index(download)]
    return [other.info for other in before if other.is_running or other.visitors]


def _begin() -> None:
    """Begin the downloads whose turn has come."""
    with _lock:
        for key, download in list(_downloads.items()):
            if sum(other.is_running for other in _downloads.values()) >= AT_ONCE:
                return
            if download.is_running:
                continue
            if not download.visitors:
                del _downloads[key]
                continue
            download.is_running, download.begun = True, time.monotonic()
            threading.Thread(target=_run, args=(download,), name=f"fetching {key}", daemon=True).start()


def _run(download: Download) -> None:
    try:
        fetch(download.info, download.note)
    except Exception as error:  # whatever it is, all who wait are told
        download.error = error
    finally:
        with _lock:
            del _downloads[download.info.key]
        download.ended.set()
        _begin()
