"""Presenting: the page on a projector, with the sidebar folded and everything half as large again."""

from pathlib import Path
from typing import Any

import streamlit as st

from page.choice.choice import Choice
from page.choice.session import choose
from viz.texts import Translate

FACTOR = 1.5
SIDE_WIDTH = 330  # pixels of the screen
STYLE = Path(__file__).parent / "presenting.css"


def find_factor(choice: Choice) -> float:
    """How many times larger than usual everything is."""
    return FACTOR if choice.present else 1.0


def scale(choice: Choice, width: int) -> int:
    """The width of something with text, in pixels of the screen: it grows with the text."""
    return int(find_factor(choice) * width)


def offer_presenting(words: Translate) -> None:
    """Draw the button that begins it."""
    _draw_button(words, "present.begin", True, help=words("present.help"))


def draw_presenting(words: Translate) -> None:
    """Hide the sidebar, enlarge the type, and draw the button that ends it."""
    st.html(STYLE)
    _draw_button(words, "present.end", False, icon=":material/close_fullscreen:")


def open_sides(words: Translate, choice: Choice, folded: Any, has_layers: bool) -> tuple[Any, Any]:
    """The places of network and picture, and of the layers: the sidebar, or a menu among what is folded away.

    A setting's widget can be drawn once in a run; so it is the one or the other.
    """
    if not choice.present:
        return st.sidebar, st.sidebar
    label = "picture_layers" if has_layers else "picture"
    count = 2 if has_layers else 1
    with folded, st.popover(words(f"present.{label}")), st.container(width=scale(choice, count * SIDE_WIDTH)):
        columns = st.columns(count, gap="medium")
    return columns[0], columns[-1]


def _draw_button(words: Translate, label: str, target: bool, **more: Any) -> None:
    args = ({"present": target},)
    st.button(words(label), key=label.replace(".", "_"), on_click=choose, args=args, width="content", **more)
