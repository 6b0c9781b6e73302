"""Bytes to pixels to batch: an uploaded file becomes the exact numbers that the network sees."""

from __future__ import annotations

import math
import struct
import threading
import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from PIL.ExifTags import Base as ExifTag
from PIL.Image import Resampling, Transpose

if TYPE_CHECKING:
    from torch import Tensor

MAX_BYTES: Final = 10 * 2**20
MAX_PIXELS: Final = 25_000_000
MAX_WEBP_PIXELS: Final = 20_000_000  # libwebp holds a picture four times over while it decodes
MIN_SIDE: Final = 16  # pixels
MAX_ASPECT: Final = 20  # long side over short side
FORMATS: Final = ("JPEG", "PNG", "WEBP")

FRAMINGS: Final = ("whole", "crop", "squash")
MIN_SIZE: Final = 224  # pixels; the side that VGG16 was trained on
MAX_SIZE: Final = 512

# VGG16 halves its input five times: below 32 pixels nothing is left after the last pooling.
MIN_FRAME_SIDE: Final = 32

# A JPEG may be decoded smaller than it is, but to no less than twice the largest size the network gets.
KEPT_SIDE: Final = 2 * MAX_SIZE

# A progressive JPEG of 140 KB that repeats one scan 1000 times takes 20 s to decode. Encoders write about
# ten scans; 10 MiB of anything else (a phone's video behind its photo) contain 160 such marks by chance.
MAX_SCANS: Final = 256

Color = tuple[float, float, float]

# Mean and standard deviation of R, G, B in [0, 1], by the name of the weights that were trained with them.
NORMALIZATION: Final[dict[str, tuple[Color, Color]]] = {
    "bundled": ((123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255)),
    "imagenet1k_v1": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}

_SENTENCES: Final = {
    "empty": "Expected a picture, but the file is empty (0 bytes): choose another file.",
    "too_many_bytes": (
        "Expected a file of at most {limit_mb} MB, but this one has {got_mb} MB: "
        "save the picture smaller, or as a JPEG."
    ),
    "format": (
        "Expected a JPEG, PNG or WebP picture, but the file is none of these, whatever its name says: "
        "save the picture as JPEG or PNG."
    ),
    "broken": (
        "Expected a complete {format} picture, but the file is damaged, cut off or of a rare kind: "
        "get it from its source again, or save it as JPEG or PNG with another program."
    ),
    "too_many_pixels": (
        "Expected at most {limit_mp} megapixels, but the picture has {width} x {height} pixels: "
        "save it smaller."
    ),
    "far_too_many_pixels": (
        "Expected at most {limit_mp} megapixels, but the picture has many times as many: save it smaller."
    ),
    "too_small": (
        "Expected at least {minimum} pixels on each side, but the picture has {width} x {height}: "
        "choose a larger one."
    ),
    "too_narrow": (
        "Expected a long side of at most {limit} times the short side, but the picture has "
        "{width} x {height} pixels: crop it to a less narrow one."
    ),
}

# Why a picture can be refused. `ImageError.details` holds the numbers of each sentence's placeholders:
#   empty, format    none
#   broken           format: JPEG, PNG or WEBP, going by the first bytes
#   too_many_bytes   limit_mb, got_mb
#   too_many_pixels  limit_mp, width, height
#   far_too_many_pixels  limit_mp
#   too_small        minimum, width, height
#   too_narrow       limit, width, height
IMAGE_ERRORS: Final = frozenset(_SENTENCES)

# Everything that Pillow was seen to raise on 4.7 million damaged files, but for DecompressionBombError;
# EOFError is what its source raises when a WebP has no frame to give.
_PILLOW_FAILURES: Final = (OSError, SyntaxError, ValueError, EOFError)

_EXIF: Final = b"Exif\0\0"
_JPEG_SCAN: Final = b"\xff\xda"
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

# All that a PNG's pixels need. The other chunks are text, profiles and animation.
_PNG_PIXEL_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})

_TO_UPRIGHT: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

# Warning filters belong to the whole process, and a picture may need 400 MB while it is read: one at a time.
_READING: Final = threading.Lock()


class ImageError(ValueError):
    """The picture cannot be used. The message is a sentence that says what was expected and what came.

    Attributes:
        reason: One of `IMAGE_ERRORS`; the page's catalogues have a sentence for each.
        details: What that sentence names, by placeholder.

    Example:
        >>> ImageError("too_small", minimum=16, width=1, height=1).reason
        'too_small'
    """

    def __init__(self, reason: str, **details: object) -> None:
        _check_name("reason", reason, _SENTENCES)
        super().__init__(_SENTENCES[reason].format(**details))
        self.reason = reason
        self.details: dict[str, object] = details


