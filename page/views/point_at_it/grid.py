"""The first channels of some layers: of three of them, the figure of a course's second homework."""

from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.choice.choice import FIRST_CHANNELS
from page.subject.channels import ChannelValues
from page.subject.classes import frame_as_chosen, get_probabilities
from page.visit import Visit
from page.widgets.figure import draw_figure
from page.widgets.networks import learn_classes
from page.widgets.numbers import write_probability
from page.widgets.report import draw_report
from page.widgets.taken import Taken, show_named, show_photo
from page.work.models import remember_classes
from viz.figures.heatmaps import draw_panels, name_ends, shorten_name, write_hover
from viz.figures.layout import NARROW, arrange_rows
from viz.figures.pieces import Look, Panel
from viz.maps.cells import lay_cells
from viz.maps.ranges import choose_limits
from viz.networks.errors import NetworkError
from viz.networks.layers import Layer
from viz.reports.shown import Item, Items

LABEL_WIDTH = 340  # pixels of the screen


def draw_grid(visit: Visit) -> None:
    """Draw a row a layer, with the true and the predicted label above them."""
    words, layers, picture = visit.words, visit.layers or [visit.network.layers[-1]], visit.picture
    heading = _draw_labels(visit)
    values, screen = ChannelValues(visit, picture), visit.screen
    numbers = range(min(FIRST_CHANNELS, *(layer.channels for layer in layers)))
    rows = [_make_row(visit, layer, values.read(layer.name), numbers) for layer in layers]
    grid = arrange_rows(len(layers), len(numbers), screen.width, screen.height, picture.aspect)
    look = Look(visit.choice.colors, smooth=visit.choice.smooth)
    height, width = picture.size
    photo = replace(picture.photo, title=words("classes.photo", height=height, width=width))
    figure = draw_panels(photo, [panel for row in rows for panel in row], look, grid)
    facts = {"layers": ", ".join(layer.name for layer in layers), "photo": picture.alt}
    alt = words("channel.alt_grid", channels=", ".join(map(str, numbers)), **facts)
    draw_figure(visit, figure, "channel_grid", alt)
    st.caption(words("channel.grid_note"))

    def list_items() -> Items:
        items: list[Item] = []
        for layer, row in zip(layers, rows, strict=True):
            titles = [f"{layer.name} · {number}" for number in numbers]
            keys = [f"{layer.name} {number}" for number in numbers]
            first = None if items else show_photo(picture, words("picture.panel"))
            items += [first, *show_named(row, titles, keys, picture, look)]
        return items

    taken = Taken(
        visit,
        layers,
        list_items,
        lambda: [figure],
        columns=len(numbers) + 1,
        channels=tuple(numbers),
        heading=heading,
    )
    draw_report(taken)


def _draw_labels(visit: Visit) -> str:
    """Draw the choice of the true label beside the predicted one; returns both in words.

    The prediction is one more pass, of the same picture. Without a classifier in memory there is none.
    """
    words, info = visit.words, visit.network.info
    if not info.has_classes or (info.classifier_megabytes and visit.memory.whole != info.key):
        st.caption(words("channel.no_label"))
        return ""
    try:
        probabilities = get_probabilities(visit, frame_as_chosen(visit))
    except NetworkError as error:
        st.caption(words(error.key, **error.details))
        return ""
    visit = learn_classes(visit, probabilities)
    names, best, true = remember_classes(info), int(np.argmax(probabilities)), visit.choice.true
    with st.container(width=LABEL_WIDTH):
        st.selectbox(
            words("channel.true"),
            range(len(names)),
            index=None,
            format_func=names.__getitem__,
            key="true",
            placeholder=words("channel.true_unknown"),
        )
    share = write_probability(float(probabilities[best]))
    predicted = words("channel.predicted", name=names[best], share=share)
    heading = predicted if true is None else f"{words('channel.truth', name=names[true])} · {predicted}"
    st.container(key="labels").text(heading)
    return heading


def _make_row(visit: Visit, layer: Layer, values: NDArray[np.float32], numbers: range) -> list[Panel]:
    """The first channels of a layer [h, w, C], each on a scale of its own."""
    words, side = visit.words, layer.pick_side(visit.choice.side)
    diverging = side == "pre"
    heatmaps = [np.ascontiguousarray(values[..., number]) for number in numbers]
    limits = choose_limits(heatmaps, "own", [diverging] * len(heatmaps))
    cells, ends = lay_cells(layer, heatmaps[0].shape, *visit.picture.size), name_ends(diverging, words)
    height, width = heatmaps[0].shape
    title = "" if visit.screen.width < NARROW else f"<br>[{width}×{height}]"
    return [
        Panel(
            heatmap,
            cells,
            low,
            high,
            f"<b>{shorten_name(layer.name)}</b> · {number}{title}",
            write_hover(layer, words, number),
            diverging,
            ends,
        )
        for number, heatmap, (low, high) in zip(numbers, heatmaps, limits, strict=True)
    ]
