"""The photograph on which the visitor can draw a box, and the box in numbers."""

from dataclasses import replace

import streamlit as st

from page.browser.screen import Screen
from page.picture import Picture
from page.settings import SETTINGS
from page.texts import translate
from page.widgets import draw_figure
from viz.figures.layout import BAR_HEIGHT, NARROW, arrange_panels
from viz.figures.marked import draw_selectable_photo
from viz.pictures.frame import Box

PHOTO_HEIGHT = 218  # with its title; the first claim has to stand on the same screen
PHONE_HEIGHT = 340
PHOTO_WIDTH = 400


def fit_box(picture: Picture) -> Box | None:
    """The visitor's box, cut at the picture's edges."""
    state = st.session_state
    if state["box"] is None:
        return None
    height, width = picture.size
    left, top, right, bottom = state["box"]
    state["box"] = (left, top, min(right, width), min(bottom, height))
    if left >= width or top >= height:
        state["box"] = None
    fitted: Box | None = state["box"]
    return fitted


def draw_photo(picture: Picture, box: Box | None, screen: Screen) -> None:
    """Draw the photograph; dragging on it draws a box once the visitor has said so."""
    narrow = screen.width < NARROW
    width = min(screen.width * (1 if narrow else 0.34), PHOTO_WIDTH)  # of its column
    grid = arrange_panels(1, width, PHONE_HEIGHT if narrow else PHOTO_HEIGHT, picture.aspect)
    grid = replace(grid, height=grid.height - BAR_HEIGHT)  # there is no colour bar
    drawing = bool(st.session_state.get("drawing"))
    selection = {"on_select": _take_box, "selection_mode": "box"} if drawing else {}
    draw_figure(
        draw_selectable_photo(picture.photo, box, grid, drawing),
        "boxed",
        translate("measure.alt_box" if drawing else "measure.alt_photo", photo=picture.alt),
        width=int(width),
        config={"displayModeBar": False},
        **selection,
    )


def draw_box_controls(picture: Picture, box: Box | None) -> None:
    """Draw the switch that lets dragging draw a box, and the box in numbers."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.toggle(translate("measure.drawing"), key="drawing", help=translate("measure.drawing_help"))
        _draw_typed_box(picture, box)
        if box is not None:
            st.button(
                translate("measure.remove_box"),
                key="remove_box",
                on_click=lambda: st.session_state.update(box=None),
            )


def _take_box() -> None:
    """Keep what was drawn; a chart that is drawn anew reports an empty selection, which says nothing."""
    boxes = st.session_state["boxed"]["selection"]["box"]
    if boxes:
        across, down = sorted(boxes[0]["x"]), sorted(boxes[0]["y"])
        drawn = tuple(max(0, round(edge)) for edge in (across[0], down[0], across[-1], down[-1]))
        if drawn[0] < drawn[2] and drawn[1] < drawn[3]:
            # One box is one press: a photograph that dragging draws on keeps a phone from scrolling.
            st.session_state.update(box=drawn, drawing=False)


def _draw_typed_box(picture: Picture, box: Box | None) -> None:
    """The box in numbers, for those who cannot draw it; what is no box stays there to be mended."""
    state = st.session_state
    if box is not None:
        state["_typed_box"] = ""
    typed = state.setdefault("_typed_box", "")
    state["box_text"] = typed if box is None else ", ".join(map(str, box))
    st.text_input(
        translate("measure.type_box"),
        key="box_text",
        on_change=_take_typed_box,
        placeholder=translate("measure.type_box_example"),
        help=translate("measure.type_box_help"),
    )
    if typed and box is None:
        height, width = picture.size
        st.error(translate("measure.no_box", width=width, height=height))


def _take_typed_box() -> None:
    state = st.session_state
    text = state["_typed_box"] = state["box_text"].strip()
    try:
        state["box"] = SETTINGS["box"].read([text.replace("，", ",")])
    except ValueError:
        state["box"] = None
