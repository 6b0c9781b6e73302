"""A layer's channels: one large, all small, the components, and what excites one most."""

import io
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from page.browser.clicks import Click, watch_clicks
from page.browser.screen import Screen
from page.choice.choice import THUMBS
from page.choice.session import choose, read_widget, write_widget
from page.subject.channels import ChannelValues
from page.visit import Visit
from page.widgets.figure import PLAIN, draw_explanation, draw_figure
from page.widgets.images import write_data_url
from page.widgets.progress import tell_left
from page.widgets.report import draw_report
from page.widgets.settings import draw_choice, draw_switch
from page.widgets.taken import Taken, show_named, show_photo
from page.work.pictures import frame_samples
from page.work.results import compute_components, find_sample_activations
from viz.evidence.patches import PATCHES, Patch, choose_patches
from viz.figures.heatmaps import draw_maps, name_ends, write_hover, write_map_title
from viz.figures.layout import GAP, arrange_panels
from viz.figures.marked import draw_channel
from viz.figures.pieces import Colors, Look, Panel
from viz.maps.cells import Cells, lay_cells
from viz.maps.channels import color_components, rank_channels
from viz.maps.coarsen import average_to
from viz.maps.ranges import choose_limits
from viz.maps.values import format_value
from viz.networks.layers import Layer
from viz.pictures.samples import SAMPLES
from viz.reports.shown import Items

WIDE = 800  # pixels of the screen, from which on the thumbnails stand beside what a click on them changes
THUMBS_SHARE = 0.55  # of the width
LARGE_WIDTH = 140  # pixels of the screen, at least
THUMB_WIDTH = 104  # pixels of the screen, at least
THUMB_TITLE_SIZE = 11
THUMB_CELLS = 96  # a side, at most: finer maps are averaged
PATCH_WIDTH = 104  # pixels of the screen


@dataclass(frozen=True)
class _Channels:
    """The channels of one layer, in the visitor's order.

    Attributes:
        visit: The visitor's.
        layer: Of which layer.
        values: Float32 [h, w, C].
        order: Numbers of the channels, first the first, [C].
        scores: By which they are ordered, by number, [C].
    """

    visit: Visit
    layer: Layer
    values: NDArray[np.float32]
    order: NDArray[np.int64]
    scores: NDArray[np.float64]

    @property
    def side(self) -> str:
        """Of the activation."""
        return self.layer.pick_side(self.visit.choice.side)

    @property
    def is_diverging(self) -> bool:
        """Whether the values have a sign."""
        return self.side == "pre"

    @property
    def cells(self) -> Cells:
        """Where the cells lie in the picture."""
        return lay_cells(self.layer, self.values.shape[:2], *self.visit.picture.size)

    @property
    def chosen(self) -> int:
        """Number of the channel that is shown large: the visitor's, or the first in order."""
        channel = self.visit.choice.channel
        return int(self.order[0]) if channel is None else channel

    @property
    def thumbs(self) -> list[int]:
        """Numbers of those on the visitor's page."""
        first = (self.visit.choice.thumb_page - 1) * THUMBS
        return [int(number) for number in self.order[first : first + THUMBS]]


def draw_channels(visit: Visit) -> None:
    """Draw one channel large beside the principal components, all channels small, and the best patches."""
    words, screen, layer = visit.words, visit.screen, visit.network.find(visit.choice.layer)
    values = ChannelValues(visit, visit.picture).read(layer.name)
    channels = _Channels(visit, layer, values, *rank_channels(values, visit.choice.rank))
    shown = channels.thumbs

    def take(click: Click) -> None:
        if click.trace < len(shown):
            choose({"channel": shown[click.trace]})

    watch_clicks(["thumbnails"], take)
    _draw_controls(channels)
    if screen.width < WIDE:
        _draw_large(channels, screen)
        _draw_thumbnails(channels, screen)
    else:
        left, right = st.columns([1 - THUMBS_SHARE, THUMBS_SHARE], gap="medium")
        with left:
            width = screen.width * (1 - THUMBS_SHARE) - GAP
            _draw_large(channels, replace(screen, width=width, least=LARGE_WIDTH))
        with right:
            _draw_thumbnails(channels, replace(screen, width=screen.width * THUMBS_SHARE - GAP))
    if layer.receptive_field is None or "post" not in layer.sides:
        st.caption(words("channel.no_patches", name=layer.name))
    else:
        draw_switch(words, "patches", "channel.patches")
        if visit.choice.patches:
            _draw_patches(channels)
    draw_report(_take(channels))
    draw_explanation(visit, "channel.explain_")


