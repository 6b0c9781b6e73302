"""A figure for print, drawn by matplotlib from the same maps, limits and colours as the page's."""

import io
from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viz.maps.ranges import choose_limits
from viz.maps.values import format_value
from viz.networks.layers import name_side
from viz.reports.recipe import Recipe
from viz.texts import Translate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Width in inches and panels in a row, at most: a column and the text of a page, and a slide.
WIDTHS: dict[str, tuple[float, int]] = {"column": (3.4, 2), "page": (6.7, 4), "slide": (13.3, 6)}
FORMATS = ("png", "svg", "pdf")
DPI = 300
FONT_SIZE = {"column": 6.0, "page": 7.0, "slide": 12.0}
LINE = 1.35  # of text, in font sizes
POINTS = 72  # an inch
GAP = 0.12  # inches between panels
BAR = 0.07  # inches that a colour bar is high
# Fonts with Chinese characters, of Linux, Windows and macOS.
CHINESE: tuple[str, ...] = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
)
CHINESE += ("Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Arial Unicode MS")


def find_font(language: str) -> str | None:
    """A font that this machine has for a language, or None: boxes would stand in the characters' place."""
    from matplotlib import font_manager

    if language != "zh":
        return "DejaVu Sans"  # comes with matplotlib
    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE if name in there), None)


def draw_print(
    recipe: Recipe,
    image: Image.Image,
    maps: Mapping[str, NDArray[np.float32]],
    translate: Translate,
    width: str = "page",
    kind: str = "png",
) -> bytes:
    """The photograph and a map a layer, with bars, titles and a caption, as a file.

    Args:
        recipe: How the maps were made and are shown.
        image: The framed photograph.
        maps: By layer name, float32 [h, w], true values.
        translate: The language; English where the machine has no font for it.
        width: Key of `WIDTHS`.
        kind: Key of `FORMATS`; PNG has `DPI` pixels an inch.

    Raises:
        ValueError: There is no such width or kind; the message lists those that there are.
    """
    for name, given, known in (("width", width, WIDTHS), ("kind", kind, FORMATS)):
        if given not in known:
            raise ValueError(f"unknown {name} {given!r}; expected one of {', '.join(known)}")
    font = find_font(translate.language)
    if font is None:
        translate, font = Translate("en"), "DejaVu Sans"
    figure = _Print(recipe, translate, width, font).draw(image, maps)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DPI)
    return buffer.getvalue()


