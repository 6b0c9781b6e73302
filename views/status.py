"""The one line above the figure: what one is looking at, or what is being computed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from views.store import Waiter
from views.texts import Translate

RENEW_S = 1.0  # a class that waits is told no more often: each message takes time from what it waits for


class Status:
    """A line of the page that work can borrow, so that nothing below it moves."""

    def __init__(self) -> None:
        self._slot = st.empty()
        self._line = ""

    def say(self, line: str) -> None:
        """Show what one is looking at."""
        self._line = line
        self._slot.markdown(line)

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show what is being done, and the line again after it."""
        with self._slot, st.spinner(text):
            yield
        self._slot.markdown(self._line)

    def make_waiter(self, translate: Translate) -> Waiter:
        """For work that has to wait for its turn: the line says so, and whoever leaves the page leaves."""
        context = get_script_run_ctx()

        told, due = -1, 0.0

        def tell(ahead: int) -> None:
            nonlocal told, due
            # Streamlit ends a run whose visitor is gone, or has changed something, when its state is read.
            st.session_state.get("lang")
            if ahead != told and time.monotonic() >= due:
                self._slot.markdown(translate("page.waiting" if ahead else "page.next", count=ahead))
                told, due = ahead, time.monotonic() + RENEW_S

        return Waiter(context.session_id if context else "", tell)

    def progress(self, share: float, text: str) -> None:
        """Show how far something is, 0..1."""
        self._slot.progress(share, text=text)
