"""The pieces that figures are made of, as Plotly's plain dictionaries."""

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import get_colorscale, hex_to_rgb, unlabel_rgb

from viz.figures.layout import NARROW, Grid, Slot
from viz.maps.cells import Cells, Edges
from viz.pictures.frame import Box

# Plotly's jet has six colours at even steps. The homework's is matplotlib's, which bends here.
JET = [
    [0.0, "rgb(0, 0, 128)"],
    [0.11, "rgb(0, 0, 255)"],
    [0.125, "rgb(0, 0, 255)"],
    [0.34, "rgb(0, 219, 255)"],
    [0.35, "rgb(0, 229, 247)"],
    [0.375, "rgb(21, 255, 226)"],
    [0.64, "rgb(239, 255, 8)"],
    [0.65, "rgb(247, 246, 0)"],
    [0.66, "rgb(255, 236, 0)"],
    [0.89, "rgb(255, 19, 0)"],
    [0.91, "rgb(232, 0, 0)"],
    [1.0, "rgb(128, 0, 0)"],
]
# The names are the page's; the values are Plotly's. Diverging maps get a scale of their own.
COLOR_SCALES: dict[str, str | list[list[Any]]] = {
    "viridis": "Viridis",
    "turbo": "Turbo",
    "inferno": "Inferno",
    "cividis": "Cividis",
    "jet": JET,
    "greys": "Greys_r",
}
DIVERGING_SCALE = "RdBu_r"
FONT = '"Source Sans", sans-serif'  # the page's, for a figure that takes no theme from it
# The figure does not know whether the page is light or dark; these can be seen on both.
MUTED_COLOR = "#8a8d96"
ACCENT_COLOR = "#d0582f"
RING_RADIUS = 9
TITLE_SIZE = 13
# Plotly rounds a half up on hover: by so little, the middle of pixel 136 counts as 136 and not as 137.
HALF_DOWN = 2**-10
HALO_COLOR = "rgba(255, 255, 255, 0.8)"
# Over a photograph: dark where a pixel hardly counts, glowing where it does.
SALIENCY_SCALE = [
    [0.0, "rgba(10, 10, 20, 0.7)"],
    [0.2, "rgba(120, 20, 40, 0.75)"],
    [0.6, "rgba(240, 120, 30, 0.8)"],
    [1.0, "rgba(255, 245, 150, 0.9)"],
]
HOVER_COLOR = "#2f333c"
HOVER_TEXT_COLOR = "#fdfcf9"
Spec = dict[str, Any]
TEXT: Spec = {"xanchor": "left", "align": "left", "showarrow": False}


@dataclass(frozen=True)
class PhotoPanel:
    """The framed photograph: a data URI of its exact pixels, its sides in pixels, and the text above it.

    The short title takes the other's place above a narrow picture, where there is one.
    """

    source: str
    width: int
    height: int
    title: str
    short_title: str = ""


@dataclass(frozen=True)
class Panel:
    """One layer's map and how to show it.

    Attributes:
        heatmap: True values, [h, w].
        cells: Where its cells lie in the photograph.
        low: Value drawn in the first colour.
        high: Value drawn in the last colour.
        title: Text above it (like all texts here in Plotly's HTML subset).
        hover: Plotly hover template; `%{z}` is the true value, `%{customdata}` the normalised one in percent,
            `%{pointNumber[0]}` and `%{pointNumber[1]}` row and column, x and y the centre.
        diverging: Whether zero is the middle of the scale, which then is blue-white-red.
        ends: What stands beside the numbers at the ends of its colour bar, such as "weak" and "strong".
        partner: Values of another map at the same places, [h, w], `%{text}` in `hover`; None for none.
    """

    heatmap: NDArray[np.float32]
    cells: Cells
    low: float
    high: float
    title: str
    hover: str
    diverging: bool = False
    ends: tuple[str, str] = ("", "")
    partner: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Mark:
    """A cell and what it sees."""

    cell: Edges  # the pixels that it covers
    field: Box | None  # its receptive field, where it is known


@dataclass(frozen=True)
class Saliency:
    """How strongly the pixels of a part of the photograph count."""

    values: NDArray[np.float32]  # true values, [h, w], a pixel each
    left: int  # edges of the part, in input pixels
    top: int
    hover: str  # Plotly's template; `%{z}` is the value, x and y the pixel's centre


@dataclass(frozen=True)
class Colors:
    """A map whose cells have colours of their own; else as `Panel`."""

    pixels: NDArray[np.uint8]  # [h, w, 3]
    values: NDArray[np.float32]  # what they stand for, [h, w, n]; `%{customdata[0]}` and so on in `hover`
    cells: Cells
    title: str
    hover: str


