"""Numbers to colours."""

import base64
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHADES = 256  # as many as a PNG with a palette holds, and as a screen shows of one colour channel

Palette = NDArray[np.uint8]


def make_palette(places: Sequence[float], colors: Sequence[tuple[float, float, float]]) -> Palette:
    """A colour scale in even steps.

    Args:
        places: Of its colours, ascending from 0 to 1.
        colors: Red, green and blue, 0..1; between two places they are blended linearly, as Plotly does it.

    Returns:
        uint8 [SHADES, 3].
    """
    steps = np.linspace(0, 1, SHADES)
    channels = [np.interp(steps, places, channel) for channel in zip(*colors, strict=True)]
    palette: Palette = np.rint(np.stack(channels, axis=-1) * 255).astype(np.uint8)
    return palette


def paint_map(heatmap: NDArray[np.float32], low: float, high: float, palette: Palette) -> str:
    """A map as a picture, one pixel a cell.

    Args:
        heatmap: Finite values, [h, w].
        low: Value of the palette's first colour; what is lower has it, too.
        high: Value of its last colour, above `low`; what is higher has it, too.
        palette: As `make_palette` returns it.

    Returns:
        A data URI of a PNG. Each cell has the palette's nearest colour.
    """
    share = (heatmap.astype(np.float64) - low) / (high - low)  # the range can overflow float32
    picture = Image.fromarray(np.rint(share.clip(0, 1) * (SHADES - 1)).astype(np.uint8))
    picture.putpalette(palette.tobytes())
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=1)  # twice as fast as the usual level, and as small
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def paint_scale(palette: Palette) -> str:
    """A colour scale from left to right, as a data URI of a picture one pixel high."""
    return paint_map(np.linspace(0, 1, SHADES, dtype=np.float32)[np.newaxis], 0, 1, palette)