def read_image(data: bytes) -> Image.Image:
    """Decode the bytes of an uploaded file to a photograph that stands upright.

    Transparent parts come out white, 16-bit grey is rescaled to 8 bits, of an animation the first frame
    is taken. A JPEG with a short side of 2048 pixels or more is decoded at a half, a quarter or an eighth
    of its size, whichever still keeps 1024 pixels there: half the time and memory.

    Args:
        data: The whole file: JPEG, PNG or WebP, of at most `MAX_BYTES` bytes and `MAX_PIXELS` pixels, or
            `MAX_WEBP_PIXELS` in WebP.

    Returns:
        The picture in mode RGB, upright, without the file's metadata.

    Raises:
        ImageError: The file is not a picture that can be used; see `IMAGE_ERRORS`.

    Example:
        >>> read_image(Path("assets/images/cat.png").read_bytes()).mode
        'RGB'
    """
    _check_bytes(data)
    kind = _guess_format(data)
    with _keep_pillow_quiet():
        image = _open_image(data, kind)
        _check_sides(*image.size, kind)
        image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
        _decode_pixels(image, kind)
        # Only now: on a PNG, reading the orientation decodes the pixels and would swallow their errors.
        orientation = _read_orientation(image)
        depth = data[24] if kind == "PNG" else 8
        return _turn_upright(_convert_to_rgb(image, depth), orientation)


def frame_image(image: Image.Image, framing: str = "whole", size: int = MIN_SIZE) -> Image.Image:
    """Cut and scale a photograph to the exact pixels that the network sees.

    Args:
        image: A picture in mode RGB, as `read_image` returns it; it is left as it is.
        framing: "whole" keeps the proportions: the short side becomes `size`, or less where a panorama
            would exceed 2 * size * size pixels, but never below 32. "crop" takes the largest square in
            the middle. "squash" ignores the proportions, as torchvision's `Resize((size, size))` does.
        size: Pixels, from `MIN_SIZE` to `MAX_SIZE`.

    Returns:
        A new picture in mode RGB; size x size pixels for "crop" and "squash".

    Raises:
        ValueError: The framing or the size is not one of the above; the message lists what is.

    Example:
        >>> frame_image(Image.new("RGB", (451, 300)), "whole", 224).size
        (337, 224)
    """
    _check_name("framing", framing, FRAMINGS)
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ValueError(f"unusable size {size!r}; expected {MIN_SIZE} to {MAX_SIZE} pixels")
    if framing == "crop":
        image = _crop_center(image)
    sides = _scale_whole(*image.size, size) if framing == "whole" else (size, size)
    return image.resize(sides, Resampling.BILINEAR)


def to_batch(image: Image.Image, weights: str = "bundled") -> Tensor:
    """Turn a framed picture into the network's input.

    Args:
        image: A picture in mode RGB, H pixels high and W wide; it is left as it is.
        weights: A key of `NORMALIZATION`: each set of weights expects the numbers it was trained on.

    Returns:
        Float32 [1, 3, H, W]: R, G, B scaled to [0, 1], minus the mean, over the standard deviation.
        It lies in memory as channels_last, which the convolutions are fastest on.

    Raises:
        ValueError: The name of the weights is unknown; the message lists the valid ones.

    Example:
        >>> to_batch(Image.new("RGB", (337, 224))).shape
        torch.Size([1, 3, 224, 337])
    """
    import torch  # takes more than a second: the page shows the photograph before anything needs torch

    _check_name("weights", weights, NORMALIZATION)
    mean, std = np.array(NORMALIZATION[weights], dtype=np.float32)
    pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
    return torch.from_numpy((pixels - mean) / std).permute(2, 0, 1).unsqueeze(0)


def _check_name(kind: str, name: str, valid: Collection[str]) -> None:
    if name not in valid:
        raise ValueError(f"unknown {kind} {name!r}; expected one of {', '.join(valid)}")


