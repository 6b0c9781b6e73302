"""A photograph to the exact pixels that a network sees."""

import math
from typing import Final

from PIL import Image
from PIL.Image import Resampling

FRAMINGS: Final = ("whole", "crop", "squash")
SMALLEST_SIZE: Final = 8  # pixels
# The side that VGG16 was trained on; the page offers smaller ones only to small networks.
MIN_SIZE: Final = 224
MAX_SIZE: Final = 512

# Most networks halve their input five times: below 32 pixels nothing is left at their end.
MIN_FRAME_SIDE: Final = 32

# Of VGG16's deepest layer, in pixels.
DEEPEST_STRIDE: Final = 16

# Left, top, right and bottom edge in pixels of the framed picture; the right and bottom ones are outside.
Box = tuple[int, int, int, int]


def frame_image(
    image: Image.Image, framing: str = "whole", size: int = MIN_SIZE, stride: int = DEEPEST_STRIDE
) -> Image.Image:
    """Cut and scale a photograph to the exact pixels that the network sees.

    Args:
        image: A picture in mode RGB, as `read_image` returns it; it is left as it is.
        framing: "whole" keeps the proportions, up to half a `stride`: the short side becomes `size`, or less
            where a panorama would exceed 2 * size * size pixels, but never below 32. "crop" takes the largest
            square in the middle. "squash" ignores the proportions, as torchvision's `Resize((size, size))`
            does.
        size: Pixels, from `SMALLEST_SIZE` to `MAX_SIZE`; best the side on which the network was trained, or
            one that multiples of the stride lead to from there.
        stride: Of the network's deepest layer, in pixels: `Network.stride`. Sides differ from `size` by
            multiples of it alone; with others, padding would move deep cells by up to half a cell.

    Returns:
        A new picture in mode RGB; size x size pixels for "crop" and "squash".

    Raises:
        ValueError: The framing or the size is not one of the above; the message lists what is.

    Example:
        >>> frame_image(Image.new("RGB", (451, 300)), "whole", 224).size
        (336, 224)
    """
    if framing not in FRAMINGS:
        raise ValueError(f"unknown framing {framing!r}; expected one of {', '.join(FRAMINGS)}")
    if not SMALLEST_SIZE <= size <= MAX_SIZE:
        raise ValueError(f"unusable size {size!r}; expected {SMALLEST_SIZE} to {MAX_SIZE} pixels")
    box, sides = plan_frame(*image.size, framing, size, stride)
    image = image if box == (0, 0, *image.size) else image.crop(box)
    return image.resize(sides, Resampling.BILINEAR)


def plan_frame(width: int, height: int, framing: str, size: int, stride: int) -> tuple[Box, tuple[int, int]]:
    """What `frame_image` takes of a photograph of this width and height, and the sides that it gives it.

    Framings of which both are the same give the same picture.
    """
    if framing == "whole":
        return (0, 0, width, height), _scale_whole(width, height, size, stride)
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side) if framing == "crop" else (0, 0, width, height)
    return box, (size, size)


def fit_side(length: float, size: int, stride: int, least: int = 1, most: float = math.inf) -> int:
    """The length nearest to another one, of those that differ from `size` by multiples of `stride`.

    It is at least `least` and, where one of them is, at most `most`; all are in pixels.
    """
    steps: float = math.floor((length - size) / stride + 0.5)
    steps = max(min(steps, (most - size) // stride), -((size - least) // stride))
    return size + int(steps) * stride


def _scale_whole(width: int, height: int, size: int, stride: int) -> tuple[int, int]:
    """Sides of the "whole" framing: proportions nearly kept, at most 2 * size * size pixels.

    Where that is no limit they are those of torchvision's `Resize(size)`, which rounds the long one down,
    before they are fitted.
    """
    limit = 2 * size * size
    short, long = min(width, height), max(width, height)
    scaled = min(size, math.sqrt(limit * short / long))
    fitted = fit_side(scaled, size, stride, min(MIN_FRAME_SIDE, size), scaled)
    other = fit_side(fitted * long // short, size, stride, fitted, limit // fitted)
    return (fitted, other) if width < height else (other, fitted)
