"""How maps are drawn: the row of controls above the figure."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from page.choice.choice import COMPARISONS, NOTHING, SETTINGS
from page.choice.settle import KINDS, list_others
from page.subject.network import label_network
from page.subject.subject import Subject
from page.widgets.presenting import scale
from page.widgets.settings import draw_choice, draw_slider, draw_switch
from viz.maps.aggregations import name_aggregation

HIDDEN: dict[str, Any] = {"label_visibility": "collapsed"}


def draw_look(subject: Subject, acting: tuple[str, ...], folded: bool = False) -> None:
    """Draw those of the acting settings that stand here, or all of them behind one button."""
    words = subject.words
    if not set(acting) & {"colors", "range", "overlay", "field", "beside"}:
        return
    if folded:
        with st.popover(words("look.more"), icon=":material/tune:"):
            _draw_row(subject, acting)
            if "beside" in acting:
                _draw_comparison(subject)
            _draw_more(subject, acting)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="look"):
        _draw_row(subject, acting)
        with st.popover(words("look.more"), icon=":material/tune:"):
            _draw_more(subject, acting)
        if "beside" in acting:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
                _draw_comparison(subject)


def _draw_row(subject: Subject, acting: tuple[str, ...]) -> None:
    words, choice = subject.words, subject.choice
    if "colors" in acting:
        draw_choice(words, st.selectbox, "colors", "look.colors", "look.", width=scale(choice, 130), **HIDDEN)
    if "range" in acting:
        draw_choice(
            words,
            st.selectbox,
            "range",
            "look.range",
            "look.range_",
            _list_ranges(subject),
            width=scale(choice, 200),
            **HIDDEN,
        )
    if "overlay" in acting:
        draw_switch(words, "overlay", "look.overlay")
    if "field" in acting:
        draw_switch(words, "field", "probe.field")


def _list_ranges(subject: Subject) -> list[str]:
    """The ranges that differ: a single map's own is that of all."""
    chosen, shown = subject.choice.range, subject.layers
    count = len(subject.network.layers if subject.choice.view == "depth" else shown)
    unused = "" if count > 1 else "own" if chosen == "shared" else "shared"
    return [option for option in SETTINGS["range"].options if option != unused]


def _draw_more(subject: Subject, acting: tuple[str, ...]) -> None:
    unused = "overlay" in acting and not subject.choice.overlay
    draw_slider(subject.words, "opacity", "look.opacity", disabled=unused)
    draw_switch(subject.words, "smooth", "look.smooth")
    for name in ("colors", "range"):
        if name in acting:
            st.caption(subject.words(f"look.{name}_help"))


def _draw_comparison(subject: Subject) -> None:
    """Draw, in a row of widgets, what can be compared with; then what exactly, and how it is shown."""
    words, choice, kind = subject.words, subject.choice, subject.choice.beside
    if not choice.layers:
        return
    width = 190 if kind == NOTHING else 300  # so that on a small laptop the row stays one line
    # Where no layer has an activation the other side is the same.
    unused = "" if kind == "side" or subject.network.has_sides else "side"
    options = [option for option in COMPARISONS if option != unused]
    draw_choice(
        words,
        st.selectbox,
        "beside",
        "beside.label",
        "beside.with_",
        options,
        width=scale(choice, width),
        **HIDDEN,
    )
    if kind == NOTHING:
        return
    names: dict[str, Callable[[str], str]] = {
        "photo": lambda option: words(f"picture.{option}"),
        "network": lambda option: label_network(subject.catalogue.find(option), words),
        "aggregation": lambda option: name_aggregation(option, words),
    }
    if kind in KINDS:
        labels = {option: names[kind](option) for option in list_others(choice, kind, subject.known.networks)}
        how = {"width": scale(choice, 200), **HIDDEN}
        draw_choice(words, st.selectbox, f"beside_{kind}", f"beside.second_{kind}", labels, **how)
    draw_choice(
        words,
        st.selectbox,
        "beside_range",
        "beside.range",
        "beside.range_",
        width=scale(choice, 215),
        **HIDDEN,
    )
    draw_switch(words, "difference", "beside.difference")
