"""The one line above the figure: what one is looking at, or what is being computed."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


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

    def progress(self, share: float, text: str) -> None:
        """Show how far something is, 0..1."""
        self._slot.progress(share, text=text)
