"""Bytes to a photograph that stands upright, or a sentence for every file that is none."""

import math
import re
import struct
import threading
import warnings
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image
from PIL.ExifTags import Base as ExifTag
from PIL.Image import Transpose

from viz.pictures.frame import MAX_SIZE
from viz.texts import SentenceError

MAX_BYTES: Final = 10 * 2**20
# libwebp holds a picture four times over while it decodes.
MAX_PIXELS: Final = {"JPEG": 25_000_000, "PNG": 25_000_000, "WEBP": 20_000_000}
MIN_SIDE: Final = 16  # pixels
MAX_ASPECT: Final = 20  # long side over short side
FORMATS: Final = tuple(MAX_PIXELS)
_HEIC_BRANDS: Final = b"heic heix hevc hevx heim heis mif1 msf1 avif avis".split()

# A JPEG may be decoded smaller than it is, but to no less than twice the largest size a network gets.
KEPT_SIDE: Final = 2 * MAX_SIZE

# A small progressive JPEG that repeats one scan a thousand times keeps the decoder busy for long. Encoders
# write about ten scans; `MAX_BYTES` of anything else (a phone's video behind its photo) contain some 160 such
# marks by chance.
MAX_SCANS: Final = 256

# Everything that Pillow was seen to raise on damaged files, but for DecompressionBombError; EOFError is what
# its source raises when a WebP has no frame to give.
_PILLOW_FAILURES: Final = (OSError, SyntaxError, ValueError, EOFError)

_EXIF: Final = b"Exif\0\0"
_JPEG_SCAN: Final = b"\xff\xda"
_JPEG_END: Final = b"\xff\xd9"

# The head of a frame: its kind of coding, its bits a sample.
_JPEG_FRAME: Final = re.compile(rb"\xff([\xc0-\xc3\xc5-\xcf\xf7])\0[\x0b\x0e\x11\x14]([\x02-\x10])")

# What follows a JPEG in a trial of its end. Not all ones: so begin marks.
_ANY_BITS: Final = (b"\0", b"\x33", b"\x55", b"\xaa", b"\xcc", b"\xf0")

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

# Warning filters belong to the whole process, and a picture takes much memory while it is read: one at
# a time.
_READING: Final = threading.Lock()


class ImageError(SentenceError, ValueError):
    """The picture cannot be used. The message is a sentence that says what is wrong and what to do.

    Attributes:
        reason: "empty", "format", "broken", "too_many_bytes", "too_many_pixels", "far_too_many_pixels",
            "too_small", "too_narrow", "heic" (also AVIF) or "rare_jpeg".
    """

    section = "image_error"


