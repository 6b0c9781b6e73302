"""A figure for print, drawn by matplotlib from the same maps, limits and colours as the page's."""

import io
from collections.abc import Sequence
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.maps.aggregations import name_aggregation
from viz.maps.values import format_value
from viz.networks.layers import name_side
from viz.reports.recipe import Recipe
from viz.reports.shown import Items, Photo, Shown
from viz.texts import Translate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Width in inches and panels in a row, at most: a column and the text of a page, and a slide.
WIDTHS: dict[str, tuple[float, int]] = {"column": (3.4, 2), "page": (6.7, 4), "slide": (13.3, 6)}
FORMATS = ("png", "svg", "pdf")
DPI = 300
PNG_LEVEL = 4  # of zlib: half of the time for files that are hardly larger
FONT_SIZE = {"column": 6.0, "page": 7.0, "slide": 12.0}
LINE = 1.35  # of text, in font sizes
POINTS = 72  # an inch
GAP = 0.12  # inches between panels
BAR = 0.07  # inches that a colour bar is high
BAR_STEPS = 256  # of colours
LETTER = 0.58  # width of a letter, in font sizes
BOLD = 1.12  # times as wide
SMALLEST = 0.7  # of a title, before it is cut
WIDE = 0x2E80  # from this character on they are Chinese, and twice as wide
LATIN = "DejaVu Sans"  # comes with matplotlib
# Fonts with Chinese characters, of Linux, Windows and macOS.
CHINESE: tuple[str, ...] = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
)
CHINESE += ("Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Arial Unicode MS")


@cache
def find_chinese_font() -> str | None:
    """A font that this machine has for Chinese, or None: boxes would stand in the characters' place."""
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE if name in there), None)


def choose_language(translate: Translate) -> Translate:
    """The visitor's language; English where this machine has no font for it."""
    return translate if translate.language != "zh" or find_chinese_font() else Translate("en")


def draw_print(
    items: Items,
    caption: str,
    language: str = "en",
    width: str = "page",
    kind: str = "png",
    columns: int | None = None,
) -> bytes:
    """Photographs and maps, with bars, titles and a caption, as a file.

    Args:
        items: In reading order.
        caption: Stands below, in as many lines as it takes.
        language: Of the texts; see `choose_language`. What no font can write is left out.
        width: Key of `WIDTHS`.
        kind: One of `FORMATS`; PNG has `DPI` pixels an inch.
        columns: How many panels stand in a row; None: as many as fit, evenly.

    Raises:
        ValueError: There is no such width or kind; the message lists those that there are.
    """
    for name, given, known in (("width", width, WIDTHS), ("kind", kind, FORMATS)):
        if given not in known:
            raise ValueError(f"unknown {name} {given!r}; expected one of {', '.join(known)}")
    buffer = io.BytesIO()
    how: dict[str, Any] = {"pil_kwargs": {"compress_level": PNG_LEVEL}} if kind == "png" else {}
    figure = _Print(items, width, columns, language).draw(caption)
    figure.savefig(buffer, format=kind, dpi=DPI, **how)
    return buffer.getvalue()


