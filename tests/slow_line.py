"""A line between a browser and a server on which each message takes its time, and which can be cut."""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 1 << 16


class Line:
    """An address that leads to a server; what goes over its websockets comes `delay` seconds later.

    Files are not delayed, so that a page opens as fast as ever.

    Attributes:
        url: The address.
    """

    def __init__(self, url: str, delay: float):
        self._port, self._delay = urlsplit(url).port, delay
        self._is_cut, self._sockets = False, set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Close every connection, and refuse new ones until `mend`."""
        self._is_cut = True
        for end in list(self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self):
        """Let connections through again."""
        self._is_cut = False

    def close(self):
        """End for good."""
        self._listener.close()
        self.cut()

    def _accept(self):
        with suppress(OSError):  # until the listener is closed
            while True:
                near, _ = self._listener.accept()
                # A browser opens connections in advance, on which it says nothing until it needs them.
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near):
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as far:
            self._sockets.update((near, far))
            if self._is_cut:
                return
            head = near.recv(CHUNK)
            wait = self._delay if b"upgrade: websocket" in head.lower() else 0
            far.sendall(head)
            back = threading.Thread(target=_pass_on, args=(far, near, wait), daemon=True)
            back.start()
            _pass_on(near, far, wait)
            back.join()
            self._sockets.difference_update((near, far))


@contextmanager
def slow_line(url: str, delay: float) -> Iterator[Line]:
    """Such a line, as long as it is needed."""
    line = Line(url, delay)
    try:
        yield line
    finally:
        line.close()


def _pass_on(source, target, wait):
    messages: queue.Queue[tuple[float, bytes]] = queue.Queue()
    threading.Thread(target=_read, args=(source, messages, wait), daemon=True).start()
    with suppress(OSError):
        while True:
            due, data = messages.get()
            time.sleep(max(0, due - time.monotonic()))
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _read(source, messages, wait):
    data = b"-"
    while data:
        try:
            data = source.recv(CHUNK)
        except OSError:
            data = b""
        messages.put((time.monotonic() + wait, data))
