"""The erase test: what is left of a class's probability where the brightest part of a map is blurred away."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from page.browser.screen import Screen
from page.cache import open_erasures, run_erasures
from page.evidence import Asked, list_classes
from page.networks import join_names, name_network
from page.picture import Picture
from page.status import Status
from page.texts import translate
from page.turns import places, wait_for
from page.widgets import draw_figure, draw_slider
from viz.figures.evidence import DeletionChart, draw_deletion, shorten_class
from viz.figures.heatmaps import draw_panels, encode_image, shorten_name
from viz.figures.layout import BAR_HEIGHT, NARROW, arrange_panels
from viz.figures.pieces import Look, PhotoPanel
from viz.maps.cells import lay_cells
from viz.networks.layers import Layer

if TYPE_CHECKING:
    from viz.evidence.deletion import Deletion, Effect

Kind = Literal["mean", "class"]
# Of the erased photograph: of the width, and pixels of the screen at most.
PICTURE_SHARE = 0.33
PICTURE_WIDTH = 340
PICTURE_HEIGHT = 330
FAINT = 0.01  # probability of a class that has little to lose
LEAST_WRITTEN = 1e-6
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class EraseTest:
    """What is erased, and in which picture.

    Attributes:
        evidence: The photograph.
        asked: The class.
        probability: Of the class, with nothing erased.
        maps: By kind and layer name, each [h, w].
        layers: Those that are shown.
    """

    evidence: Picture
    asked: Asked
    probability: float
    maps: Mapping[Kind, Mapping[str, NDArray[Any]]]
    layers: list[Layer]

    @property
    def share(self) -> float:
        """Of the picture that is erased, 0..1."""
        return float(st.session_state["erase"]) / 100

    def open(self, kind: Kind) -> "dict[Deletion, float]":
        """The probabilities that are known, by what is erased in maps of this kind."""
        from viz.evidence.deletion import Deletion

        method, against = (None, None) if kind == "mean" else (st.session_state["method"], self.asked.against)
        place = st.session_state["network"], self.asked.chosen, method or "mean", against
        found = open_erasures(self.evidence.key, *place)
        found.setdefault(Deletion(None, 0.0), self.probability)  # the prediction was a pass, too
        return found

    def is_flat(self, kind: Kind, layer: Layer) -> bool:
        """Whether a map is the same everywhere, so that nothing of it is brightest."""
        return bool(np.ptp(self.maps[kind][layer.name]) == 0)

    def is_scattered(self, kind: Kind, layer: Layer) -> bool:
        """Whether a map lights up less than is erased, so that chance chooses the rest."""
        from viz.evidence.deletion import measure_lit

        if not 0 < measure_lit(self.maps[kind][layer.name]) < self.share:
            return False  # between its cells a map only gains
        return measure_lit(self.spread(kind, layer)) < self.share

    def list_missing(self) -> "list[tuple[Kind, Layer, list[Deletion]]]":
        """What has still to be computed, map after map."""
        from viz.evidence.deletion import list_deletions

        missing = []
        for kind in KINDS:
            known = set(self.open(kind))
            for layer in self.layers:
                if self.is_flat(kind, layer):
                    continue
                erasures = [other for other in list_deletions(layer.name, self.share) if other not in known]
                known.update(erasures)
                if erasures:
                    missing.append((kind, layer, erasures))
        return missing

    def spread(self, kind: Kind, layer: Layer) -> NDArray[np.float64]:
        """A map laid over the picture."""
        from viz.evidence.deletion import spread_over_picture

        values, size = self.maps[kind][layer.name], self.evidence.size
        return spread_over_picture(values, lay_cells(layer, values.shape, *size), *size)

    def find_effect(self, kind: Kind, layer: Layer) -> "Effect | None":
        """The result of one map; None until all of it is known."""
        from viz.evidence.deletion import list_deletions, summarize

        found = dict(self.open(kind))
        if not set(list_deletions(layer.name, self.share)) <= set(found):
            return None
        return summarize(layer.name, self.share, found)


def draw_erase_test(test: EraseTest, screen: Screen, status: Status) -> None:
    """Draw the controls, the erased photograph and what is known; run the test when it is asked for."""
    st.markdown(f"##### {translate('erase.title')}")
    missing = test.list_missing()
    count = sum(len(erasures) for _, _, erasures in missing)
    left, right = st.columns([1 - PICTURE_SHARE, PICTURE_SHARE], gap="medium")
    with left:
        st.markdown(translate("erase.body"))
        draw_slider("erase", "erase.share", format="%d%%")
        place = st.empty()
        with place.container():
            asked = count > 0 and _offer(count)
        if effects := _find_effects(test):
            _draw_table(effects)
        for note in _list_notes(test):
            st.caption(note)
    with right:
        _draw_erased(test, screen)
    if effects:
        _draw_curves(test, effects, screen)
    if asked:
        _run(test, missing, count, place, status)


def _list_notes(test: EraseTest) -> list[str]:
    """What the test cannot tell."""

    def name_maps(applies: Callable[[Kind, Layer], bool]) -> list[str]:
        return [
            f"{layer.name} ({name_kind(kind)})"
            for layer in test.layers
            for kind in KINDS
            if applies(kind, layer)
        ]

    flat, scattered, notes = name_maps(test.is_flat), name_maps(test.is_scattered), []
    if flat:
        notes.append(translate("erase.flat", maps=join_names(flat)))
    if scattered:
        facts = {"share": f"{test.share:.0%}", "maps": join_names(scattered)}
        notes.append(translate("erase.scattered", **facts))
    if test.probability < FAINT:
        notes.append(translate("erase.faint", share=write_probability(test.probability)))
    return notes


def write_probability(value: float) -> str:
    """A probability in percent; of a small one, two digits."""
    if 0 < value < LEAST_WRITTEN:
        return f"<{100 * LEAST_WRITTEN:.4f}%"
    return f"{value:.1%}" if value >= FAINT or value == 0 else f"{100 * value:.2g}%"


def write_area(area: float) -> str:
    """The area under a curve of probabilities; of a small one, two digits."""
    return f"{area:.3f}" if area >= FAINT else f"{area:.2g}"


def _offer(count: int) -> bool:
    return st.button(
        translate("erase.run", count=count),
        key="run_erase",
        icon=":material/ink_eraser:",
        help=translate("erase.run_help", network=name_network()),
    )


def _run(
    test: EraseTest,
    missing: "list[tuple[Kind, Layer, list[Deletion]]]",
    count: int,
    place: Any,
    status: Status,
) -> None:
    """Make the passes one by one and show how far they are.

    As in `page.verdicts.compare_untrained`, whatever the visitor does meanwhile ends it, and what is known by
    then is kept.
    """
    start, done = time.monotonic(), 0
    for kind, layer, erasures in missing:
        how = st.session_state["network"], test.asked.chosen, test.evidence.pixels
        passes, found = run_erasures(*how, test.spread(kind, layer), erasures), test.open(kind)
        for _ in erasures:
            left = (time.monotonic() - start) / done * (count - done) if done else 0
            text = translate("erase.running", done=done, count=count, seconds=f"{left:.0f}")
            place.progress(done / count, text=text)
            with wait_for(places, status.say_wait):
                erasure, probability = next(passes)
            found[erasure] = probability
            done += 1
    st.rerun()  # the results stand above the button's place, and were drawn before they were known


def _draw_erased(test: EraseTest, screen: Screen) -> None:
    """The photograph without the brightest part of the deepest class map: that takes no pass."""
    from viz.evidence.deletion import Deletion, blur_picture, delete_cells

    layers = [layer for layer in test.layers if not test.is_flat("class", layer)]
    if not layers:
        return
    layer, pixels = layers[-1], test.evidence.pixels
    erasure = Deletion(layer.name, test.share)
    shown = delete_cells(pixels, blur_picture(pixels), test.spread("class", layer), erasure)
    height, width = test.evidence.size
    facts = {"share": f"{test.share:.0%}", "layer": shorten_name(layer.name)}
    source = encode_image(Image.fromarray(shown))
    photo = PhotoPanel(source, width, height, translate("erase.picture", **facts))
    room = min(screen.width if screen.width < NARROW else screen.width * PICTURE_SHARE, PICTURE_WIDTH)
    grid = arrange_panels(1, room, PICTURE_HEIGHT, test.evidence.aspect)
    grid = replace(grid, height=grid.height - BAR_HEIGHT)  # there is no colour bar
    how = {"width": int(room), "config": {"displayModeBar": False}}
    draw_figure(
        draw_panels(photo, [], Look(), grid), "erased", translate("erase.picture_alt", **facts), **how
    )


def _find_effects(test: EraseTest) -> "dict[tuple[str, Kind], Effect]":
    """What is known, by layer name and kind of map."""
    effects = {
        (layer.name, kind): test.find_effect(kind, layer)
        for layer in test.layers
        for kind in KINDS
        if not test.is_flat(kind, layer)
    }
    return {key: effect for key, effect in effects.items() if effect is not None}


def _draw_table(effects: "Mapping[tuple[str, Kind], Effect]") -> None:
    columns = ("layer", "map", "before", "after", "shifted", "area")
    head = " | ".join(translate(f"erase.column_{column}") for column in columns)
    rows = [_write_row(name, kind, effect) for (name, kind), effect in effects.items()]
    table = st.container(key="erased_maps")
    table.markdown("\n".join([f"| {head} |", "| --- | --- | --: | --: | --: | --: |", *rows]))
    st.caption(translate("erase.note"))


def _write_row(name: str, kind: Kind, effect: "Effect") -> str:
    mean, low, high = float(np.mean(effect.shifted)), min(effect.shifted), max(effect.shifted)
    after = write_probability(effect.after)
    cells = (
        name,
        name_kind(kind),
        write_probability(effect.before),
        f"**{after}**" if effect.after < low else after,
        f"{write_probability(mean)} ({write_probability(low)}–{write_probability(high)})",
        write_area(effect.area),
    )
    return f"| {' | '.join(cells)} |"


def name_kind(kind: Kind) -> str:
    """What the page calls a kind of map, such as "LayerCAM"."""
    return translate("erase.mean" if kind == "mean" else f"classes.method_{st.session_state['method']}")


def _draw_curves(test: EraseTest, known: "Mapping[tuple[str, Kind], Effect]", screen: Screen) -> None:
    from viz.evidence.deletion import CURVE

    charts = []
    for layer in test.layers:
        curves = {kind: known[layer.name, kind] for kind in KINDS if (layer.name, kind) in known}
        if curves:
            areas = " · ".join(f"{name_kind(kind)} {write_area(curves[kind].area)}" for kind in curves)
            title = f"<b>{shorten_name(layer.name)}</b><br>{translate('erase.areas', areas=areas)}"
            charts.append(DeletionChart(title, {kind: effect.curve for kind, effect in curves.items()}))
    name = shorten_class(list_classes()[test.asked.chosen])
    st.markdown(f"**{translate('erase.curves', name=name)}**")
    figure = draw_deletion(charts, CURVE, {kind: name_kind(kind) for kind in KINDS}, screen.width)
    alt = translate("erase.alt", name=name, layers=", ".join(layer.name for layer in test.layers))
    draw_figure(figure, "deletion", alt, config={"displayModeBar": False})
