"""A photograph as a published network's own evaluation frames it."""

from typing import Final, Literal, NamedTuple

from PIL import Image
from PIL.Image import Resampling

FILTERS: Final = {"bilinear": Resampling.BILINEAR, "bicubic": Resampling.BICUBIC}


class Preprocessing(NamedTuple):
    """How a network's own evaluation frames a photograph, before a square in the middle is taken.

    Attributes:
        resize: What the short side becomes, in pixels.
        interpolation: By which filter.
    """

    resize: int = 256
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"


def preprocess_image(image: Image.Image, preprocessing: Preprocessing, size: int) -> Image.Image:
    """Frame a photograph as torchvision's and timm's evaluation does, pixel by pixel.

    Args:
        image: A picture in mode RGB, as `read_image` returns it; it is left as it is.
        preprocessing: The network's.
        size: Side of the square, in pixels, at most `preprocessing.resize`.

    Returns:
        A new picture in mode RGB, size x size pixels.
    """
    short, resize = min(image.size), preprocessing.resize
    width, height = (int(resize * side / short) for side in image.size)  # rounded down, as they do
    scaled = image.resize((width, height), FILTERS[preprocessing.interpolation])
    left, top = round((width - size) / 2), round((height - size) / 2)
    return scaled.crop((left, top, left + size, top + size))
