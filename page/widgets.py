"""Widgets of settings, in the visitor's language.

A widget's label stands in the catalogues; the text behind its question mark, if it has one, stands under the
same key with "_help" at its end.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from page.presenting import find_factor, scale
from page.settings import SETTINGS
from page.texts import find_help, get_words, translate
from viz.figures.enlarge import enlarge


def draw_choice(widget: Callable[..., Any], key: str, label: str, names: str, **more: Any) -> None:
    """A widget that offers a setting's options.

    Args:
        widget: Such as `st.selectbox`: it takes a label and options.
        key: Of the setting.
        label: Key of the label in the catalogues.
        names: What the keys of the options' names begin with there; an option without a name shows itself.
        more: For the widget.
    """
    words = get_words()  # Streamlit may ask for an option's name outside a run of the page
    widget(
        translate(label),
        list(SETTINGS[key].options),
        format_func=lambda option: words.find(f"{names}{option}") or option,
        key=key,
        help=find_help(label),
        **more,
    )


def draw_slider(key: str, label: str, **more: Any) -> None:
    """A slider over a setting's limits; arguments as `draw_choice`."""
    least, most, step = SETTINGS[key].limits
    st.slider(translate(label), least, most, step=step, key=key, help=find_help(label), **more)


def draw_switch(key: str, label: str) -> None:
    """A switch of a setting; arguments as `draw_choice`."""
    st.toggle(translate(label), key=key, help=find_help(label))


def draw_neighbour(label: str, step: int, there: bool, on_click: Callable[[], Any]) -> None:
    """A button, also a key, that leads to what is before or behind; the key waits while the visitor types.

    Args:
        label: Key of its words in the catalogues.
        step: -1 for what is before, 1 for what is behind.
        there: Whether there is anything.
        on_click: Leads there.
    """
    st.button(
        translate(label),
        key=label.replace(".", "_"),
        on_click=on_click,
        disabled=not there,
        shortcut="Left" if step < 0 else "Right",
    )


def draw_figure(figure: Any, key: str, alt: str, **more: Any) -> None:
    """A Plotly figure, its buttons in the visitor's language and without an advertisement.

    Args:
        figure: From `viz.figures`.
        key: Of the chart.
        alt: Alternative text, for those who do not see it.
        more: For `st.plotly_chart`, and settings of Plotly as `config`.
    """
    dictionary = {word: translate(f"modebar.{name}") for name, word in MODEBAR.items()}
    locale = get_words().language
    if "width" in more:
        more["width"] = scale(more["width"])
    config = {
        "displaylogo": False,
        "locale": locale,
        "locales": {locale: {"moduleType": "locale", "name": locale, "dictionary": dictionary, "format": {}}},
    }
    figure = enlarge(figure, find_factor())
    st.plotly_chart(figure, key=key, theme=None, alt=alt, config=config | more.pop("config", {}), **more)


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
