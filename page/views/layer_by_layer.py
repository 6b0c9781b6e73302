"""The view "Layer by layer": all layers over the photograph, one after the other."""

from functools import partial

import streamlit as st

from page.address import close_address, note_settings
from page.browser.screen import Screen
from page.maps import choose_look, choose_panels, describe_maps, get_heatmaps, list_notes
from page.networks import list_layers, name_network
from page.picture import Picture, choose_picture
from page.presenting import is_presenting
from page.status import Status, tell_failures
from page.texts import translate
from page.turns import is_first_result
from page.views.side_by_side import draw_photo, explain_numbers
from page.widgets import draw_figure, draw_neighbour
from viz.figures.heatmaps import draw_maps
from viz.figures.layout import Grid, arrange_panels
from viz.figures.pieces import Look, Panel

STEP_S = 1.0
CONTROLS_HEIGHT = 112  # pixels of the screen


def draw_layer_by_layer(screen: Screen, status: Status) -> None:
    """Draw the slider, the button and one layer; while it plays, only these are drawn again."""
    layers = list(list_layers())
    line = "page.line_depth_still" if screen.still else "page.line_depth"
    status.say(translate(line, network=name_network(), count=len(layers)))
    picture = choose_picture()
    grid = arrange_panels(1, screen.width, screen.height - CONTROLS_HEIGHT, picture.aspect)
    slot = st.empty()
    if is_first_result():
        with slot:
            draw_photo(picture, grid)
    heatmaps = get_heatmaps(picture, status)
    panels = choose_panels(picture, heatmaps, layers)
    named = {layer.name: panel for layer, panel in zip(layers, panels, strict=True)}
    timed = st.session_state.get("_playing", False) and not screen.still
    draw_step = st.fragment(_draw_step, run_every=STEP_S if timed else None)
    slot.empty()
    draw_step(timed, screen.still, picture, named, choose_look(True), grid)
    keys = [] if is_presenting() or screen.still else [translate("depth.note")]
    for note in [*keys, *list_notes(heatmaps, [])]:
        st.caption(note)
    explain_numbers()


def _draw_step(
    timed: bool, still: bool, picture: Picture, panels: dict[str, Panel], look: Look, grid: Grid
) -> None:
    """One layer; when it is timed, the next one.

    Streamlit gives a clock to this part of the page, or takes it away, in a run of the whole page only.
    """
    state, names = st.session_state, list(panels)
    if (state.get("_playing", False) and not still) != timed:
        st.rerun()
    if timed:
        place = (names.index(state["depth"]) + 1) % len(names)
        state.update(depth=names[place], _playing=place < len(names) - 1)
    with tell_failures("depth"):
        _draw_controls(names, still)
        figure = draw_maps(picture.photo, [panels[state["depth"]]], look, grid)
        alt = describe_maps("panel.alt_depth", layer=state["depth"], photo=picture.alt)
        draw_figure(figure, "depth_map", alt)
    if state.get("_playing", False):
        note_settings()  # an address a step would fill the browser's history
    else:
        close_address()


def _draw_controls(names: list[str], still: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if not still:  # nothing moves by itself where the visitor's browser asks for that
            _draw_play()
        if still or is_presenting():
            place = names.index(st.session_state["depth"])
            for step, label in ((-1, "depth.previous"), (1, "depth.next")):
                there = 0 <= place + step < len(names)
                layer = names[place + step] if there else names[place]
                lead = partial(st.session_state.update, depth=layer, _playing=False)
                draw_neighbour(label, step, there, lead)
        st.select_slider(
            translate("depth.layer"),
            names,
            key="depth",
            on_change=lambda: st.session_state.update(_playing=False),
        )


def _draw_play() -> None:
    playing = st.session_state.get("_playing", False)
    st.button(
        translate("depth.pause" if playing else "depth.play"),
        key="play",
        icon=":material/pause:" if playing else ":material/play_arrow:",
        on_click=lambda: st.session_state.update(_playing=not playing),
        width="content",
    )