def _take(channels: _Channels) -> Taken:
    """The large channel and those on the visitor's page, cell by cell."""
    visit, name = channels.visit, channels.layer.name
    numbers = list(dict.fromkeys((channels.chosen, *channels.thumbs)))

    def list_items() -> Items:
        panels, look = _make_thumbnails(channels, numbers, 1), Look(visit.choice.colors)
        titles, keys = ([f"{name}{sign}{number}" for number in numbers] for sign in (" · ", " "))
        photo = show_photo(visit.picture, visit.words("picture.panel"))
        return [photo, *show_named(panels, titles, keys, visit.picture, look)]

    return Taken(visit, [channels.layer], list_items, list, channels=numbers)


def _draw_large(channels: _Channels, screen: Screen) -> None:
    visit, layer, cells = channels.visit, channels.layer, channels.cells
    words, choice, picture = visit.words, visit.choice, visit.picture
    found = compute_components(picture.framed, visit.network.model, layer.name, choice.side, channels.values)
    colors = Colors(
        color_components(found.scores),
        found.scores,
        cells,
        words("channel.components", name=layer.name, total=f"{found.explained.sum():.0%}"),
        words("channel.components_hover", name=layer.name),
    )
    number, diverging = channels.chosen, channels.is_diverging
    heatmap = np.ascontiguousarray(channels.values[..., number])
    ((low, high),) = choose_limits([heatmap], "own", [diverging])
    title = write_map_title(layer, heatmap.shape, words, number)
    hover = write_hover(layer, words, number)
    panel = Panel(heatmap, cells, low, high, title, hover, diverging, name_ends(diverging, words))
    look = Look(choice.colors, True, choice.opacity, choice.smooth)
    grid = arrange_panels(3, screen.width, screen.height, picture.aspect, screen.least)
    alt = words("channel.alt", channel=number, name=layer.name, photo=picture.alt)
    draw_figure(visit, draw_channel(picture.photo, panel, colors, look, grid), "channel_large", alt)
    red, green, blue = (f"{share:.0%}" for share in found.explained)
    st.caption(words("channel.explained", red=red, green=green, blue=blue))