def _check_bytes(data: bytes) -> None:
    if not data:
        raise ImageError("empty")
    if len(data) > MAX_BYTES:
        got_mb = math.ceil(len(data) / 2**20 * 10) / 10  # upwards: "at most 10, got 10.0" helps nobody
        raise ImageError("too_many_bytes", limit_mb=MAX_BYTES // 2**20, got_mb=got_mb)


def _guess_format(data: bytes) -> str:
    """Which of `FORMATS` the first bytes promise."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(_PNG_SIGNATURE):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise ImageError("format")


@contextmanager
def _keep_pillow_quiet() -> Iterator[None]:
    """Hold back Pillow's warnings on damaged metadata: nobody at the page could act on them."""
    with _READING, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _open_image(data: bytes, kind: str) -> Image.Image:
    """Read the header, but no pixels yet."""
    if kind == "JPEG" and data.count(_JPEG_SCAN) > MAX_SCANS:
        raise ImageError("broken", format=kind)
    try:
        return Image.open(BytesIO(_drop_metadata(data) if kind == "PNG" else data), formats=(kind,))
    except Image.DecompressionBombError as error:
        raise ImageError("far_too_many_pixels", limit_mp=_most_pixels(kind) // 10**6) from error
    except _PILLOW_FAILURES as error:
        if kind == "JPEG" and _EXIF in data:  # damage to the resolution in there can be all that is wrong
            return _open_image(data.replace(_EXIF, b"exif\0\0"), kind)
        raise ImageError("broken", format=kind) from error


def _drop_metadata(png: bytes) -> bytes:
    """Keep a PNG's pixels and its sound EXIF: Pillow refuses a whole picture for one damaged text chunk."""
    kept, start = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while start < len(png):
        end = start + 12 + int.from_bytes(png[start : start + 4])  # length, name, content, checksum
        name, checksum = png[start + 4 : start + 8], png[end - 4 : end]
        sound_exif = name == b"eXIf" and zlib.crc32(png[start + 4 : end - 4]) == int.from_bytes(checksum)
        if name in _PNG_PIXEL_CHUNKS or sound_exif:
            kept.append(png[start:end])
        start = end
    return b"".join(kept)


def _most_pixels(kind: str) -> int:
    return MAX_WEBP_PIXELS if kind == "WEBP" else MAX_PIXELS


def _make_pixels_error(width: int, height: int, kind: str) -> ImageError:
    limit = _most_pixels(kind) // 10**6
    return ImageError("too_many_pixels", limit_mp=limit, width=width, height=height)


def _check_sides(width: int, height: int, kind: str) -> None:
    if width * height > _most_pixels(kind):
        raise _make_pixels_error(width, height, kind)
    if min(width, height) < MIN_SIDE:
        raise ImageError("too_small", minimum=MIN_SIDE, width=width, height=height)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError("too_narrow", limit=MAX_ASPECT, width=width, height=height)


def _decode_pixels(image: Image.Image, kind: str) -> None:
    try:
        image.load()
    except _PILLOW_FAILURES as error:
        raise ImageError("broken", format=kind) from error
    if image.mode == "P" and image.palette is None:  # Pillow would show it all black
        raise ImageError("broken", format=kind)


def _read_orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) where damaged EXIF hides it."""
    try:
        orientation = image.getexif().get(ExifTag.Orientation)
    except (*_PILLOW_FAILURES, struct.error):
        return 1
    return orientation if isinstance(orientation, int) else 1


def _turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    # Not ImageOps.exif_transpose: it writes the remaining EXIF anew, which fails on damaged tags.
    method = _TO_UPRIGHT.get(orientation)
    return image if method is None else image.transpose(method)


def _convert_to_rgb(image: Image.Image, depth: int) -> Image.Image:
    """Any decoded picture, of `depth` bits a sample in its file, to RGB without metadata."""
    if image.mode.startswith("I"):
        rgb = _rescale_grey(image).convert("RGB")
    elif image.mode in ("LA", "RGBA") or "transparency" in image.info:
        _rescale_transparent_color(image, depth)
        rgb = _put_on_white(image if image.mode == "RGBA" else image.convert("RGBA"))
    else:
        rgb = image.convert("RGB")
    rgb.info = {}  # a photo's EXIF can hold the place it was taken at, and Pillow would save it again
    return rgb


def _rescale_grey(image: Image.Image) -> Image.Image:
    """16-bit grey to 8 bits, by the nearest of v / 257; Pillow's own conversion clips at 255."""
    samples = np.asarray(image)
    to_8_bits = ((np.arange(2**16) + 128) // 257).astype(np.uint8)
    grey = to_8_bits[samples]
    if "transparency" in image.info:
        grey[samples == image.info["transparency"]] = 255
    return Image.fromarray(grey)


def _rescale_transparent_color(image: Image.Image, depth: int) -> None:
    """Bring a PNG's transparent colour to 8 bits, as Pillow does with the pixels but not with this."""
    if "transparency" not in image.info:
        return
    color = image.info["transparency"]
    if image.mode == "L":
        image.info["transparency"] = color * {2: 85, 4: 17}.get(depth, 1)
    elif image.mode == "RGB" and depth == 16:
        image.info["transparency"] = tuple(sample >> 8 for sample in color)


def _put_on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)
    return white


def _crop_center(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _scale_whole(width: int, height: int, size: int) -> tuple[int, int]:
    """Sides of the "whole" framing: proportions kept, at most 2 * size * size pixels."""
    limit = 2 * size * size
    scale = min(size / min(width, height), math.sqrt(limit / (width * height)))
    short = max(MIN_FRAME_SIDE, round(min(width, height) * scale))
    # Rounding both sides up could pass the limit by a row.
    long = min(round(max(width, height) * scale), limit // short)
    return (short, long) if width < height else (long, short)
