"""How maps are drawn: the row of controls above the figure."""

import streamlit as st

from page.evidence import has_classes
from page.presenting import scale
from page.second_row import draw_beside_controls
from page.texts import translate
from page.widgets import draw_choice, draw_slider, draw_switch

# Which of the controls act in a view. Look-alikes have colours and a range of their own.
ACTING = {
    "compare": ("colors", "range", "overlay", "beside"),
    "depth": ("colors", "range"),
    "maps": ("colors", "range", "overlay", "field"),
    "alike": ("overlay", "field"),
    "channels": ("colors",),
    "classes": ("colors", "range", "overlay"),
}


def draw_look(folded: bool = False) -> None:
    """Draw what acts in the visitor's view; nothing where no control does.

    Args:
        folded: Whether all of it stands behind one button.
    """
    state = st.session_state
    shown = state["show"] if state["view"] == "probe" else state["view"]
    if shown not in ACTING or (shown == "classes" and not has_classes()):
        return
    acting = ACTING[shown]
    if folded:
        with st.popover(translate("look.more"), icon=":material/tune:"):
            _draw_row(acting)
            if "beside" in acting:
                draw_beside_controls()
            _draw_more(acting)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="look"):
        _draw_row(acting)
        with st.popover(translate("look.more"), icon=":material/tune:"):
            _draw_more(acting)
        if "beside" in acting:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
                draw_beside_controls()


def _draw_row(acting: tuple[str, ...]) -> None:
    bare = {"label_visibility": "collapsed"}
    if "colors" in acting:
        draw_choice(st.selectbox, "colors", "look.colors", "look.", width=scale(130), **bare)
    if "range" in acting:
        draw_choice(st.selectbox, "range", "look.range", "look.range_", width=scale(200), **bare)
    if "overlay" in acting:
        draw_switch("overlay", "look.overlay")
    if "field" in acting:
        draw_switch("field", "probe.field")


def _draw_more(acting: tuple[str, ...]) -> None:
    unused = "overlay" in acting and not st.session_state["overlay"]
    draw_slider("opacity", "look.opacity", disabled=unused)
    draw_switch("smooth", "look.smooth")
    for name in ("colors", "range"):
        if name in acting:
            st.caption(translate(f"look.{name}_help"))
