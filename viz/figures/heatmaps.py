"""The photograph and maps side by side."""

import base64
import io
from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go
from PIL import Image

from viz.figures import pieces
from viz.figures.bars import draw_map_bar
from viz.figures.compose import Tile, compose
from viz.figures.layout import BAR_HEIGHT, Grid, Slot, arrange_panels
from viz.figures.pieces import Look, Panel, PhotoPanel, Spec
from viz.maps.aggregations import list_diverging, name_aggregation
from viz.maps.cells import lay_cells
from viz.maps.heatmaps import Heatmaps
from viz.maps.ranges import choose_limits
from viz.networks.layers import Layer
from viz.texts import Translate

SHARED_BAR_HEIGHT = 56  # with its title; a panel's own takes less
LONGEST_NAME = 22  # characters
NOTEBOOK_WIDTH = 1000  # pixels of the screen
NOTEBOOK_HEIGHT = 650


def draw_heatmaps(
    image: Image.Image,
    heatmaps: Heatmaps,
    layers: Sequence[Layer],
    *,
    side: str = "post",
    aggregation: str = "mean",
    limits: str = "own",
    look: Look | None = None,
    width: float = NOTEBOOK_WIDTH,
    height: float = NOTEBOOK_HEIGHT,
    translate: Translate | None = None,
) -> go.Figure:
    """The page's figure, for a notebook or a file: the photograph and a heatmap a layer, with linked zoom.

    Args:
        image: The framed photograph that the maps were made of.
        heatmaps: Of one pass over it.
        layers: The layers to show, in this order.
        side: "pre" or "post" the activation; a layer that has no activation shows its output.
        aggregation: Key of `AGGREGATIONS`.
        limits: Which values get the ends of the colour scale, key of `viz.maps.ranges.RANGES`.
        look: Colours, overlay and the like; those with which the page begins if None.
        width: Of the figure, in pixels of the screen.
        height: Of the screen; a figure of many layers may exceed it.
        translate: The language of the texts; English if None.

    Returns:
        A figure that is complete in itself. On hover it tells true values.

    Example:
        >>> draw_heatmaps(image, heatmaps, network.layers[:3]).write_html("figure.html")
    """
    translate = translate or Translate("en")
    photo = make_photo_panel(image.size, encode_image(image), translate)
    size = photo.height, photo.width
    panels = make_panels(heatmaps, layers, side, aggregation, limits, size, translate)
    look = complete_look(look or Look(), aggregation, limits, translate)
    grid = arrange_panels(len(panels) + 1, width, height, photo.height / photo.width)
    return draw_panels(photo, panels, look, grid, explain_reading(look, translate))


def encode_image(image: Image.Image) -> str:
    """A data URI of a picture's exact pixels, as a WebP without loss, which is smaller than a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True, method=0, quality=0)  # here quality is effort
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def make_photo_panel(size: tuple[int, int], source: str, translate: Translate) -> PhotoPanel:
    """The framed photograph of this width and height, ready to draw; `encode_image` gives the source."""
    width, height = size
    title, short = (
        f"<b>{translate('picture.panel')}</b><br>{translate(key, width=width, height=height)}"
        for key in ("picture.panel_size", "picture.panel_size_short")
    )
    # A portrait is narrow.
    return PhotoPanel(source, width, height, title if width >= height else short, short)


def make_panels(
    heatmaps: Heatmaps,
    layers: Sequence[Layer],
    side: str,
    aggregation: str,
    limits: str,
    size: tuple[int, int],
    translate: Translate,
) -> list[Panel]:
    """The maps of some layers with their titles and hovers, ready to draw over a picture of this size.

    The size is height and width. The other arguments are those of `draw_heatmaps`.
    """
    sides = [layer.pick_side(side) for layer in layers]
    maps = [heatmaps[layer.name, at, aggregation] for layer, at in zip(layers, sides, strict=True)]
    signed = list_diverging(sides, aggregation, limits)
    ends = choose_limits(maps, limits, signed)
    panels: list[Panel] = []
    for layer, at, heatmap, (low, high), diverging in zip(layers, sides, maps, ends, signed, strict=True):
        channel = heatmaps.strongest_channel(layer.name, at) if aggregation == "strongest" else None
        title = write_map_title(layer, heatmap.shape, translate, channel, at != side)
        cells = lay_cells(layer, heatmap.shape, *size)
        hover, words = write_hover(layer, translate), name_ends(diverging, translate)
        panels.append(Panel(heatmap, cells, low, high, title, hover, diverging, words))
    return panels


def name_ends(diverging: bool, translate: Translate) -> tuple[str, str]:
    """What the ends of a map's colour bar stand for."""
    low, high = ("negative", "positive") if diverging else ("weak", "strong")
    return translate(f"panel.{low}"), translate(f"panel.{high}")


