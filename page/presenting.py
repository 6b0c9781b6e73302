"""Presenting: the page on a projector, without the sidebar and with everything half as large again."""

from pathlib import Path
from typing import Any

import streamlit as st

from page.texts import translate

FACTOR = 1.5
STYLE = Path(__file__).parent / "presenting.css"


def is_presenting() -> bool:
    """Whether the visitor presents."""
    return bool(st.session_state["present"])


def find_factor() -> float:
    """How many times larger than usual everything is."""
    return FACTOR if is_presenting() else 1.0


def scale(width: int) -> int:
    """The width of something with text, in pixels of the screen: it grows with the text."""
    return int(find_factor() * width)


def offer_presenting() -> None:
    """Draw the button that begins it."""
    _draw_button("present.begin", help=translate("present.help"))


def draw_presenting() -> None:
    """Hide the sidebar, enlarge the type, and draw the button that ends it."""
    st.html(STYLE)
    _draw_button("present.end", icon=":material/close_fullscreen:")


def _draw_button(label: str, **more: Any) -> None:
    target = not is_presenting()
    st.button(
        translate(label),
        key=label.replace(".", "_"),
        on_click=lambda: st.session_state.update(present=target),
        width="content",
        **more,
    )
