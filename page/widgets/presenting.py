"""Presenting: the page on a projector, without the sidebar and with everything half as large again."""

from pathlib import Path
from typing import Any

import streamlit as st

from page.choice.choice import Choice
from page.choice.session import choose
from viz.texts import Translate

FACTOR = 1.5
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


def _draw_button(words: Translate, label: str, target: bool, **more: Any) -> None:
    args = ({"present": target},)
    st.button(words(label), key=label.replace(".", "_"), on_click=choose, args=args, width="content", **more)
