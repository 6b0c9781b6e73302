"""The part of the view "Point at it" that shows a layer's channels."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from page.browser.clicks import Click, watch_clicks
from page.browser.screen import Screen
from page.cache import compute_components, find_sample_spots, read_sample_pixels
from page.channel_values import ChannelValues
from page.networks import find_layer, name_network
from page.picture import Picture
from page.settings import THUMBS
from page.status import Status
from page.texts import get_words, translate
from page.widgets import draw_choice, draw_figure, draw_switch
from viz.evidence.patches import PATCHES, Patch, choose_patches
from viz.figures.heatmaps import draw_maps, name_ends, write_hover, write_map_title
from viz.figures.layout import GAP, arrange_panels
from viz.figures.marked import draw_channel
from viz.figures.pieces import Colors, Look, Panel, format_value
from viz.maps.cells import Cells, lay_cells
from viz.maps.channels import color_components, rank_channels
from viz.maps.coarsen import average_to
from viz.maps.ranges import choose_limits
from viz.networks.layers import Layer
from viz.pictures.samples import SAMPLES

WIDE = 800  # pixels of the screen, from which on the thumbnails stand beside what a click on them changes
THUMBS_SHARE = 0.55  # of the width
LARGE_WIDTH = 140  # pixels of the screen, at least
THUMB_WIDTH = 104  # pixels of the screen, at least
THUMB_TITLE_SIZE = 11
THUMB_CELLS = 96  # a side, at most: finer maps are averaged
PATCH_WIDTH = 104  # pixels of the screen


@dataclass(frozen=True)
class LayerChannels:
    """The channels of one layer, in the visitor's order.

    Attributes:
        picture: Of which photograph.
        layer: Of which layer.
        values: Float32 [h, w, C].
        order: Numbers of the channels, first the first, [C].
        scores: By which they are ordered, by number, [C].
    """

    picture: Picture
    layer: Layer
    values: NDArray[np.float32]
    order: NDArray[np.int64]
    scores: NDArray[np.float64]


def draw_channels(picture: Picture, screen: Screen, status: Status) -> None:
    """Draw one channel large beside the principal components, all channels small, and the best patches."""
    state = st.session_state
    layer = find_layer(state["layer"])
    values = ChannelValues(picture, status).read(layer.name)
    channels = LayerChannels(picture, layer, values, *rank_channels(values, state["rank"]))
    if state["channel"] is not None and state["channel"] >= layer.channels:
        state["channel"] = None
    channel = int(channels.order[0]) if state["channel"] is None else state["channel"]
    watch_clicks(["thumbnails"], _take_thumbnail)
    _draw_controls(channels, channel)
    if screen.width < WIDE:
        _draw_large(channels, channel, screen)
        _draw_thumbnails(channels, screen)
    else:
        left, right = st.columns([1 - THUMBS_SHARE, THUMBS_SHARE], gap="medium")
        with left:
            width = screen.width * (1 - THUMBS_SHARE) - GAP
            _draw_large(channels, channel, replace(screen, width=width, least=LARGE_WIDTH))
        with right:
            _draw_thumbnails(channels, replace(screen, width=screen.width * THUMBS_SHARE - GAP))
    if layer.receptive_field is None or "post" not in layer.sides:
        st.caption(translate("channel.no_patches", name=layer.name))
    else:
        draw_switch("patches", "channel.patches")
    if state["patches"] and layer.receptive_field is not None and "post" in layer.sides:
        _draw_patches(layer, channel, status)
    with st.expander(translate("channel.explain_title"), icon=":material/help:"):
        st.markdown(translate("channel.explain_body"))


def _is_diverging(layer: Layer) -> bool:
    return layer.pick_side(st.session_state["side"]) == "pre"


def _draw_large(channels: LayerChannels, channel: int, screen: Screen) -> None:
    state, picture, layer = st.session_state, channels.picture, channels.layer
    key = (picture.key, state["network"], layer.name, state["side"])
    components, shares = compute_components(key, channels.values)
    colors = Colors(
        color_components(components),
        components,
        lay_cells(layer, channels.values.shape[:2], *picture.size),
        translate("channel.components", name=layer.name, total=f"{shares.sum():.0%}"),
        translate("channel.components_hover", name=layer.name),
    )
    panel = _make_panel(channels, channel)
    look = Look(state["colors"], True, state["opacity"], state["smooth"])
    grid = arrange_panels(3, screen.width, screen.height, picture.aspect, screen.least)
    alt = translate("channel.alt", channel=channel, name=layer.name, photo=picture.alt)
    draw_figure(draw_channel(picture.photo, panel, colors, look, grid), "channel_large", alt)
    red, green, blue = (f"{share:.0%}" for share in shares)
    st.caption(translate("channel.explained", red=red, green=green, blue=blue))


def _make_panel(channels: LayerChannels, channel: int) -> Panel:
    layer = channels.layer
    heatmap = np.ascontiguousarray(channels.values[..., channel])
    diverging = _is_diverging(layer)
    ((low, high),) = choose_limits([heatmap], "own", [diverging])
    title = write_map_title(layer, heatmap.shape, get_words(), channel)
    hover = write_hover(layer, get_words(), channel)
    cells = lay_cells(layer, heatmap.shape, *channels.picture.size)
    return Panel(heatmap, cells, low, high, title, hover, diverging, name_ends(diverging, get_words()))


def _draw_controls(channels: LayerChannels, channel: int) -> None:
    state, count = st.session_state, channels.layer.channels
    pages = -(-count // THUMBS)
    state["thumb_page"] = min(state["thumb_page"], pages)
    state["channel_number"] = channel
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        draw_choice(
            st.selectbox,
            "rank",
            "channel.rank",
            "channel.rank_",
            on_change=lambda: st.session_state.update(thumb_page=1),
            width=240,
        )
        draw_choice(st.segmented_control, "thumbs", "channel.scale", "channel.scale_", required=True)
        if pages > 1:
            st.slider(translate("channel.page", pages=pages), 1, pages, key="thumb_page", width=220)
        st.number_input(
            translate("channel.number"),
            min_value=0,
            max_value=count - 1,
            key="channel_number",
            on_change=_take_number,
            width=140,
        )
    place = int(np.flatnonzero(channels.order == channel)[0]) + 1
    st.caption(translate("channel.place", channel=channel, place=place, count=count))


def _take_number() -> None:
    st.session_state["channel"] = int(st.session_state["channel_number"])


def _list_shown(channels: LayerChannels) -> list[int]:
    first = (st.session_state["thumb_page"] - 1) * THUMBS
    return [int(number) for number in channels.order[first : first + THUMBS]]


def _draw_thumbnails(channels: LayerChannels, screen: Screen) -> None:
    state, picture, layer = st.session_state, channels.picture, channels.layer
    shown = state["_thumbs"] = _list_shown(channels)
    side = 1
    while max(channels.values.shape[:2]) // side > THUMB_CELLS:
        side *= 2
    panels = _make_thumbnails(channels, shown, side)
    bar = translate("channel.shared_bar") if state["thumbs"] == "shared" else ""
    look = Look(state["colors"], smooth=state["smooth"], shared_bar=bar)
    grid = arrange_panels(len(panels), screen.width, screen.height, picture.aspect, THUMB_WIDTH)
    figure = draw_maps(picture.photo, panels, look, grid, THUMB_TITLE_SIZE)
    alt = translate("channel.alt_thumbnails", channels=", ".join(map(str, shown)), name=layer.name)
    draw_figure(figure, "thumbnails", alt, config={"displayModeBar": False})
    if side > 1:
        st.caption(translate("channel.averaged", side=side))


def _take_thumbnail(click: Click) -> None:
    shown = st.session_state.get("_thumbs", [])
    if click.trace < len(shown):
        st.session_state["channel"] = shown[click.trace]


def _make_thumbnails(channels: LayerChannels, shown: list[int], side: int) -> list[Panel]:
    """Maps of some channels, each cell the mean of `side` x `side` of the layer's, as far as they go."""
    height, width = (length // side for length in channels.values.shape[:2])
    cells = lay_cells(channels.layer, channels.values.shape[:2], *channels.picture.size)
    cells = Cells(cells.left, cells.top, side * cells.width, side * cells.height)
    averaged = (
        average_to(channels.values[: height * side, : width * side, number], height, width)
        for number in shown
    )
    heatmaps = [heatmap.astype(np.float32) for heatmap in averaged]
    diverging = _is_diverging(channels.layer)
    limits = choose_limits(heatmaps, st.session_state["thumbs"], [diverging] * len(heatmaps))
    panels: list[Panel] = []
    for number, heatmap, (low, high) in zip(shown, heatmaps, limits, strict=True):
        title = f"<b>{number}</b> · {_write_score(float(channels.scores[number]))}"
        hover = translate("channel.hover", name=channels.layer.name, channel=number)
        words = name_ends(diverging, get_words())
        panels.append(Panel(heatmap, cells, low, high, title, hover, diverging, words))
    return panels


def _write_score(score: float) -> str:
    how = st.session_state["rank"]
    return f"{score:.1%}" if how in ("sparsity", "share") else format_value(score)


def _draw_patches(layer: Layer, channel: int, status: Status) -> None:
    network = st.session_state["network"]
    with status.computing(
        ("spots", network), network, translate("channel.computing_patches", network=name_network())
    ):
        spots = find_sample_spots(network)
    pictures = read_sample_pixels(network)
    sizes = [(pixels.shape[0], pixels.shape[1]) for pixels in pictures]
    patches = choose_patches(spots[layer.name], layer, channel, sizes)
    if len(patches) < PATCHES:
        st.caption(translate("channel.few_patches", count=len(patches), channel=channel))
    if patches:
        images = [_cut(pictures[patch.picture], patch) for patch in patches]
        names = [_name_patch(patch) for patch in patches]
        st.image(images, caption=names, width=PATCH_WIDTH)


def _cut(pixels: NDArray[np.uint8], patch: Patch) -> Image.Image:
    """The patch, its pixels enlarged and not blended: at the picture's edge it is cut and so not square."""
    left, top, right, bottom = patch.box
    image = Image.fromarray(pixels[top:bottom, left:right])
    factor = max(1, PATCH_WIDTH // image.width)
    return image.resize((image.width * factor, image.height * factor), Resampling.NEAREST)


def _name_patch(patch: Patch) -> str:
    left, top, _, _ = patch.box
    photo = translate(f"picture.{list(SAMPLES)[patch.picture]}")
    return translate("channel.patch", photo=photo, value=format_value(patch.value), x=left, y=top)