def read_image(data: bytes) -> Image.Image:
    """Decode the bytes of an uploaded file to a photograph that stands upright.

    Transparent parts come out white, 16-bit grey is rescaled to 8 bits, of an animation the first frame
    is taken. A JPEG with a short side of 2048 pixels or more is decoded at a half, a quarter or an eighth
    of its size, whichever still keeps 1024 pixels there, for less time and memory.

    Args:
        data: The whole file: JPEG, PNG or WebP, of at most `MAX_BYTES` bytes and its `MAX_PIXELS` pixels.

    Returns:
        The picture in mode RGB, upright, without the file's metadata.

    Raises:
        ImageError: The file is not a picture that can be used; see `ImageError`.

    Example:
        >>> read_image(Path("assets/images/cat.png").read_bytes()).mode
        'RGB'
    """
    if not data:
        raise ImageError("empty")
    if len(data) > MAX_BYTES:
        got_mb = math.ceil(len(data) / 2**20 * 10) / 10  # upwards: "at most 10, got 10.0" helps nobody
        raise ImageError("too_many_bytes", limit_mb=MAX_BYTES // 2**20, got_mb=got_mb)
    kind = _guess_format(data)
    try:
        with _READING, warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")  # damaged metadata: nobody could act on it
            image = _decode_pixels(data, kind)
            turn = _find_turn(image.info.get("exif", b""))
            rgb = _convert_to_rgb(image, depth=data[24] if kind == "PNG" else 8)
            return rgb if turn is None else rgb.transpose(turn)
    except MemoryError as error:
        raise ImageError("memory") from error


def find_used_bits(data: bytes) -> int | None:
    """How many of its 16 bits a PNG's samples use, counted from the lowest; None of all other files.

    `read_image` takes all 16 for the whole range, so that what a camera of 12 bits wrote comes out dark.
    Colours are known by their upper bytes alone: fewer than 8 bits count as 8. The picture is one that
    `read_image` reads.

    Example:
        >>> find_used_bits(Path("assets/images/cat.png").read_bytes()) is None  # it has 8 bits
        True
    """
    if not data.startswith(_PNG_SIGNATURE) or data[24] != 16:
        return None
    with _READING, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        image = _decode_pixels(data, "PNG")
    samples = np.asarray(image)
    if image.mode.startswith("I"):
        return int(samples.max()).bit_length()
    colours = samples[..., : len(image.getbands()) - image.mode.endswith("A")]
    return 8 + int(colours.max()).bit_length()


def _guess_format(data: bytes) -> str:
    """Which of `FORMATS` the first bytes promise."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(_PNG_SIGNATURE):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise ImageError("heic" if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS else "format")


def _open_image(data: bytes, kind: str) -> Image.Image:
    """Read the header, but no pixels yet."""
    if kind == "JPEG" and data.count(_JPEG_SCAN) > MAX_SCANS:
        raise ImageError("broken", format=kind)
    try:
        return Image.open(BytesIO(_drop_metadata(data) if kind == "PNG" else data), formats=(kind,))
    except Image.DecompressionBombError as error:
        raise ImageError("far_too_many_pixels", limit_mp=MAX_PIXELS[kind] // 10**6) from error
    except _PILLOW_FAILURES as error:
        if kind == "JPEG" and _EXIF in data:  # damage to the resolution in there can be all that is wrong
            return _open_image(data.replace(_EXIF, b"exif\0\0"), kind)
        raise _refuse(data, kind) from error


def _refuse(data: bytes, kind: str) -> ImageError:
    """Say that a file is damaged, or a rare kind of JPEG: neither baseline nor progressive with 8 bits."""
    frames = _JPEG_FRAME.findall(data) if kind == "JPEG" else []
    rare = any(coding > b"\xc2" or bits != b"\x08" for coding, bits in frames)
    return ImageError("rare_jpeg") if rare else ImageError("broken", format=kind)


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


def _check_sides(width: int, height: int, kind: str) -> None:
    most = MAX_PIXELS[kind]
    if width * height > most:
        raise ImageError("too_many_pixels", limit_mp=most // 10**6, width=width, height=height)
    if min(width, height) < MIN_SIDE:
        raise ImageError("too_small", minimum=MIN_SIDE, width=width, height=height)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError("too_narrow", limit=MAX_ASPECT, width=width, height=height)


def _decode_pixels(data: bytes, kind: str) -> Image.Image:
    image = _open_image(data, kind)
    _check_sides(*image.size, kind)
    image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
    try:
        image.load()
        if image.mode == "P" and image.palette is None:
            raise ValueError("without its palette Pillow would show it all black")
    except _PILLOW_FAILURES as error:
        if kind == "JPEG" and not data.endswith(_JPEG_END) and _has_one_run(data, len(image.getbands())):
            # Where bits are missing the decoder takes what follows for them and makes up the rest; else it
            # skips what follows. A picture that is the same whatever follows is whole.
            start = data.rstrip(b"\xff")
            ends = (_decode_pixels(start + bits * 2048 + _JPEG_END, kind) for bits in _ANY_BITS)
            first = next(ends)
            if all(other.tobytes() == first.tobytes() for other in ends):
                return first
        raise _refuse(data, kind) from error
    return image


def _has_one_run(jpeg: bytes, bands: int) -> bool:
    """Whether all pixels are one stretch of bits: baseline, one scan of all bands, no restarts."""
    codings = {coding for coding, _ in _JPEG_FRAME.findall(jpeg)}
    scans = re.findall(_JPEG_SCAN + rb"..(.)", jpeg, re.DOTALL)
    return codings == {b"\xc0"} and scans == [bytes([bands])] and b"\xff\xdd" not in jpeg


def _find_turn(exif: bytes) -> Transpose | None:
    """What brings the picture upright; None where nothing has to, or where damaged EXIF hides it."""
    tags = Image.Exif()  # image.getexif() also believes XMP, ImageOps.exif_transpose fails on damaged tags
    with suppress(*_PILLOW_FAILURES, struct.error):
        tags.load(exif)
        if isinstance(orientation := tags.get(ExifTag.Orientation), int):
            return _TO_UPRIGHT.get(orientation)
    return None


def _convert_to_rgb(image: Image.Image, depth: int) -> Image.Image:
    """Any decoded picture, of `depth` bits a sample in its file, to RGB without metadata."""
    if image.mode.startswith("I"):
        rgb = _rescale_grey(image).convert("RGB")
    elif image.mode in ("LA", "RGBA") or "transparency" in image.info:
        _rescale_transparent_color(image, depth)
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        rgb = Image.new("RGB", image.size, "white")
        rgb.paste(image, mask=image)
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
    if image.mode == "L":
        image.info["transparency"] *= {2: 85, 4: 17}.get(depth, 1)
    elif image.mode == "RGB" and depth == 16:
        image.info["transparency"] = tuple(sample >> 8 for sample in image.info["transparency"])
