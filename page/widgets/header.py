"""The title, the views, and the way back."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from page.choice.choice import Choice
from page.choice.past import can_undo, reset, undo
from page.widgets.presenting import draw_presenting
from page.widgets.settings import HIDDEN, draw_choice
from viz.texts import Translate


def draw_header(words: Translate, choice: Choice, title: str, views: Mapping[str, object]) -> Any:
    """Draw the title and the views; returns the place of what a presenter folds away."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if not choice.present:
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
                st.markdown(f"# {title}", width="content")
                _draw_ways_back(words, choice)
        labels = {key: words(f"view.{key}") for key in views}
        draw_choice(words, st.segmented_control, "view", "view.label", labels, **HIDDEN)
        folded = st.container(horizontal=True, width="content", gap="xsmall")
        if choice.present:
            draw_presenting(words)
    return folded


def _draw_ways_back(words: Translate, choice: Choice) -> None:
    """Two buttons: one takes the last choice back, one all of them. Their words are for the pointer alone."""
    for key, icon, act, is_idle in (
        ("undo", "undo", undo, not can_undo(choice)),
        ("reset", "restart_alt", reset, False),
    ):
        st.button(
            words(f"page.{key}"),
            key=key,
            icon=f":material/{icon}:",
            type="tertiary",
            help=words(f"page.{key}_help"),
            on_click=act,
            disabled=is_idle,
        )