@dataclass(frozen=True)
class Look:
    """What all panels share.

    Attributes:
        colors: Key of `COLOR_SCALES`.
        overlay: Whether the photograph lies under each map.
        opacity: Of the maps over the photograph, 0..1.
        smooth: Whether cells are blended on the screen; the values on hover stay those of the cells.
        shared_bar: Text of the one colour bar that serves all maps; empty when each has its own.
    """

    colors: str = "viridis"
    overlay: bool = False
    opacity: float = 0.6
    smooth: bool = False
    shared_bar: str = ""


def make_figure(spec: Spec) -> go.Figure:
    """A figure without Plotly's default template, since everything that is seen is set here.

    Streamlit's page hands each figure to Plotly twice. By `datarevision` Plotly knows that the second one
    holds no new data and need not be drawn again.
    """
    # A gap in a curve is None; as a number it is NaN, where its place in the memory would tell nothing.
    values = [np.asarray(trace.get("z", trace.get("y", ())), dtype=float) for trace in spec["data"]]
    spec["layout"]["datarevision"] = str([crc32(array.tobytes()) for array in values])
    figure = go.Figure(spec)
    figure.layout.template = spec["layout"].get("template")
    return figure


def write_scale(name: str | None, opacity: float = 1) -> list[tuple[float, str]]:
    """A colour scale as Plotly takes it, key of `COLOR_SCALES`, or the diverging one.

    The opacity is that of its colours, not of the map: so the map's bar is blended as the map is.
    """
    chosen = DIVERGING_SCALE if name is None else COLOR_SCALES[name]
    scale = get_colorscale(chosen) if isinstance(chosen, str) else chosen
    written: list[tuple[float, str]] = []
    for place, color in scale:
        parts = hex_to_rgb(color) if color.startswith("#") else unlabel_rgb(color)
        written.append((place, f"rgba({', '.join(f'{part:.0f}' for part in parts)}, {opacity:g})"))
    return written


def name_axes(place: int) -> tuple[str, str]:
    """Plotly's names of a pair of axes, counted from 0: x, y, then x2, y2 and so on."""
    number = "" if place == 0 else str(place + 1)
    return f"x{number}", f"y{number}"


def base_layout(grid: Grid) -> Spec:
    return {
        "height": int(grid.height) + 2,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 2, "autoexpand": False},
        "showlegend": False,
        "dragmode": "zoom" if grid.width >= NARROW else False,  # on a phone dragging must scroll the page
        "font": {"family": FONT},
        "hoverlabel": {
            "align": "left",
            "bgcolor": HOVER_COLOR,
            "font": {"family": FONT, "color": HOVER_TEXT_COLOR},
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": MUTED_COLOR, "activecolor": ACCENT_COLOR},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def place_cells(x: str, y: str, cells: Cells) -> Spec:
    """Where the cells of a trace lie: Plotly names their centres, the axes count edges of pixels."""
    across = {"xaxis": x, "x0": cells.left + cells.width / 2 - HALF_DOWN, "dx": cells.width}
    return across | {"yaxis": y, "y0": cells.top + cells.height / 2 - HALF_DOWN, "dy": cells.height}


def write_title(text: str, x: str, y: str, size: int = TITLE_SIZE) -> Spec:
    place = {"xref": f"{x} domain", "yref": f"{y} domain", "x": 0, "y": 1, "yanchor": "bottom"}
    return TEXT | place | {"text": text, "borderpad": 3, "xshift": -3, "font": {"size": size}}


def write_note(text: str, grid: Grid, slot: Slot) -> Spec:
    place = {"xref": "paper", "x": grid.share_across(slot)[0]}
    place |= {"yref": "paper", "y": sum(grid.share_down(slot)) / 2, "yanchor": "middle"}
    return TEXT | place | {"text": text, "font": {"size": 13}, "opacity": 0.75}


def outline_box(x: str, y: str, box: Edges, width: float, dash: str = "solid") -> list[Spec]:
    """A rectangle in input pixels that can be seen on any colour."""
    edges = dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
    return _line_twice({"type": "rect", "xref": x, "yref": y, **edges}, width, dash)


def outline_ring(x: str, y: str, cell: Edges) -> list[Spec]:
    """A ring around the middle of a cell, of one size on the screen, so that no cell is too small to find."""
    left, top, right, bottom = cell
    ring: Spec = {"type": "circle", "xref": x, "yref": y, "xsizemode": "pixel", "ysizemode": "pixel"}
    ring |= {"xanchor": (left + right) / 2, "yanchor": (top + bottom) / 2}
    ring |= {"x0": -RING_RADIUS, "x1": RING_RADIUS, "y0": -RING_RADIUS, "y1": RING_RADIUS}
    return _line_twice(ring, 2, "solid")


def _line_twice(shape: Spec, width: float, dash: str) -> list[Spec]:
    halo = {"color": HALO_COLOR, "width": width + 2}
    return [shape | {"line": halo}, shape | {"line": {"color": ACCENT_COLOR, "width": width, "dash": dash}}]
