"""Learns from the browser when a new visitor's first figure is painted.

Streamlit's page says nothing of the kind. A script in the page (see `views.screen`) posts a token to the
server as soon as there is a figure, and whoever waits for it here goes on.
"""

import secrets
import threading
import time
from weakref import WeakValueDictionary

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SLICE_S = 0.1

# An event lives as long as the session that holds it.
_expected: WeakValueDictionary[str, threading.Event] = WeakValueDictionary()


def expect_figure() -> str:
    """A token that the browser is to post when it has painted a figure; empty after a session's first run."""
    state = st.session_state
    if "_settings" in state:
        return ""
    token = secrets.token_urlsafe(8)
    state["_figure"] = _expected[token] = threading.Event()
    return token


def wait_for_figure(limit: float) -> None:
    """Wait until the figure is painted, for at most so many seconds."""
    figure: threading.Event = st.session_state["_figure"]
    end = time.monotonic() + limit
    while (left := end - time.monotonic()) > 0 and not figure.wait(min(left, SLICE_S)):
        st.session_state.get("lang")  # here Streamlit ends a run whose visitor has chosen something else


def note_shown(token: str) -> None:
    """The browser has painted the figure of this token; one that nobody waits for is passed over."""
    if (figure := _expected.get(token)) is not None:
        figure.set()


async def _take_token(request: Request) -> Response:
    note_shown(request.path_params["token"])
    return Response(status_code=204)


ROUTE = Route("/shown/{token}", _take_token, methods=["POST"])
