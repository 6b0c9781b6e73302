"""The one line above the figure: what one is looking at, or what is being computed."""

import logging
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import streamlit as st

from page.cache import load_network
from page.networks import name_network
from page.presenting import is_presenting
from page.settings import NO_SECOND, OWN_NETWORK
from page.texts import translate
from page.turns import fetching, has_had, take_turn, wait_for
from viz.networks.catalogue import UNTRAINED, fetch, find_network, is_there
from viz.networks.errors import NetworkError, WeightsError

MEGABYTE = 2**20
BUNDLED = "vgg16"


class Status:
    """A line of the page that work can borrow, so that nothing below it moves."""

    def __init__(self) -> None:
        self._slot = st.empty()
        self._line = ""
        self._title = ""  # of the network that is loaded

    def say(self, line: str) -> None:
        """Show what one is looking at; whoever presents says it, and the figure gets the room."""
        self._line = "" if is_presenting() else line
        self._slot.markdown(self._line)

    @contextmanager
    def computing(self, key: Hashable, network: str, text: str) -> Iterator[None]:
        """Make sure that a network is there and wait for a turn; then show what is being done.

        Args:
            key: Of the result, for `page.turns.take_turn`.
            network: Key of the network that is needed.
            text: What is being done.
        """
        if not has_had(key):
            self.load(network)
        with take_turn(key, self.say_wait), self._slot, st.spinner(text):
            yield
        self._slot.markdown(self._line)

    def say_wait(self) -> None:
        """Tell a visitor that others come first."""
        self._slot.markdown(translate("page.waiting"))

    def load(self, network: str) -> None:
        """Make sure that a network is there.

        When the visitor's network cannot be had, the page goes back to the one before and says why. When it
        is another one, which is compared with the visitor's, the comparison ends.

        Args:
            network: Its key.
        """
        self._title = name_network(network)
        with self._slot, st.spinner(translate("page.loading", network=self._title)):
            try:
                is_fetched = network != OWN_NETWORK and not network.startswith(UNTRAINED)
                if is_fetched and not is_there(info := find_network(network)):
                    with wait_for(fetching, self.say_wait):
                        fetch(info, self._show_progress)
                load_network(network)
                if network == st.session_state["network"]:
                    st.session_state["_loaded"] = network
            except (WeightsError, NetworkError) as error:
                _fall_back(network, translate(error.key, **error.details))
            except (RuntimeError, OSError):  # for instance a graphics card without memory for it
                logging.getLogger(__name__).exception("the network %s cannot be loaded", network)
                _fall_back(network, translate("page.bug"))

    def _show_progress(self, done: int, total: int) -> None:
        megabytes = {"done": done // MEGABYTE, "total": total // MEGABYTE}
        text = translate("page.fetching", network=self._title, **megabytes)
        self._slot.progress(min(done / total, 1.0), text=text)


@contextmanager
def tell_failures(view: str) -> Iterator[None]:
    """Say in a sentence why a view, or a part of it that runs by itself, cannot be drawn."""
    try:
        yield
    except NetworkError as error:
        st.error(translate(error.key, **error.details), icon=":material/error:")
    except Exception:  # nobody foresaw it: the log gets the traceback, the visitor a plain sentence
        logging.getLogger(__name__).exception("the view %s failed", view)
        st.error(translate("page.bug"), icon=":material/error:")


def _fall_back(network: str, sentence: str) -> NoReturn:
    """Go back to the network that the page showed last, and say why.

    Where that is the one that fails, it is VGG16; without that there is nothing to go back to.
    """
    state = st.session_state
    failed = state["network"]
    if network != failed and state["beside"] != NO_SECOND:
        state["_notice"] = (f"{sentence} {translate('beside.closed')}", None)
        state["_pending"] = {"beside": NO_SECOND}
        st.rerun()
    if failed == BUNDLED:
        st.error(sentence, icon=":material/error:")
        st.stop()
    shown = state.get("_settings", {}).get("network", BUNDLED)
    network = BUNDLED if shown == failed else shown
    kept = translate("weights_error.kept", network=name_network(network))
    state["_notice"] = (f"{sentence} {kept}", None)
    state["_pending"] = {"network": network}
    st.rerun()
