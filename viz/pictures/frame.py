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

# Left, top, right and bottom edge in pixels of the framed picture; the right and bottom ones are outside.
Box = tuple[int, int, int, int]


def frame_image(image: Image.Image, framing: str = "whole", size: int = MIN_SIZE) -> Image.Image:
    """Cut and scale a photograph to the exact pixels that the network sees.

    Args:
        image: A picture in mode RGB, as `read_image` returns it; it is left as it is.
        framing: "whole" keeps the proportions: the short side becomes `size`, or less where a panorama
            would exceed 2 * size * size pixels, but never below 32. "crop" takes the largest square in
            the middle. "squash" ignores the proportions, as torchvision's `Resize((size, size))` does.
        size: Pixels, from `SMALLEST_SIZE` to `MAX_SIZE`.

    Returns:
        A new picture in mode RGB; size x size pixels for "crop" and "squash".

    Raises:
        ValueError: The framing or the size is not one of the above; the message lists what is.

    Example:
        >>> frame_image(Image.new("RGB", (451, 300)), "whole", 224).size
        (337, 224)
    """
    if framing not in FRAMINGS:
        raise ValueError(f"unknown framing {framing!r}; expected one of {', '.join(FRAMINGS)}")
    if not SMALLEST_SIZE <= size <= MAX_SIZE:
        raise ValueError(f"unusable size {size!r}; expected {SMALLEST_SIZE} to {MAX_SIZE} pixels")
    if framing == "crop":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    sides = _scale_whole(*image.size, size) if framing == "whole" else (size, size)
    return image.resize(sides, Resampling.BILINEAR)


def _scale_whole(width: int, height: int, size: int) -> tuple[int, int]:
    """Sides of the "whole" framing: proportions kept, at most 2 * size * size pixels."""
    limit = 2 * size * size
    scale = min(size / min(width, height), math.sqrt(limit / (width * height)))
    short = max(min(MIN_FRAME_SIDE, size), round(min(width, height) * scale))
    # Rounding both sides up could pass the limit by a row.
    long = min(round(max(width, height) * scale), limit // short)
    return (short, long) if width < height else (long, short)
