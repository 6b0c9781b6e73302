"""Figures, and what stands under them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from page.browser.screen import BUTTONS_HEIGHT
from page.subject.picture import Picture
from page.visit import Visit
from page.widgets.presenting import find_factor, scale
from viz.figures.enlarge import enlarge, leave_room
from viz.figures.heatmaps import draw_panels
from viz.figures.layout import NARROW, Grid
from viz.figures.pieces import Look

# Plotly's own words for the buttons above a figure, by their keys in the catalogue.
MODEBAR = {
    "zoom": "Zoom",
    "pan": "Pan",
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "autoscale": "Autoscale",
    "reset": "Reset axes",
    "download": "Download plot as a PNG",
}
# Settings of Plotly: a figure without buttons, and one on a phone, where fingers zoom the page.
PLAIN: dict[str, Any] = {"displayModeBar": False}
CAMERA_ALONE: dict[str, Any] = {"modeBarButtons": [["toImage"]]}


def draw_figure(visit: Visit, figure: Any, key: str, alt: str, **more: Any) -> None:
    """A figure of `viz.figures`, its buttons in the visitor's language and without an advertisement.

    The buttons stand in a strip above the figure, so that they lie over no title. `alt` is for those who do
    not see it; `more` is for `st.plotly_chart`, with Plotly's settings as `config`.
    """
    dictionary = {word: visit.words(f"modebar.{name}") for name, word in MODEBAR.items()}
    locale = visit.words.language
    if "width" in more:
        more["width"] = scale(visit.choice, int(more["width"]))
    config = {
        "displaylogo": False,
        "locale": locale,
        "locales": {locale: {"moduleType": "locale", "name": locale, "dictionary": dictionary, "format": {}}},
    }
    factor = find_factor(visit.choice)
    config |= CAMERA_ALONE if factor * visit.screen.width < NARROW else {}
    config |= more.pop("config", {})
    figure = enlarge(figure, factor)
    if config.get("displayModeBar", True):
        figure = leave_room(figure, BUTTONS_HEIGHT)
    st.plotly_chart(figure, key=key, theme=None, alt=alt, config=config, **more)


def draw_photo(visit: Visit, picture: Picture, grid: Grid) -> None:
    """The photograph alone, where it stands in the figure that is to come."""
    figure = draw_panels(picture.photo, [], Look(), grid)
    draw_figure(visit, figure, "photograph", visit.words("panel.alt_photo", photo=picture.alt))


def draw_notes(notes: Sequence[str]) -> None:
    """Sentences under a figure, each once."""
    for note in dict.fromkeys(notes):
        st.caption(note)


def draw_explanation(visit: Visit, key: str) -> None:
    """A folded text; `key` is what the keys of its title and its body begin with."""
    with st.expander(visit.words(f"{key}title"), icon=":material/help:"):
        st.markdown(visit.words(f"{key}body"))


def explain_numbers(visit: Visit) -> None:
    """Folded texts: how to read the figure, and where the homework errs about its network."""
    words = visit.words
    with st.expander(words("explain.numbers_title"), icon=":material/help:"):
        st.markdown(words("explain.numbers"))
    if visit.network.info.is_homework:
        with st.expander(words("wrong.title"), icon=":material/edit_note:"):
            st.markdown(words("wrong.body"))
