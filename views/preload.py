"""Tells the browser with the page itself which large script it is going to need.

Streamlit's page asks for the script of a kind of element when the first such element arrives, and Plotly's,
which is 4.7 MB, a second after the start. With this header the browser fetches it from the first moment.
"""

from pathlib import Path

import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPTS = Path(streamlit.__file__).parent / "static" / "static" / "js"


class PreloadPlotly:
    """ASGI middleware that adds a `Link: rel=modulepreload` header (RFC 8288) to every HTML document."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # The name holds a digest, so it is looked up; a Streamlit without it just loads as it always does.
        self._links = [
            (b"link", f"<./static/js/{path.name}>; rel=modulepreload; crossorigin".encode())
            for path in SCRIPTS.glob("PlotlyChart.*.js")
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through, HTML documents with the header."""

        async def send_with_links(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_html(message):
                message["headers"] = [*message["headers"], *self._links]
            await send(message)

        await self._app(scope, receive, send_with_links if scope["type"] == "http" else send)


def _is_html(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message["headers"]
    )
