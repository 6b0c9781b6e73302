"""The deletion test on the page: its controls, the picture without its brightest part, table and curves."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from page.subject.network import join_names
from page.views.classes.deletion_case import KINDS, DeletionTest, Kind
from page.widgets.figure import PLAIN, draw_figure, draw_notes
from page.widgets.numbers import FAINT, write_probability
from page.widgets.progress import draw_progress
from page.widgets.settings import draw_slider
from page.widgets.table import draw_table
from page.work.queue import PASSES
from page.work.results import run_deletions
from viz.figures.evidence import DeletionChart, draw_deletion, shorten_class
from viz.figures.heatmaps import draw_panels, encode_image, shorten_name
from viz.figures.layout import BAR_HEIGHT, NARROW, arrange_panels
from viz.figures.pieces import Look, PhotoPanel
from viz.networks.layers import Layer
from viz.texts import Translate

if TYPE_CHECKING:
    from viz.evidence.deletion import Deletion, Effect

    Missing = list[tuple[Kind, Layer, list[Deletion]]]

# Of the picture without its brightest part: of the width, and pixels of the screen at most.
PICTURE_SHARE = 0.33
PICTURE_WIDTH = 340
PICTURE_HEIGHT = 330


def draw_deletion_test(test: DeletionTest) -> None:
    """Draw the controls, the picture and what is known; run the test when it is asked for."""
    words, memory = test.visit.words, test.visit.memory
    taken, memory.erases = memory.erases, None
    st.markdown(f"## {words('erase.title')}")
    missing = test.list_missing()
    count = sum(len(deletions) for _, _, deletions in missing)
    left, right = st.columns([1 - PICTURE_SHARE, PICTURE_SHARE], gap="medium")
    with left:
        st.markdown(words("erase.body"))
        draw_slider(words, "erase", "erase.share", format="%d%%")
        place = st.empty()
        with place.container():
            asked = count > 0 and (_offer(test, count) or taken is not None)
        draw_notes(_list_notes(test))
    with right:
        _draw_picture(test)
    if effects := test.find_effects():
        _draw_table(test, effects)
        _draw_curves(test, effects)
    if asked:
        _run(test, missing, taken or (0, 0.0), place)


def _list_notes(test: DeletionTest) -> list[str]:
    """What the test cannot tell."""
    words, notes = test.visit.words, []

    def name_maps(applies: Callable[[Kind, Layer], bool]) -> str:
        pairs = ((layer, kind) for layer in test.layers for kind in KINDS if applies(kind, layer))
        return join_names([f"{layer.name} ({name_kind(test, kind)})" for layer, kind in pairs], words)

    if flat := name_maps(test.is_flat):
        notes.append(words("erase.flat", maps=flat))
    if scattered := name_maps(test.is_scattered):
        notes.append(words("erase.scattered", share=f"{test.share:.0%}", maps=scattered))
    if test.probability < FAINT:
        notes.append(words("erase.faint", share=write_probability(test.probability)))
    return notes


def name_kind(test: DeletionTest, kind: Kind) -> str:
    """What the page calls a kind of map, such as "LayerCAM"."""
    return test.visit.words("erase.mean" if kind == "mean" else f"classes.method_{test.visit.choice.method}")


def write_area(area: float) -> str:
    """The area under a curve of probabilities; of a small one, two digits."""
    return f"{area:.3f}" if area >= FAINT else f"{area:.2g}"


def _offer(test: DeletionTest, count: int) -> bool:
    return st.button(
        test.visit.words("erase.run", count=count),
        key="run_erase",
        icon=":material/ink_eraser:",
        help=test.visit.words("erase.run_help", network=test.visit.network.title),
    )


def _run(test: DeletionTest, missing: "Missing", taken: tuple[int, float], place: Any) -> None:
    """Make the passes of the next map one by one, and show how far all are.

    Then the page is drawn anew, with this map in the table above, and goes on. Whatever the visitor does
    meanwhile ends it: the progress is a Streamlit command, at which Streamlit stops the run. What is known by
    then is kept.

    Args:
        test: The test.
        missing: What is to be computed.
        taken: Passes and seconds that the maps before have taken.
        place: Where the progress stands.
    """
    visit, (done, spent) = test.visit, taken
    start, count = time.monotonic() - spent, done + sum(len(deletions) for _, _, deletions in missing)
    kind, layer, deletions = missing[0]
    how = test.classes.picture.framed, visit.network.model, test.classes.chosen
    passes, found = run_deletions(*how, test.spread(kind, layer), deletions), test.open(kind)
    for _ in deletions:
        draw_progress(place, visit.words, "erase.running_", done, count, time.monotonic() - start)
        turn = PASSES.take_turn(visit.status.say_wait, next, passes)
        deletion, outcome = turn.result()
        found[deletion] = outcome
        done += 1
    visit.memory.erases = (done, time.monotonic() - start) if missing[1:] else None
    st.rerun()


def _draw_picture(test: DeletionTest) -> None:
    """The photograph without the brightest part of the deepest class map: that takes no pass."""
    from viz.evidence.deletion import blur_picture, erase, mask_brightest

    layers = [layer for layer in test.layers if not test.is_flat("class", layer)]
    if not layers:
        return
    layer, picture, screen, words = layers[-1], test.classes.picture, test.visit.screen, test.visit.words
    mask = mask_brightest(test.spread("class", layer), test.share)
    shown = erase(picture.pixels, blur_picture(picture.pixels), mask)
    height, width = picture.size
    facts = {"share": f"{test.share:.0%}", "layer": shorten_name(layer.name)}
    photo = PhotoPanel(encode_image(Image.fromarray(shown)), width, height, words("erase.picture", **facts))
    room = min(screen.width if screen.width < NARROW else screen.width * PICTURE_SHARE, PICTURE_WIDTH)
    grid = arrange_panels(1, room, PICTURE_HEIGHT, picture.aspect)
    grid = replace(grid, height=grid.height - BAR_HEIGHT)  # there is no colour bar
    figure, alt = draw_panels(photo, [], Look(), grid), words("erase.picture_alt", **facts)
    draw_figure(test.visit, figure, "erased", alt, width=room, config=PLAIN)


def _draw_table(test: DeletionTest, effects: "Mapping[tuple[str, Kind], Effect]") -> None:
    words = test.visit.words
    columns = ("layer", "map", "more", "before", "after", "elsewhere", "disc", "area")
    rows = [
        [name, name_kind(test, kind), *_write_effect(effect, words)]
        for (name, kind), effect in effects.items()
    ]
    draw_table("erased_maps", [words(f"erase.column_{column}") for column in columns], rows, range(3, 8))
    overlap = max(effect.overlap for effect in effects.values())
    st.caption(words("erase.note", overlap=f"{overlap:.0%}"))


def _write_effect(effect: "Effect", words: Translate) -> list[str]:
    count, places, elsewhere = effect.beaten, len(effect.elsewhere), effect.elsewhere
    low, mean, high = map(write_probability, (min(elsewhere), float(np.mean(elsewhere)), max(elsewhere)))
    key = "erase.more_and_disc" if effect.beats_disc else "erase.more_not_disc"
    more = words(key, count=count, places=places)
    return [
        f"**{more}**" if count == places and effect.beats_disc else more,
        write_probability(effect.before),
        write_probability(effect.after),
        f"{mean} ({low}–{high})",
        write_probability(effect.disc),
        write_area(effect.area),
    ]


def _draw_curves(test: DeletionTest, known: "Mapping[tuple[str, Kind], Effect]") -> None:
    from viz.evidence.deletion import CURVE

    words, charts = test.visit.words, []
    for layer in test.layers:
        curves = {kind: known[layer.name, kind] for kind in KINDS if (layer.name, kind) in known}
        if curves:
            areas = " · ".join(f"{name_kind(test, kind)} {write_area(curves[kind].area)}" for kind in curves)
            title = f"<b>{shorten_name(layer.name)}</b><br>{words('erase.areas', areas=areas)}"
            charts.append(DeletionChart(title, {kind: effect.curve for kind, effect in curves.items()}))
    name = shorten_class(test.classes.names[test.classes.chosen])
    st.markdown(f"**{words('erase.curves', name=name)}**")
    kinds: dict[str, str] = {kind: name_kind(test, kind) for kind in KINDS}
    figure = draw_deletion(charts, CURVE, kinds, test.visit.screen.width)
    alt = words("erase.alt", name=name, layers=", ".join(layer.name for layer in test.layers))
    draw_figure(test.visit, figure, "deletion", alt, config=PLAIN)
