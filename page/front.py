"""What stands before Streamlit's server: who may connect, how many files a session keeps, when all is let go.

Each request passes here first, as ASGI has it. Streamlit would look up this server's own address outside for
each stranger's page that connects, and keeps the files of a visitor who has left until another one leaves.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

UPLOADS: Final = "/_stcore/upload_file/"
FILES: Final = 5  # of a session: the page has four places for one, and one more is on its way
SESSIONS: Final = 1000  # whose files are counted
HERE: Final = frozenset({"localhost", "127.0.0.1", "0.0.0.0"})  # as Streamlit has it
TALKATIVE: Final = ("python_multipart", "uvicorn.error")  # loggers that warn of each broken request
FOREIGN: Final = 1008  # codes of a closed websocket
NOT_BYTES: Final = 1003


class Front:
    """One for as long as the server runs."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._files: OrderedDict[str, list[str]] = OrderedDict()  # addresses, by the session's; oldest first
        self._has_left = False
        self._sweep: asyncio.Task[None] | None = None
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["type"] == "http" and UPLOADS in scope["path"]:
            await self._upload(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a page of this server connect; Streamlit is not told whose it is, so that it asks nobody."""

        async def hear() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes") is None:
                return {"type": "websocket.disconnect", "code": NOT_BYTES}  # Streamlit's pages send bytes
            return message

        headers = dict(scope["headers"])
        if not may_connect(headers.get(b"origin"), headers.get(b"host", b"")):
            await send({"type": "websocket.close", "code": FOREIGN})
            return
        kept = [header for header in scope["headers"] if header[0] != b"origin"]
        try:
            await self._app({**scope, "headers": kept}, hear, send)
        finally:
            self._has_left = True
            if self._sweep is None:
                host = [header for header in kept if header[0] == b"host"]
                self._sweep = asyncio.create_task(self._let_go({**scope, "headers": host}))

    async def _let_go(self, scope: Scope) -> None:
        """Connect and leave once the sessions of those who left are over: then Streamlit forgets them."""
        try:
            while self._has_left:
                self._has_left = False
                await asyncio.sleep(st.get_option("server.disconnectedSessionTTL") + 1)
                steps = iter(({"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}))
                await self._ask(scope, steps)
        finally:
            self._sweep = None

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a file on, and forget the session's oldest beyond `FILES`."""
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        with suppress(ClientDisconnect):  # whoever stops in the middle is no error
            await self._app(dict(scope), receive, answer)
        if status != 204:
            return
        path = scope["path"]
        session = path.rpartition("/")[0]
        files = [file for file in self._files.pop(session, []) if file != path]
        if scope["method"] == "PUT":
            files.append(path)
        if files:
            self._files[session] = files[-FILES:]
        if len(self._files) > SESSIONS:
            self._files.popitem(last=False)
        for file in files[:-FILES]:
            await self._ask({**scope, "method": "DELETE", "path": file}, iter(({"type": "http.request"},)))

    async def _ask(self, scope: Scope, steps: Iterator[Message]) -> None:
        """Ask Streamlit as a browser would, and leave its answer."""

        async def receive() -> Message:
            return next(steps)

        async def send(_: Message) -> None:
            pass

        await self._app(scope, receive, send)


def may_connect(origin: bytes | None, host: bytes) -> bool:
    """Whether a page from there may use this server: Streamlit's rule, but for its look-up.

    Args:
        origin: Where the page is from, as its browser says; None where it is no browser.
        host: What the browser has asked for.
    """
    if origin is None or not st.get_option("server.enableCORS"):
        return True
    own = (st.get_option("browser.serverAddress"), *st.get_option("server.corsAllowedOrigins"))
    try:
        page = urlsplit(origin.decode("latin-1"))
        known = {urlsplit(name if "//" in name else f"//{name}").hostname for name in own}
        is_known = page.netloc == host.decode("latin-1") or page.hostname in HERE | known
        return bool(page.hostname) and is_known
    except ValueError:  # no address at all
        return False


FRONT: Final = [Middleware(Front)]
