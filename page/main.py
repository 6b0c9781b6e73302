"""The whole page, one run of it from top to bottom."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from page.address import close_address, open_address
from page.beside import settle_beside
from page.browser.screen import Screen, find_screen
from page.look import draw_look
from page.networks import is_known, name_network, open_own, settle_layers, settle_network
from page.presenting import draw_presenting, find_factor, is_presenting
from page.settings import current_settings
from page.sidebar import draw_sidebar, draw_top
from page.status import Status, tell_failures
from page.texts import get_words, translate
from page.views.classes import draw_classes
from page.views.layer_by_layer import draw_layer_by_layer
from page.views.lesson import draw_lesson, draw_lesson_link, settle_lesson
from page.views.measured import draw_measured
from page.views.point_at_it import draw_point_at_it
from page.views.side_by_side import draw_side_by_side
from page.widgets import draw_choice

DRAW = {
    "compare": draw_side_by_side,
    "depth": draw_layer_by_layer,
    "measure": draw_measured,
    "probe": draw_point_at_it,
    "classes": draw_classes,
    "lesson": draw_lesson,
}
ICON = Path(__file__).parent.parent / "assets" / "icon.png"  # Streamlit would fetch a named icon from outside
STYLE = Path(__file__).parent / "style.css"
SIDEBAR_WIDTH = 336


def draw_page(arguments: Sequence[str] = ()) -> None:
    """Read the address, draw everything, write the address.

    Args:
        arguments: What whoever started the server wrote behind `--`, as `viz.networks.own` reads it.
    """
    open_address()
    st.session_state.update(st.session_state.pop("_pending", {}))
    open_own(arguments)
    settle_network()
    settle_lesson()
    settle_beside()
    title = translate("page.title", network=name_network())
    st.set_page_config(
        page_title=title, page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR_WIDTH
    )
    st.html(STYLE)
    draw_top()
    folded = _draw_header(title)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        status = Status()
        if st.session_state["view"] == "compare" and not is_presenting():
            draw_lesson_link()
    if not is_known():
        status.load(st.session_state["network"])
    settle_layers()
    draw_sidebar()
    if is_presenting():
        with folded:
            draw_look(folded=True)
    else:
        draw_look()
    _draw_view(status)
    close_address()


def _set_variables(screen: Screen) -> None:
    """What the style sheet cannot know."""
    button, limits = translate("picture.uploader_button"), translate("picture.uploader_limits")
    words = f'--uploader-button: "{button}"; --uploader-limits: "{limits}"'
    st.html(f"<style>:root {{ {words}; --figure-width: {find_factor() * screen.width:.0f} }}</style>")


def _draw_header(title: str) -> Any:
    """Draw the title and the views; returns the place of what a presenter folds away."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if not is_presenting():
            st.markdown(f"##### {title}", width="content")
        hidden = {"required": True, "label_visibility": "collapsed"}
        draw_choice(st.segmented_control, "view", "view.label", "view.", **hidden)
        folded = st.container(width="content")
        if is_presenting():
            draw_presenting()
    return folded


def _show_notice() -> None:
    """Say what failed, until the visitor's next choice: the page may run again by itself before."""
    state = st.session_state
    sentence, settings = state.get("_notice", ("", None))
    if not sentence:
        return
    if settings not in (None, current_settings()):
        del state["_notice"]
        return
    state["_notice"] = (sentence, current_settings())
    st.error(sentence, icon=":material/cloud_off:")


def _draw_view(status: Status) -> None:
    view = st.session_state["view"]
    place = f"{view} {st.session_state['step']}" if view == "lesson" else view
    screen = find_screen(get_words().language, place, find_factor())
    _set_variables(screen)
    _show_notice()
    if view != "depth":
        st.session_state["_playing"] = False
    with tell_failures(view):
        DRAW[view](screen, status)
