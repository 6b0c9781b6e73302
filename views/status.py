"""The one line above the figure: what one is looking at, or what is being computed."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import streamlit as st

from views.texts import Translate
from views.turns import take_turn
from views.work import load_network

MEGABYTE = 2**20


class Status:
    """A line of the page that work can borrow, so that nothing below it moves."""

    def __init__(self, translate: Translate) -> None:
        self._slot = st.empty()
        self._line = ""
        self._translate = translate

    def say(self, line: str) -> None:
        """Show what one is looking at."""
        self._line = line
        self._slot.markdown(line)

    @contextmanager
    def computing(self, key: Hashable, weights: str, text: str) -> Iterator[None]:
        """Make sure that a network is there and wait for a turn; then show what is being done.

        When the weights of the visitor's choice cannot be had, the page goes back to the bundled ones and
        says why.

        Args:
            key: Of the result, for `views.turns.take_turn`.
            weights: Of the network that is needed.
            text: What is being done.
        """
        self._load(weights)
        with take_turn(key, self._say_wait), self._slot, st.spinner(text):
            yield
        self._slot.markdown(self._line)

    def _say_wait(self) -> None:
        self._slot.markdown(self._translate("page.waiting"))

    def _load(self, weights: str) -> None:
        with self._slot, st.spinner(self._translate("page.loading")):
            from viz import model

            try:
                if weights == "imagenet1k_v1":
                    model.fetch_weights(self._show_progress)
                load_network(weights)
            except model.WeightsError as error:
                sentence = self._translate(f"weights_error.{error.reason}", **error.details)
                _fall_back(sentence, self._translate)

    def _show_progress(self, done: int, total: int) -> None:
        text = self._translate("page.fetching", done=done // MEGABYTE, total=total // MEGABYTE)
        self._slot.progress(min(done / total, 1.0), text=text)


def _fall_back(sentence: str, translate: Translate) -> NoReturn:
    """Go back to the bundled weights and say why; without those there is nothing to go back to."""
    state = st.session_state
    if state["weights"] == "bundled":
        st.error(sentence, icon=":material/error:")
        st.stop()
    state["_notice"] = f"{sentence} {translate('weights_error.kept')}"
    state["_pending"] = {"weights": "bundled"}
    st.rerun()