class _Print:
    """The sheet: where its panels stand, in inches from the upper left corner."""

    def __init__(self, recipe: Recipe, translate: Translate, width: str, font: str) -> None:
        self._recipe, self._translate = recipe, translate
        self._width, most = WIDTHS[width]
        size = FONT_SIZE[width]
        self._text: dict[str, Any] = {"fontfamily": font, "fontsize": size}
        self._line = LINE * size / POINTS
        count = len(recipe.layers) + 1
        self._columns = ceil(count / ceil(count / most))
        self._panel = (self._width - (self._columns + 1) * GAP) / self._columns
        height, across = recipe.size
        self._picture = self._panel * height / across
        self._row = 2.3 * self._line + self._picture + BAR + 2.2 * self._line
        self._rows = ceil(count / self._columns)

    def draw(self, image: Image.Image, maps: Mapping[str, NDArray[np.float32]]) -> "Figure":
        """The figure; of matplotlib's own classes, since pyplot keeps a state that threads share."""
        from matplotlib.figure import Figure

        recipe, translate = self._recipe, self._translate
        lines = self._wrap(describe(recipe, translate))
        self._height = GAP + self._rows * self._row + (len(lines) + 1) * self._line
        figure = Figure(figsize=(self._width, self._height))
        height, width = recipe.size
        photo = self._add(figure, 0, translate("picture.panel"))
        photo.imshow(image)
        heatmaps = [maps[layer.name] for layer in recipe.layers]
        limits = choose_limits(heatmaps, recipe.limits, recipe.diverging)
        for place, layer in enumerate(recipe.layers):
            axis = self._add(figure, place + 1, layer.name)
            if recipe.opacity is not None:
                axis.imshow(image, extent=(0, width, height, 0))
            diverging, (low, high) = recipe.diverging[place], limits[place]
            drawn = axis.imshow(
                heatmaps[place],
                cmap=recipe.color_maps[place],
                vmin=low,
                vmax=high,
                extent=recipe.extents[layer.name],
                alpha=recipe.opacity,
                interpolation="nearest",
            )
            axis.set(xlim=(0, width), ylim=(height, 0))
            self._add_bar(figure, place + 1, drawn, heatmaps[place], diverging)
        top = GAP + self._rows * self._row
        for number, line in enumerate(lines):
            y = 1 - (top + (number + 0.8) * self._line) / self._height
            figure.text(GAP / self._width, y, line, **self._text)
        return figure

    def _corner(self, place: int) -> tuple[float, float]:
        row, column = divmod(place, self._columns)
        return GAP + column * (self._panel + GAP), GAP + row * self._row

    def _share(
        self, left: float, top: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """A rectangle as matplotlib takes it: shares of the figure, from the lower left corner."""
        across, down = self._width, self._height
        return left / across, 1 - (top + height) / down, width / across, height / down

    def _add(self, figure: "Figure", place: int, title: str) -> "Axes":
        left, top = self._corner(place)
        axes = figure.add_axes(self._share(left, top + 1.6 * self._line, self._panel, self._picture))
        axes.set_axis_off()
        y = 1 - (top + 1.2 * self._line) / self._height
        figure.text(left / self._width, y, title, fontweight="bold", **self._text)
        return axes

    def _add_bar(
        self, figure: "Figure", place: int, drawn: Any, heatmap: NDArray[np.float32], diverging: bool
    ) -> None:
        """The map's colour bar, with numbers and words at its ends."""
        left, top = self._corner(place)
        top += 1.6 * self._line + self._picture + 0.4 * self._line
        axes = figure.add_axes(self._share(left, top, self._panel, BAR))
        figure.colorbar(drawn, cax=axes, orientation="horizontal", ticks=[])
        low, high = drawn.get_clim()
        names = ("negative", "positive") if diverging else ("weak", "strong")
        clips = "≤ " if heatmap.min() < low else "", "≥ " if heatmap.max() > high else ""
        weak, strong = (self._translate(f"panel.{name}") for name in names)
        texts = f"{clips[0]}{format_value(low)} {weak}", f"{strong} {clips[1]}{format_value(high)}"
        y = 1 - (top + BAR + 1.1 * self._line) / self._height
        for x, text, side in zip((left, left + self._panel), texts, ("left", "right"), strict=True):
            figure.text(x / self._width, y, text, ha=side, **self._text)

    def _wrap(self, text: str) -> list[str]:
        """Lines that fit; a Chinese character is twice as wide as others."""
        room = 0.96 * self._width * POINTS / (0.55 * self._text["fontsize"])
        lines, line, used = [], "", 0.0
        for word in _split(text):
            wide = sum(1.8 if ord(character) > 0x2E80 else 1 for character in word)
            if used + wide > room and line:
                lines.append(line.rstrip())
                line, used = "", 0.0
            line, used = line + word, used + wide
        return [*lines, line]


def _split(text: str) -> Sequence[str]:
    """Where a line may end: after a space, and after each Chinese character."""
    parts: list[str] = []
    for character in text:
        if parts and parts[-1][-1] != " " and ord(character) < 0x2E80 and ord(parts[-1][-1]) < 0x2E80:
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def describe(recipe: Recipe, translate: Translate) -> str:
    """A caption: network, weights, layers, side, aggregation, framing and colours, in a sentence."""
    height, width = recipe.size
    return translate(
        "report.caption",
        network=recipe.info.title,
        weights=recipe.info.licence or translate("report.own_weights"),
        layers=", ".join(layer.name for layer in recipe.layers),
        side=name_side(recipe.network.layers, recipe.side, translate),
        aggregation=translate.find(f"aggregation.{recipe.aggregation}") or recipe.aggregation,
        framing=translate(f"advanced.framing_{recipe.framing}"),
        width=width,
        height=height,
        photo=recipe.photo,
        limits=translate(f"look.range_{recipe.limits}"),
    )