def write_hover(layer: Layer, translate: Translate, more: object = None) -> str:
    """What a map tells on hover, with the receptive field where it is known.

    `more` stands behind the layer's name, such as a channel's number.
    """
    name = layer.name if more is None else f"{layer.name} · {more}"
    field = layer.receptive_field
    key = "panel.hover_sees_gaps" if layer.has_gaps else "panel.hover_sees"
    sees = "" if field is None else translate(key, field=field)
    return translate("panel.hover", name=name, sees=sees)


def complete_look(look: Look, aggregation: str, limits: str, translate: Translate) -> Look:
    """Give a look the one bar that shared limits need."""
    quantity = name_aggregation(aggregation, translate)
    bar = translate("panel.shared_bar", quantity=quantity) if limits == "shared" else ""
    return replace(look, shared_bar=bar)


def explain_reading(look: Look, translate: Translate) -> str:
    """How a figure of such panels is read."""
    return translate("panel.how_to_read_shared" if look.shared_bar else "panel.how_to_read")


def shorten_name(name: str) -> str:
    """A layer's name for places without room for a long path, whose end tells most."""
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"


def write_map_title(
    layer: Layer,
    shape: tuple[int, ...],
    translate: Translate,
    channel: int | None = None,
    is_output: bool = False,
) -> str:
    """A map's title: the layer's name, the channel if it shows only one, its cells and its stage.

    With `is_output` it says, too, that the map is the convolution's output, since there is no activation.
    """
    title = translate(
        "panel.title" if channel is None else "panel.title_channel",
        name=shorten_name(layer.name),
        channel=channel,
        height=shape[0],
        width=shape[1],
        stage=translate(f"stage.{layer.stage}"),
    )
    return f"{title} · {translate('panel.output')}" if is_output else title


def draw_panels(
    photo: PhotoPanel, panels: Sequence[Panel], look: Look, grid: Grid, note: str = ""
) -> go.Figure:
    """The photograph and after it a panel a layer, all in input pixels, with linked zoom and pan.

    The pictures have no distortion at the width that `grid` was made for. The note is for the place that the
    last row leaves free, if it does.
    """
    return pieces.make_figure(compose_panels(photo, panels, look, grid, note))


def compose_panels(
    photo: PhotoPanel, panels: Sequence[Panel], look: Look, grid: Grid, note: str = ""
) -> Spec:
    """What `draw_panels` makes a figure of; other figures add to it."""
    grid = _make_room(look, grid)
    first, *slots = grid.slots
    tiles = [Tile(first, photo, photo), *_list_maps(photo, panels, look, grid, slots)]
    if note and grid.spare:
        tiles.append(Tile(grid.spare, note, photo))
    return compose(tiles, look, grid)


def draw_maps(
    photo: PhotoPanel, panels: Sequence[Panel], look: Look, grid: Grid, title_size: int = pieces.TITLE_SIZE
) -> go.Figure:
    """At least one map of a photograph without a panel of it, in input pixels, with linked zoom and pan."""
    grid = _make_room(look, grid)
    tiles = _list_maps(photo, panels, look, grid, grid.slots)
    return pieces.make_figure(compose(tiles, look, grid, title_size))


def draw_alone_and_over(photo: PhotoPanel, alone: Panel, over: Panel, look: Look, grid: Grid) -> go.Figure:
    """A map by itself and beside it one over the photograph, with linked zoom and pan; the look overlays."""
    grid = _make_room(look, grid)
    first, second = _list_maps(photo, [alone, over], look, grid, grid.slots)
    first = Tile(first.slot, first.shown, first.photo, first.bar, alone=True)
    return pieces.make_figure(compose([first, second], look, grid))


def _make_room(look: Look, grid: Grid) -> Grid:
    """The grid with room for the bar of all maps at its foot."""
    return replace(grid, height=grid.height + SHARED_BAR_HEIGHT - BAR_HEIGHT) if look.shared_bar else grid


def _list_maps(
    photo: PhotoPanel, panels: Sequence[Panel], look: Look, grid: Grid, slots: Sequence[Slot]
) -> list[Tile]:
    """Maps with a colour bar each, or with one for all at the foot of the figure."""
    bars: list[Spec | None] = [None] * len(panels)
    if not look.shared_bar:
        bars = [draw_map_bar([panel], grid, slot) for panel, slot in zip(panels, slots, strict=False)]
    elif panels:
        foot = Slot(0.0, grid.height - SHARED_BAR_HEIGHT, grid.width, 0.0)
        bars[0] = draw_map_bar(panels, grid, foot, look.shared_bar)
    return [Tile(slot, panel, photo, bar) for slot, panel, bar in zip(slots, panels, bars, strict=False)]
