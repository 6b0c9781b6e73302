"""The title, the views, and the way into the lesson."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from page.choice.choice import Choice
from page.widgets.presenting import draw_presenting
from page.widgets.settings import HIDDEN, draw_choice, draw_preset
from viz.texts import Translate


def draw_header(words: Translate, choice: Choice, title: str, views: Mapping[str, object]) -> Any:
    """Draw the title and the views; returns the place of what a presenter folds away."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if not choice.present:
            st.markdown(f"# {title}", width="content")
        labels = {key: words(f"view.{key}") for key in views}
        draw_choice(words, st.segmented_control, "view", "view.label", labels, **HIDDEN)
        folded = st.container(horizontal=True, width="content", gap="xsmall")
        if choice.present:
            draw_presenting(words)
    return folded


def draw_lesson_link(words: Translate) -> None:
    """A button that opens the lesson."""
    values = {"view": "lesson"}
    draw_preset(words, "open_lesson", "lesson.link", values, icon=":material/school:", type="tertiary")
