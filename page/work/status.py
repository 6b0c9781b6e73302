"""The one line above the figure: what one is looking at, or what is being computed."""

import logging
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import streamlit as st

from page.choice.session import remember
from page.work.downloads import Download, list_ahead, wait_for_weights
from page.work.models import Model, load_model
from page.work.queue import PASSES, NoPlaceError
from viz.networks.catalogue import NetworkInfo, is_there
from viz.networks.errors import NetworkError, WeightsError, is_memory_error
from viz.texts import Translate

MEGABYTE = 2**20

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class NotLoadedError(Exception):
    """A network cannot be had. The message is a sentence in the visitor's language.

    Attributes:
        model: Which one.
    """

    def __init__(self, model: Model, sentence: str) -> None:
        self.model = model
        super().__init__(sentence)


class NotAskedError(NotLoadedError):
    """It is not there, and the visitor has not asked for it on this page: it is to be offered."""


def is_unasked(info: NetworkInfo) -> bool:
    """Whether a network would have to be fetched that the visitor has not asked for on this page."""
    return bool(info.megabytes) and info.key not in remember().asked and not is_there(info)


def name_failure(error: Exception) -> str:
    """The key of the sentence for an error that nobody foresaw."""
    return "network_error.memory" if is_memory_error(error) else "page.bug"


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

    def compute(
        self, text: str, model: Model, function: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """What a function of `page.work.results` gives: at once where it is kept.

        Else it makes sure that the network is there, waits for a turn, and shows a text while it computes.
        What is raised is as for `load`.
        """
        try:
            result = function(*arguments)
        except NoPlaceError:
            self.load(model)
            turn = PASSES.take_turn(self.say_wait, function, *arguments)
            with self._slot, st.spinner(text):
                result = turn.result()
            self._slot.markdown(self._line)
        remember().begun = True
        return result

    def say_wait(self) -> None:
        """Tell a visitor that others come first."""
        self._slot.markdown(self._words("page.waiting"))

    def load(self, model: Model) -> None:
        """Make sure that a network is there.

        Raises:
            NotAskedError: It would have to be fetched, and is to be offered.
            NotLoadedError: It cannot be had.
        """
        with self._slot, st.spinner(self._words("page.loading", network=model.info.title)):
            try:
                if model.seed is None and is_unasked(model.info):
                    raise NotAskedError(model, self._words("network.not_there", network=model.info.title))
                if model.seed is None and not is_there(model.info):
                    wait_for_weights(model.info, self._say_download)
                PASSES.run(self.say_wait, load_model, model)
            except (WeightsError, NetworkError) as error:
                raise NotLoadedError(model, self._words(error.key, **error.details)) from error
            except (RuntimeError, OSError, MemoryError) as error:
                logging.getLogger(__name__).exception("the network %s cannot be loaded", model.key)
                raise NotLoadedError(model, self._words(name_failure(error))) from error

    def _say_download(self, download: Download) -> None:
        """Tell how far a download is, or for which ones it waits."""
        info = download.info
        if not download.is_running:
            ahead = ", ".join(other.title for other in list_ahead(download))
            told = {"network": info.title, "megabytes": info.megabytes, "ahead": ahead}
            self._slot.markdown(self._words("page.fetching_later", **told))
            return
        done, total = download.done // MEGABYTE, download.total // MEGABYTE or info.megabytes
        left, told = download.seconds_left, {"network": info.title, "done": done, "total": total}
        if left is None:
            text = self._words("page.fetching", **told)
        else:
            text = self._words("page.fetching_left", **told, seconds=f"{left:.0f}")
        self._slot.progress(min(done / total, 1.0), text=text)
