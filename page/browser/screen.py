"""How large the visitor's screen is. The server cannot know; a small script in the page tells it."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

# What is assumed until the browser has said otherwise: a window of 1440x900 with the sidebar open.
USUAL_WIDTH = 1040
USUAL_HEIGHT = 718
SMALLEST = 240
LARGEST = 4000
NARROW = 640

_report_screen = component("screen", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Screen:
    """Room for a figure, in pixels of the screen."""

    width: float
    height: float


def find_screen(language: str) -> Screen:
    """The room below this element, as the browser told it last; the browser is told the page's language."""
    known = st.session_state.get("screen", {})
    screen = read_screen(known.get("size") if hasattr(known, "get") else None)
    _report_screen(
        key="screen",
        data={"width": screen.width, "height": screen.height, "narrow": NARROW, "language": language},
        default={"size": None},
        on_size_change=lambda: None,
        on_back_change=lambda: None,
        height=1,
    )
    return screen


def read_screen(text: str | None) -> Screen:
    """From "1040x660" to a screen; what came from the browser is not trusted further than that."""
    try:
        width, height = (int(part) for part in (text or "").split("x"))
    except ValueError:
        return Screen(USUAL_WIDTH, USUAL_HEIGHT)
    return Screen(min(max(width, SMALLEST), LARGEST), min(max(height, SMALLEST), LARGEST))
