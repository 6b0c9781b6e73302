"""The slider, the button and one layer, alone and over the photograph; these alone are drawn in playing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from page.choice.past import remember_past
from page.choice.session import choose, close_address, keep_choice, read_choice
from page.choice.settle import Settled
from page.visit import Visit
from page.widgets.errors import tell_failures
from page.widgets.figure import draw_figure, draw_notes, draw_photo, explain_numbers
from page.widgets.finite import keep_finite
from page.widgets.report import draw_report
from page.widgets.settings import draw_neighbour
from page.widgets.taken import Taken, show_panels, show_photo
from viz.figures.heatmaps import draw_alone_and_over, shorten_name
from viz.figures.layout import Grid, arrange_panels
from viz.figures.pieces import Panel
from viz.reports.shown import Items

STEP_S = 1.0
CONTROLS_HEIGHT = 112  # pixels of the screen


def draw_layer_by_layer(visit: Visit) -> None:
    """Draw the slider, the button and one layer."""
    words, screen, network = visit.words, visit.screen, visit.network
    line = "page.line_depth_still" if screen.still else "page.line_depth"
    visit.status.say(words(line, network=network.title, count=len(network.layers)))
    grid = arrange_panels(2, screen.width, screen.height - CONTROLS_HEIGHT, visit.picture.aspect)
    slot = st.empty()
    if not visit.memory.begun:  # there is nothing to show meanwhile
        with slot:
            draw_photo(visit, visit.picture, grid)
    heatmaps = visit.get_heatmaps()
    visit = keep_finite(visit, heatmaps, "depth")
    panels = visit.choose_panels(heatmaps, list(visit.network.layers))
    timed = visit.memory.playing and not screen.still
    draw_step = st.fragment(_draw_step, run_every=STEP_S if timed else None)
    slot.empty()
    draw_step(visit, timed, dict(zip(visit.network.names, panels, strict=True)), grid)
    keys = [] if visit.choice.present or screen.still else [words("depth.note")]
    draw_notes([*keys, *visit.list_notes(heatmaps, [])])
    explain_numbers(visit)


def _draw_step(visit: Visit, timed: bool, panels: dict[str, Panel], grid: Grid) -> None:
    """One layer; when it is timed, the next one.

    Streamlit gives a clock to this part of the page, or takes it away, in a run of the whole page only.
    """
    memory, names, still = visit.memory, list(panels), visit.screen.still
    depth = str(read_choice().depth)
    if (memory.playing and not still) != timed:
        st.rerun()
    if timed:
        place = (names.index(depth) + 1) % len(names)
        depth, memory.playing = names[place], place < len(names) - 1
        choose({"depth": depth})
    keep_choice(Settled(visit.choice.change({"depth": depth}), visit.known))
    with tell_failures(visit.words, "depth"):
        _draw_controls(visit, names, depth)
        look = visit.choose_look(overlay=True)
        alone, title = panels[depth], visit.words("depth.over", name=shorten_name(depth))
        figure = draw_alone_and_over(visit.picture.photo, alone, replace(alone, title=title), look, grid)
        draw_figure(visit, figure, "depth_map", visit.describe_maps("panel.alt_depth", layer=depth))
        if not memory.playing:
            draw_report(_take(visit, depth, alone, figure))
    remember_past()
    close_address()


def _take(visit: Visit, depth: str, panel: Panel, figure: Any) -> Taken:
    """The map of the layer alone, and the interactive figure of it and of it over the photograph."""
    layers = [visit.network.find(depth)]

    def list_items() -> Items:
        photo = show_photo(visit.picture, visit.words("picture.panel"))
        return [photo, *show_panels([panel], layers, visit.picture, visit.choose_look(overlay=False))]

    plain = visit.see(visit.choice.change({"overlay": False, "depth": depth}))
    return Taken(plain, layers, list_items, lambda: [figure])


def _draw_controls(visit: Visit, names: list[str], depth: str) -> None:
    still = visit.screen.still

    def turn(depth: str | None = None, playing: bool = False) -> None:
        visit.memory.playing = playing
        choose({} if depth is None else {"depth": depth})

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if not still:  # nothing moves by itself where the visitor's browser asks for that
            _draw_play(visit, partial(turn, playing=not visit.memory.playing))
        if still or visit.choice.present:
            place = names.index(depth)
            for step, label in ((-1, "depth.previous"), (1, "depth.next")):
                there = 0 <= place + step < len(names)
                lead = partial(turn, names[place + step]) if there else None
                draw_neighbour(visit.words, label, step, lead)
        st.select_slider(visit.words("depth.layer"), names, key="depth", on_change=turn)


def _draw_play(visit: Visit, turn: Callable[[], None]) -> None:
    playing = visit.memory.playing
    st.button(
        visit.words("depth.pause" if playing else "depth.play"),
        key="play",
        icon=":material/pause:" if playing else ":material/play_arrow:",
        on_click=turn,
        width="content",
    )
