"""The photograph on which the visitor can draw a box, and the box in numbers."""

from dataclasses import replace

import streamlit as st

from page.choice.choice import SETTINGS
from page.choice.session import choose, read_widget, remember, write_widget
from page.visit import Visit
from page.widgets.figure import PLAIN, draw_figure
from viz.figures.layout import BAR_HEIGHT, NARROW, arrange_panels
from viz.figures.marked import draw_selectable_photo
from viz.pictures.frame import Box

PHOTO_HEIGHT = 218  # with its title; the first claim has to stand on the same screen
PHONE_HEIGHT = 340
PHOTO_WIDTH = 400


def find_box(visit: Visit) -> Box | None:
    """The visitor's box."""
    if visit.choice.box is None:
        return None
    left, top, right, bottom = visit.choice.box
    return left, top, right, bottom


def draw_photo(visit: Visit, box: Box | None) -> None:
    """Draw the photograph; dragging on it draws a box once the visitor has said so."""
    picture, narrow = visit.picture, visit.screen.width < NARROW
    width = min(visit.screen.width * (1 if narrow else 0.34), PHOTO_WIDTH)  # of its column
    grid = arrange_panels(1, width, PHONE_HEIGHT if narrow else PHOTO_HEIGHT, picture.aspect)
    grid = replace(grid, height=grid.height - BAR_HEIGHT)  # there is no colour bar
    drawing = bool(read_widget("drawing"))
    selection = {"on_select": _take_box, "selection_mode": "box"} if drawing else {}
    figure = draw_selectable_photo(picture.photo, box, grid, drawing)
    alt = visit.words("measure.alt_box" if drawing else "measure.alt_photo", photo=picture.alt)
    draw_figure(visit, figure, "boxed", alt, width=width, config=PLAIN, **selection)


def draw_box_controls(visit: Visit, box: Box | None) -> None:
    """Draw the switch that lets dragging draw a box, and the box in numbers."""
    words = visit.words
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.toggle(words("measure.drawing"), key="drawing", help=words("measure.drawing_help"))
        _draw_typed_box(visit, box)
        if box is not None:
            st.button(words("measure.remove_box"), key="remove_box", on_click=choose, args=({"box": None},))


def _take_box() -> None:
    """Keep what was drawn; a chart that is drawn anew reports an empty selection, which says nothing."""
    boxes = read_widget("boxed")["selection"]["box"]
    if boxes:
        across, down = sorted(boxes[0]["x"]), sorted(boxes[0]["y"])
        drawn = tuple(max(0, round(edge)) for edge in (across[0], down[0], across[-1], down[-1]))
        if drawn[0] < drawn[2] and drawn[1] < drawn[3]:
            # One box is one press: a photograph that dragging draws on keeps a phone from scrolling.
            choose({"box": drawn})
            write_widget("drawing", False)


def _draw_typed_box(visit: Visit, box: Box | None) -> None:
    """The box in numbers, for those who cannot draw it; what is no box stays there to be mended."""
    words, memory = visit.words, visit.memory
    if box is not None:
        memory.typed_box = ""
    write_widget("box_text", memory.typed_box if box is None else ", ".join(map(str, box)))
    st.text_input(
        words("measure.type_box"),
        key="box_text",
        on_change=_take_typed_box,
        placeholder=words("measure.type_box_example"),
        help=words("measure.type_box_help"),
    )
    if memory.typed_box and box is None:
        height, width = visit.picture.size
        st.error(words("measure.no_box", width=width, height=height))


def _take_typed_box() -> None:
    text = remember().typed_box = str(read_widget("box_text")).strip()
    try:
        choose({"box": SETTINGS["box"].read([text.replace("，", ",")])})
    except ValueError:
        choose({"box": None})
