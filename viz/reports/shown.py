"""What a figure shows, panel by panel, for a print and for arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Extent = tuple[float, float, float, float]  # left, right, bottom and top edge, as matplotlib takes it


@dataclass(frozen=True)
class Photo:
    """A framed photograph, and the title above it."""

    title: str
    image: Image.Image


@dataclass(frozen=True)
class Shown:
    """A map as it is drawn.

    Attributes:
        title: Above it.
        key: Its name among arrays.
        heatmap: True values, float32 [h, w].
        extent: Where it lies in the picture, in input pixels.
        image: The framed photograph that it was made of.
        color_map: matplotlib's name of its colours.
        low: Value drawn in the first colour.
        high: Value drawn in the last colour.
        ends: Words beside these at the ends of its bar.
        opacity: Over the photograph, 0..1; None where the photograph does not lie under it.
    """

    title: str
    key: str
    heatmap: NDArray[np.float32]
    extent: Extent
    image: Image.Image
    color_map: str
    low: float
    high: float
    ends: tuple[str, str] = ("", "")
    opacity: float | None = None


Item = Photo | Shown | None  # None leaves a place empty
Items = Sequence[Item]
