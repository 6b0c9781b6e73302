"""The whole page, one run of it from top to bottom."""

import logging
from pathlib import Path

import streamlit as st

from page.address import close_address, open_address
from page.browser.screen import Screen, find_screen
from page.sidebar import draw_sidebar
from page.status import Status
from page.views.measured import draw_measured
from page.views.point_at_it import draw_point_at_it
from page.views.side_by_side import draw_side_by_side
from page.views.through_the_depth import draw_through_the_depth
from page.widgets import draw_choice
from viz.texts import Translate

DRAW = {
    "compare": draw_side_by_side,
    "depth": draw_through_the_depth,
    "measure": draw_measured,
    "probe": draw_point_at_it,
}
ICON = Path(__file__).parent.parent / "assets" / "icon.png"  # Streamlit would fetch a named icon from outside
STYLE = Path(__file__).parent / "style.css"
SIDEBAR_WIDTH = 336


def draw_page() -> None:
    """Read the address, draw everything, write the address."""
    open_address()
    st.session_state.update(st.session_state.pop("_pending", {}))
    translate = Translate(st.session_state["lang"])
    st.set_page_config(
        page_title=translate("page.title"),
        page_icon=str(ICON),
        layout="wide",
        initial_sidebar_state=SIDEBAR_WIDTH,
    )
    st.html(STYLE)
    draw_sidebar(translate)
    _draw_header(translate)
    _draw_view(translate)
    close_address()


def _set_variables(screen: Screen, translate: Translate) -> None:
    """What the style sheet cannot know."""
    button, limits = translate("picture.uploader_button"), translate("picture.uploader_limits")
    words = f'--uploader-button: "{button}"; --uploader-limits: "{limits}"'
    st.html(f"<style>:root {{ {words}; --figure-width: {screen.width:.0f} }}</style>")


def _draw_header(translate: Translate) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"#### {translate('page.title')}", width="content")
        hidden = {"required": True, "label_visibility": "collapsed"}
        draw_choice(st.segmented_control, "view", "view.label", "view.", translate, **hidden)


def _draw_view(translate: Translate) -> None:
    status = Status(translate)
    screen = find_screen(translate.language)
    _set_variables(screen, translate)
    if notice := st.session_state.pop("_notice", None):
        st.error(notice, icon=":material/cloud_off:")
    view = st.session_state["view"]
    if view != "depth":
        st.session_state["_playing"] = False
    try:
        DRAW[view](screen, status, translate)
    except Exception:  # nobody foresaw it: the log gets the traceback, the visitor a plain sentence
        logging.getLogger(__name__).exception("the view %s failed", view)
        st.error(translate("page.bug"), icon=":material/error:")
