"""The one line above the figure: what one is looking at, or what is being computed."""

import logging
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

import streamlit as st

from page.choice.session import remember
from page.work.models import Model, load_model
from page.work.queue import fetching, take_turn, wait_for
from viz.networks.catalogue import fetch, is_there
from viz.networks.errors import NetworkError, WeightsError
from viz.texts import Translate

MEGABYTE = 2**20


class NotLoadedError(Exception):
    """A network cannot be had. The message is a sentence in the visitor's language.

    Attributes:
        model: Which one.
    """

    def __init__(self, model: Model, sentence: str) -> None:
        self.model = model
        super().__init__(sentence)


class Status:
    """A line of the page that work can borrow, so that nothing below it moves."""

    def __init__(self, words: Translate, is_quiet: bool) -> None:
        """Take the line; where it `is_quiet` it tells work alone, and the figure gets the room."""
        self._words = words
        self._slot = st.empty()
        self._line = ""
        self._is_quiet = is_quiet

    def say(self, line: str) -> None:
        """Show what one is looking at."""
        self._line = "" if self._is_quiet else line
        self._slot.markdown(self._line)

    @contextmanager
    def computing(self, key: Hashable, model: Model, text: str) -> Iterator[None]:
        """Make sure that a network is there and wait for a turn; then show what is being done.

        `key` is of the result, for `page.work.queue.take_turn`. What is raised is as for `load`.
        """
        if key not in remember().had:
            self.load(model)
        with take_turn(key, self.say_wait), self._slot, st.spinner(text):
            yield
        self._slot.markdown(self._line)

    def say_wait(self) -> None:
        """Tell a visitor that others come first."""
        self._slot.markdown(self._words("page.waiting"))

    def load(self, model: Model) -> None:
        """Make sure that a network is there.

        Raises:
            NotLoadedError: It cannot be had.
        """
        title = model.info.title

        def show_progress(done: int, total: int) -> None:
            megabytes = {"done": done // MEGABYTE, "total": total // MEGABYTE}
            text = self._words("page.fetching", network=title, **megabytes)
            self._slot.progress(min(done / total, 1.0), text=text)

        with self._slot, st.spinner(self._words("page.loading", network=title)):
            try:
                if model.seed is None and not is_there(model.info):
                    with wait_for(fetching, self.say_wait):
                        fetch(model.info, show_progress)
                load_model(model)
            except (WeightsError, NetworkError) as error:
                raise NotLoadedError(model, self._words(error.key, **error.details)) from error
            except (RuntimeError, OSError) as error:  # for instance a graphics card without memory for it
                logging.getLogger(__name__).exception("the network %s cannot be loaded", model.key)
                raise NotLoadedError(model, self._words("page.bug")) from error
