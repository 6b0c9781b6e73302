"""The whole page, from top to bottom."""

import logging
from pathlib import Path

import streamlit as st

from views.address import VIEWS, close_address, open_address
from views.compare import draw_compare
from views.depth import draw_depth
from views.measure import draw_measure
from views.probe import draw_probe
from views.screen import measure_screen
from views.sidebar import draw_sidebar
from views.status import Status
from views.texts import Translate, make_translate

DRAW = {"compare": draw_compare, "depth": draw_depth, "measure": draw_measure, "probe": draw_probe}
ICON = Path(__file__).parent.parent / "assets" / "icon.png"  # Streamlit would fetch a named icon from outside
SIDEBAR_WIDTH = 336

# Streamlit's margins leave a third of a laptop's screen empty, its charts' texts are too pale to read, and
# the words in its uploader are English whatever the page's language is.
STYLE = """
<style>
[data-testid="stMainBlockContainer"] {{ padding: 3.9rem 2rem 2rem; }}
[data-testid="stSidebarHeader"] {{ height: 2.5rem; margin-bottom: 0; padding-bottom: 0; }}
.stPlotlyChart :is(.annotation, .legend, .colorbar, .slider-group, .updatemenu-container) text
  {{ fill: currentColor !important; }}
.stPlotlyChart .updatemenu-item-rect {{ fill: transparent !important; }}
[data-testid="stFileUploaderDropzone"] button p,
[data-testid="stFileUploaderDropzoneInstructions"] span {{ font-size: 0; }}
[data-testid="stFileUploaderDropzone"] button p::after {{ content: "{button}"; font-size: 1rem; }}
[data-testid="stFileUploaderDropzoneInstructions"] span::after {{ content: "{limits}"; font-size: 0.875rem; }}
@media (max-width: 640px) {{ [data-testid="stMainBlockContainer"] {{ padding: 3.75rem 0.75rem 1rem; }} }}
</style>
"""


def draw_page() -> None:
    """One run of the script: read the address, draw everything, write the address."""
    open_address()
    state = st.session_state
    state.update(state.pop("_pending", {}))
    translate = make_translate(state["lang"])
    st.set_page_config(
        page_title=translate("page.title"),
        page_icon=str(ICON),
        layout="wide",
        initial_sidebar_state=SIDEBAR_WIDTH,
    )
    st.html(
        STYLE.format(button=translate("picture.uploader_button"), limits=translate("picture.uploader_limits"))
    )
    draw_sidebar(translate)
    _draw_main(translate)
    close_address()


def _draw_main(translate: Translate) -> None:
    _draw_header(translate)
    status = Status(translate)
    screen = measure_screen()
    if notice := st.session_state.pop("_notice", None):
        st.error(notice, icon=":material/cloud_off:")
    try:
        DRAW[st.session_state["view"]](screen, status, translate)
    except Exception:  # nobody foresaw it: the log gets the traceback, the visitor a plain sentence
        logging.getLogger(__name__).exception("the view %s failed", st.session_state["view"])
        st.error(translate("page.bug"), icon=":material/error:")


def _draw_header(translate: Translate) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"#### {translate('page.title')}", width="content")
        st.segmented_control(
            translate("view.label"),
            VIEWS,
            format_func=lambda view: translate(f"view.{view}"),
            key="view",
            required=True,
            label_visibility="collapsed",
        )
