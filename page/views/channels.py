"""The part of the view "Point at it" that shows a layer's channels."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from page.browser.clicks import Click, watch_clicks
from page.browser.screen import Screen
from page.cache import compute_components, find_sample_spots, read_sample_pixels
from page.channel_values import ChannelValues
from page.picture import Picture
from page.settings import SAMPLES, THUMBS, find_layer
from page.status import Status
from page.widgets import draw_choice, draw_figure, draw_switch
from viz.figures.heatmaps import write_map_title
from viz.figures.layout import arrange_panels
from viz.figures.marked import draw_channel, draw_thumbnails
from viz.figures.pieces import Colors, Look, Panel, format_value
from viz.maps.channels import color_components, rank_channels
from viz.maps.coarsen import average_to
from viz.maps.ranges import choose_limits
from viz.networks.layers import Layer
from viz.pictures.frame import Box
from viz.texts import Translate

if TYPE_CHECKING:
    from viz.evidence.patches import Patch

THUMB_WIDTH = 104  # pixels of the screen, at least
THUMB_CELLS = 96  # a side, at most: finer maps are averaged
PATCH_WIDTH = 104  # pixels of the screen


def draw_channels(picture: Picture, screen: Screen, status: Status, translate: Translate) -> None:
    """Draw one channel large beside the principal components, all channels small, and the best patches."""
    state = st.session_state
    layer = find_layer(state["layer"])
    feature_map = ChannelValues(picture, status, translate).read(layer.name)
    order, scores = rank_channels(feature_map, state["rank"])
    if state["channel"] is not None and state["channel"] >= layer.channels:
        state["channel"] = None
    channel = int(order[0]) if state["channel"] is None else state["channel"]
    _draw_large(picture, layer, feature_map, channel, screen, translate)
    watch_clicks(["thumbnails"], _take_thumbnail)
    _draw_controls(layer, order, channel, translate)
    first = (state["thumb_page"] - 1) * THUMBS
    shown = [int(number) for number in order[first : first + THUMBS]]
    state["_thumbs"] = shown
    _draw_thumbnails(picture, layer, feature_map, shown, scores, screen, translate)
    _draw_patches(layer, channel, status, translate)
    with st.expander(translate("channel.explain_title"), icon=":material/help:"):
        st.markdown(translate("channel.explain_body"))


def _take_thumbnail(click: Click) -> None:
    shown = st.session_state.get("_thumbs", [])
    if click.trace < len(shown):
        st.session_state["channel"] = shown[click.trace]


def _is_diverging() -> bool:
    return bool(st.session_state["side"] == "pre")


def _draw_large(
    picture: Picture,
    layer: Layer,
    feature_map: NDArray[np.float32],
    channel: int,
    screen: Screen,
    translate: Translate,
) -> None:
    state = st.session_state
    heatmap = np.ascontiguousarray(feature_map[..., channel])
    ((low, high),) = choose_limits([heatmap], "own", _is_diverging())
    title = write_map_title(layer, heatmap.shape, translate, channel)
    hover = translate("panel.hover", name=f"{layer.name} · {channel}", field=layer.receptive_field)
    panel = Panel(heatmap, layer.stride, low, high, title, hover)
    key = (picture.key, state["network"], layer.name, state["side"])
    values, explained = compute_components(key, feature_map)
    shares = [f"{share:.0%}" for share in explained]
    title = translate("channel.components", name=layer.name, total=f"{explained.sum():.0%}")
    hover = translate("channel.components_hover", name=layer.name)
    colors = Colors(color_components(values), values, layer.stride, title, hover)
    grid = arrange_panels(3, screen.width, screen.height * 0.6, picture.aspect)
    look = Look(state["colors"], _is_diverging(), True, state["opacity"], state["smooth"])
    alt = translate("channel.alt", channel=channel, name=layer.name, photo=picture.alt)
    draw_figure(draw_channel(picture.photo, panel, colors, look, grid), "channel_large", alt, translate)
    red, green, blue = shares
    st.caption(translate("channel.explained", red=red, green=green, blue=blue))


def _draw_controls(layer: Layer, order: NDArray[np.int64], channel: int, translate: Translate) -> None:
    state = st.session_state
    pages = -(-layer.channels // THUMBS)
    state["thumb_page"] = min(state["thumb_page"], pages)
    state["channel_number"] = channel
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        draw_choice(
            *(st.selectbox, "rank", "channel.rank", "channel.rank_", translate),
            on_change=lambda: st.session_state.update(thumb_page=1),
            width=240,
        )
        draw_choice(
            st.segmented_control, "thumbs", "channel.scale", "channel.scale_", translate, required=True
        )
        st.slider(
            translate("channel.page", pages=pages), min_value=1, max_value=pages, key="thumb_page", width=220
        )
        st.number_input(
            translate("channel.number"),
            min_value=0,
            max_value=layer.channels - 1,
            step=1,
            key="channel_number",
            on_change=lambda: st.session_state.update(channel=int(st.session_state["channel_number"])),
            width=140,
        )
    place = int(np.flatnonzero(order == channel)[0]) + 1
    st.caption(translate("channel.place", channel=channel, place=place, count=layer.channels))


def _draw_thumbnails(
    picture: Picture,
    layer: Layer,
    feature_map: NDArray[np.float32],
    shown: list[int],
    scores: NDArray[np.float64],
    screen: Screen,
    translate: Translate,
) -> None:
    state = st.session_state
    height, width = picture.size
    stride = layer.stride
    while max(height, width) // stride > THUMB_CELLS:
        stride *= 2
    heatmaps = [_shrink(feature_map[..., number], height // stride, width // stride) for number in shown]
    limits = choose_limits(heatmaps, state["thumbs"], _is_diverging())
    panels = [
        Panel(
            heatmap,
            stride,
            low,
            high,
            f"<b>{number}</b> · {_write_score(float(scores[number]))}",
            translate("channel.hover", name=layer.name, channel=number),
        )
        for number, heatmap, (low, high) in zip(shown, heatmaps, limits, strict=True)
    ]
    bar = translate("channel.shared_bar") if state["thumbs"] == "shared" else ""
    look = Look(state["colors"], _is_diverging(), smooth=state["smooth"], shared_bar=bar)
    grid = arrange_panels(len(panels), screen.width, screen.height, picture.aspect, THUMB_WIDTH)
    figure = draw_thumbnails(picture.photo, panels, look, grid)
    alt = translate("channel.alt_thumbnails", channels=", ".join(map(str, shown)), name=layer.name)
    draw_figure(figure, "thumbnails", alt, translate, config={"displayModeBar": False})
    if stride > layer.stride:
        st.caption(translate("channel.averaged", side=stride // layer.stride))


def _shrink(heatmap: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if heatmap.shape == (height, width):
        return np.ascontiguousarray(heatmap)
    return average_to(heatmap, height, width).astype(np.float32)


def _write_score(score: float) -> str:
    how = st.session_state["rank"]
    return f"{score:.1%}" if how in ("sparsity", "share") else format_value(score)


def _draw_patches(layer: Layer, channel: int, status: Status, translate: Translate) -> None:
    from viz.evidence.patches import PATCHES, choose_patches  # it needs torch

    draw_switch("patches", "channel.patches", translate)
    if not st.session_state["patches"]:
        return
    network = st.session_state["network"]
    with status.computing(("spots", network), network, translate("channel.computing_patches")):
        spots = find_sample_spots(network)
    pictures = read_sample_pixels()
    sizes = [(pixels.shape[0], pixels.shape[1]) for pixels in pictures]
    patches = choose_patches(spots[layer.name], layer, channel, sizes)
    if len(patches) < PATCHES:
        st.caption(translate("channel.few_patches", count=len(patches), channel=channel))
    if patches:
        st.image(
            [_cut(pictures[patch.picture], patch.box) for patch in patches],
            caption=[_name_patch(patch, translate) for patch in patches],
            width=PATCH_WIDTH,
        )


def _cut(pixels: NDArray[np.uint8], box: Box) -> Image.Image:
    """The patch, its pixels enlarged and not blended: at the picture's edge it is cut and so not square."""
    left, top, right, bottom = box
    image = Image.fromarray(pixels[top:bottom, left:right])
    factor = max(1, PATCH_WIDTH // image.width)
    return image.resize((image.width * factor, image.height * factor), Resampling.NEAREST)


def _name_patch(patch: "Patch", translate: Translate) -> str:
    left, top, _, _ = patch.box
    photo = translate(f"picture.{list(SAMPLES)[patch.picture]}")
    return translate("channel.patch", photo=photo, value=format_value(patch.value), x=left, y=top)