def _draw_controls(channels: _Channels) -> None:
    words, number, count = channels.visit.words, channels.chosen, channels.layer.channels
    pages = -(-count // THUMBS)
    write_widget("channel_number", number)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        draw_choice(
            words,
            st.selectbox,
            "rank",
            "channel.rank",
            "channel.rank_",
            on_change=choose,
            args=({"thumb_page": 1},),
            width=240,
        )
        draw_choice(words, st.segmented_control, "thumbs", "channel.scale", "channel.scale_", required=True)
        if pages > 1:
            st.slider(words("channel.page", pages=pages), 1, pages, key="thumb_page", width=220)
        st.number_input(
            words("channel.number"),
            min_value=0,
            max_value=count - 1,
            key="channel_number",
            on_change=lambda: choose({"channel": int(read_widget("channel_number"))}),
            width=140,
        )
    place = int(np.flatnonzero(channels.order == number)[0]) + 1
    st.caption(words("channel.place", channel=number, place=place, count=count))


def _draw_thumbnails(channels: _Channels, screen: Screen) -> None:
    visit, layer, shown = channels.visit, channels.layer, channels.thumbs
    words, choice = visit.words, visit.choice
    side = 1
    while max(channels.values.shape[:2]) // side > THUMB_CELLS:
        side *= 2
    panels = _make_thumbnails(channels, shown, side)
    bar = words("channel.shared_bar") if choice.thumbs == "shared" else ""
    look = Look(choice.colors, smooth=choice.smooth, shared_bar=bar)
    grid = arrange_panels(len(panels), screen.width, screen.height, visit.picture.aspect, THUMB_WIDTH)
    figure = draw_maps(visit.picture.photo, panels, look, grid, THUMB_TITLE_SIZE)
    alt = words("channel.alt_thumbnails", channels=", ".join(map(str, shown)), name=layer.name)
    draw_figure(visit, figure, "thumbnails", alt, config=PLAIN)
    if side > 1:
        st.caption(words("channel.averaged", side=side))


def _make_thumbnails(channels: _Channels, shown: list[int], side: int) -> list[Panel]:
    """Maps of some channels, each cell the mean of `side` x `side` of the layer's, as far as they go."""
    words, choice = channels.visit.words, channels.visit.choice
    height, width = (length // side for length in channels.values.shape[:2])
    cells = channels.cells.merge(side, side)
    averaged = (
        average_to(channels.values[: height * side, : width * side, number], height, width)
        for number in shown
    )
    heatmaps = [heatmap.astype(np.float32) for heatmap in averaged]
    diverging = channels.is_diverging
    limits = choose_limits(heatmaps, choice.thumbs, [diverging] * len(heatmaps))
    ends = name_ends(diverging, words)
    panels: list[Panel] = []
    for number, heatmap, (low, high) in zip(shown, heatmaps, limits, strict=True):
        score = float(channels.scores[number])
        written = f"{score:.1%}" if choice.rank in ("sparsity", "share") else format_value(score)
        hover = words("channel.hover", name=channels.layer.name, channel=number)
        title = f"<b>{number}</b> · {written}"
        panels.append(Panel(heatmap, cells, low, high, title, hover, diverging, ends))
    return panels


def _draw_patches(channels: _Channels) -> None:
    visit, layer, number = channels.visit, channels.layer, channels.chosen
    words, model = visit.words, visit.network.model
    samples = frame_samples(model.info)
    texts = tell_left(words, "channel.computing_", len(samples), network=visit.network.title)
    found = [
        visit.status.compute(text, model, find_sample_activations, framed, model)
        for text, framed in zip(texts, samples, strict=True)
    ]
    pictures = [framed.pixels for framed in samples]
    tops = [top[layer.name] for top in found]
    patches = choose_patches(tops, layer, number, [framed.size for framed in samples])
    if len(patches) < PATCHES:
        st.caption(words("channel.few_patches", count=len(patches), channel=number))
    if patches:
        images = [_cut(pictures[patch.picture], patch) for patch in patches]
        captions, alts = zip(*(_name_patch(visit, patch, number) for patch in patches), strict=True)
        st.image(images, caption=list(captions), alt=alts, width=PATCH_WIDTH)


def _cut(pixels: NDArray[np.uint8], patch: Patch) -> str:
    """The patch, its pixels enlarged and not blended: at the picture's edge it is cut and so not square."""
    left, top, right, bottom = patch.box
    image = Image.fromarray(pixels[top:bottom, left:right])
    factor = max(1, PATCH_WIDTH // image.width)
    buffer = io.BytesIO()
    image.resize((image.width * factor, image.height * factor), Resampling.NEAREST).save(buffer, "PNG")
    return write_data_url(buffer.getvalue())


def _name_patch(visit: Visit, patch: Patch, number: int) -> tuple[str, str]:
    """What stands under a patch, and what describes it to those who do not see it."""
    left, top, _, _ = patch.box
    photo = visit.words(f"picture.{list(SAMPLES)[patch.picture]}")
    caption = visit.words("channel.patch", photo=photo, value=format_value(patch.value), x=left, y=top)
    return caption, visit.words("channel.alt_patch", photo=photo, channel=number)
