"""The words of the visitor's language."""

import streamlit as st

from viz.texts import Translate


def get_words() -> Translate:
    """All sentences in the visitor's language, for what does not know of visitors."""
    return Translate(st.session_state["lang"])


def translate(key: str, **values: object) -> str:
    """A sentence in the visitor's language; arguments as `viz.texts.Translate`."""
    return get_words()(key, **values)


def find_help(label: str) -> str | None:
    """What explains a widget, by the key of its label; None where nothing does."""
    return get_words().find(f"{label}_help")
