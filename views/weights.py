"""What the page says and does when the network's weights cannot be had."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import streamlit as st

from views.texts import Translate


@contextmanager
def needing_weights(translate: Translate) -> Iterator[None]:
    """For work with the network.

    When the weights of the visitor's choice cannot be had, the page goes back to the bundled ones and says
    why.
    """
    from viz.model import WeightsError

    try:
        yield
    except WeightsError as error:
        _fall_back(translate(f"weights_error.{error.reason}", **error.details), translate)


def _fall_back(sentence: str, translate: Translate) -> NoReturn:
    """Go back to the bundled weights and say why; without those there is nothing to go back to."""
    state = st.session_state
    if state["weights"] == "bundled":
        st.error(sentence, icon=":material/error:")
        st.stop()
    state["_notice"] = f"{sentence} {translate('weights_error.kept')}"
    state["_pending"] = {"weights": "bundled"}
    st.rerun()