class _Print:
    """The sheet: where its panels stand, in inches from the upper left corner."""

    def __init__(self, items: Items, width: str, columns: int | None, language: str) -> None:
        chinese = find_chinese_font()
        fonts = [LATIN] if chinese is None else [LATIN, chinese]  # names can be of any language
        self._items, self._has_font = items, chinese is not None
        self._width, most = WIDTHS[width]
        size = FONT_SIZE[width]
        self._text: dict[str, Any] = {
            "fontfamily": fonts[::-1] if language == "zh" else fonts,
            "fontsize": size,
        }
        self._line = LINE * size / POINTS
        self._columns = columns or ceil(len(items) / ceil(len(items) / most))
        self._panel = (self._width - (self._columns + 1) * GAP) / self._columns
        aspect = max(item.image.height / item.image.width for item in items if item is not None)
        self._picture = self._panel * aspect
        self._row = 2.3 * self._line + self._picture + BAR + 2.2 * self._line
        self._rows = ceil(len(items) / self._columns)

    def draw(self, caption: str) -> "Figure":
        """The figure; of matplotlib's own classes, since pyplot keeps a state that threads share."""
        from matplotlib.figure import Figure

        lines = self._wrap(self._spell(caption))
        self._height = GAP + self._rows * self._row + (len(lines) + 1) * self._line
        figure = Figure(figsize=(self._width, self._height))
        for place, item in enumerate(self._items):
            if isinstance(item, Photo):
                self._add(figure, place, item.title, item.image.height / item.image.width).imshow(item.image)
            elif item is not None:
                self._draw_map(figure, place, item)
        top = GAP + self._rows * self._row
        for number, line in enumerate(lines):
            y = 1 - (top + (number + 0.8) * self._line) / self._height
            figure.text(GAP / self._width, y, line, **self._text)
        return figure

    def _draw_map(self, figure: "Figure", place: int, shown: Shown) -> None:
        width, height = shown.image.size
        axis = self._add(figure, place, shown.title, height / width)
        if shown.opacity is not None:
            axis.imshow(shown.image, extent=(0, width, height, 0))
        axis.imshow(
            shown.heatmap,
            cmap=shown.color_map,
            vmin=shown.low,
            vmax=shown.high,
            extent=shown.extent,
            alpha=shown.opacity,
            interpolation="nearest",
        )
        self._add_bar(figure, place, axis, shown)
        axis.set(xlim=(0, width), ylim=(height, 0))

    def _corner(self, place: int) -> tuple[float, float]:
        row, column = divmod(place, self._columns)
        return GAP + column * (self._panel + GAP), GAP + row * self._row

    def _share(
        self, left: float, top: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """A rectangle as matplotlib takes it: shares of the figure, from the lower left corner."""
        across, down = self._width, self._height
        return left / across, 1 - (top + height) / down, width / across, height / down

    def _add(self, figure: "Figure", place: int, title: str, aspect: float) -> "Axes":
        left, top = self._corner(place)
        height = self._panel * aspect
        axes = figure.add_axes(self._share(left, top + 1.6 * self._line, self._panel, height))
        axes.set_axis_off()
        y = 1 - (top + 1.2 * self._line) / self._height
        text, shrink = self._fit(self._spell(title))
        size = shrink * self._text["fontsize"]
        figure.text(left / self._width, y, text, fontweight="bold", **{**self._text, "fontsize": size})
        return axes

    def _add_bar(self, figure: "Figure", place: int, axis: "Axes", shown: Shown) -> None:
        """The map's colour bar, with numbers and words at its ends."""
        left, top = self._corner(place)
        below = self._picture + 0.4 * self._line
        width, scale = shown.image.width, shown.image.width / self._panel  # pixels, and pixels an inch
        axis.imshow(
            np.linspace(shown.low, shown.high, BAR_STEPS)[None],
            cmap=shown.color_map,
            extent=(0, width, scale * (below + BAR), scale * below),
            alpha=shown.opacity,
            clip_on=False,  # axes of its own would take longer than all else
        )
        top += 1.6 * self._line + below
        clips = (
            "≤ " if shown.heatmap.min() < shown.low else "",
            "≥ " if shown.heatmap.max() > shown.high else "",
        )
        weak, strong = map(self._spell, shown.ends)
        numbers = clips[0] + format_value(shown.low), clips[1] + format_value(shown.high)
        texts = f"{numbers[0]} {weak}", f"{strong} {numbers[1]}"
        if self._measure("   ".join(texts)) > self._panel:  # the numbers are what matters
            texts = numbers
        y = 1 - (top + BAR + 1.1 * self._line) / self._height
        for x, text, side in zip((left, left + self._panel), texts, ("left", "right"), strict=True):
            figure.text(x / self._width, y, text.strip(), ha=side, **self._text)

    def _measure(self, text: str) -> float:
        """About how wide a text is, in inches; a Chinese character is twice as wide as others."""
        letters = sum(1.8 if ord(character) >= WIDE else 1 for character in text)
        return float(LETTER * letters * self._text["fontsize"] / POINTS)

    def _fit(self, title: str) -> tuple[str, float]:
        """A title that a panel has room for, and by how much it is smaller; its end tells most."""
        room = self._panel / BOLD
        shrink = min(1.0, max(SMALLEST, room / self._measure(title))) if title else 1.0
        while shrink * self._measure(title) > room and len(title) > 1:
            title = f"…{title.lstrip('…')[1:]}"
        return title, shrink

    def _spell(self, text: str) -> str:
        """The text, without characters that no font of this machine has, and without formulas."""
        plain = text if self._has_font else "".join(one for one in text if ord(one) < WIDE)
        return plain.replace("$", r"\$")

    def _wrap(self, text: str) -> list[str]:
        """Lines that fit."""
        lines, line = [], ""
        for word in _split(text):
            if line and self._measure(line + word) > 0.96 * self._width:
                lines.append(line.rstrip())
                line = ""
            line += word
        return [*lines, line]


def _split(text: str) -> Sequence[str]:
    """Where a line may end: after a space, and after each Chinese character."""
    parts: list[str] = []
    for character in text:
        if parts and parts[-1][-1] != " " and ord(character) < WIDE and ord(parts[-1][-1]) < WIDE:
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def describe(recipe: Recipe, translate: Translate) -> str:
    """A caption: network, weights, layers, how their channels are shown, framing and range, in a sentence."""
    height, width = recipe.size
    facts = {
        "network": recipe.info.title,
        "weights": recipe.info.licence or translate("report.own_weights"),
        "layers": ", ".join(layer.name for layer in recipe.layers),
        "what": _describe_maps(recipe, translate),
        "width": width,
        "height": height,
        "photo": recipe.photo,
        "limits": translate(f"look.range_{recipe.limits}"),
    }
    if recipe.preprocessing is not None:
        framing = translate("report.framing_trained", resize=recipe.preprocessing.resize)
    else:
        framing = translate(f"advanced.framing_{recipe.framing}")
    return translate("report.caption", framing=_begin_small(framing, translate), **facts)


def _begin_small(label: str, translate: Translate) -> str:
    """A label in the middle of a sentence."""
    return label[:1].lower() + label[1:] if translate.language == "en" else label


def _describe_maps(recipe: Recipe, translate: Translate) -> str:
    asked = recipe.asked
    if asked is not None:
        facts = {"method": translate(f"classes.method_{asked.method}"), "name": asked.name}
        if asked.against is None:
            return translate("report.of_class", **facts)
        return translate("report.of_classes", **facts, other=asked.against_name)
    side = _begin_small(name_side(recipe.network.layers, recipe.side, translate), translate)
    if recipe.channels:
        numbers = ", ".join(map(str, recipe.channels))
        return translate("report.of_channels", channels=numbers, side=side)
    aggregation = name_aggregation(recipe.aggregation, translate)
    return translate("report.of_layers", aggregation=aggregation, side=side)
