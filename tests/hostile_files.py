"""Files that somebody may upload, from sound to hostile, each built here; see `benchmarks/corpus.py`."""

import io
import itertools
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms
from PIL.ExifTags import Base as ExifTag

RUNS = {"compress_type": zlib.Z_RLE}  # one colour is packed as small as otherwise, in less than half the time


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        group: What it tries.
        name: How the visitor's file is called.
        data: Its bytes.
    """

    group: str
    name: str
    data: bytes


def list_cases() -> list[Case]:
    """All of them."""
    return [Case(group, name, data) for group, build in GROUPS.items() for name, data in build()]


def _make_image(size: tuple[int, int] = (96, 64), mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8))
    return image.convert(mode)


def _encode(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _formats() -> Iterator[tuple[str, bytes]]:
    for form in ("JPEG", "PNG", "WEBP"):
        yield f"sound.{form.lower()}", _encode(_make_image(), form)
    yield "progressive.jpg", _encode(_make_image(), "JPEG", progressive=True)
    yield "lossless.webp", _encode(_make_image(), "WEBP", lossless=True)
    for form in ("GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "PDF", "DDS"):
        yield f"other.{form.lower()}", _encode(_make_image(), form)
    yield "avif named as.jpg", b"\0\0\0\x20ftypavif" + bytes(200)
    yield "heic named as.png", b"\0\0\0\x18ftypheic" + bytes(200)
    yield "film named as.heic", b"\0\0\0\x18ftypisom" + bytes(200)
    baseline = _encode(_make_image(), "JPEG")
    for note, mark in (("lossless", b"\xff\xc3"), ("arithmetic", b"\xff\xca"), ("LS", b"\xff\xf7")):
        yield f"{note}.jpg", baseline.replace(b"\xff\xc0", mark)
    yield "12 bits.jpg", baseline.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c")
    yield "drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    yield "page.html", b"<!doctype html><script>alert(1)</script>"
    yield "archive.zip", b"PK\x03\x04" + bytes(200)
    yield "program", b"\x7fELF" + bytes(200)
    yield "script.php.jpg", b"<?php system($_GET['c']); ?>"


def _truncations() -> Iterator[tuple[str, bytes]]:
    for form in ("JPEG", "PNG", "WEBP"):
        data = _encode(_make_image(), form)
        for share in (0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999):
            yield f"cut at {share:.1%}.{form.lower()}", data[: int(len(data) * share)]


def _bombs() -> Iterator[tuple[str, bytes]]:
    yield "30000x30000.png", _make_flat_png(30000, 30000)
    yield "65000x1000.png", _make_flat_png(65000, 1000)
    yield "claims 2^31 pixels.png", _claim_png(2**31 - 1, 1)
    yield "25 megapixels.png", _encode(Image.new("RGB", (5000, 5000), "red"), "PNG", **RUNS)
    yield "25 megapixels with transparency.png", _encode(Image.new("RGBA", (5000, 5000)), "PNG", **RUNS)
    yield "25 megapixels.jpg", _encode(Image.new("RGB", (5000, 5000), "red"), "JPEG")
    yield "16383x1220.webp", _encode(Image.new("RGB", (16383, 1220)), "WEBP", method=0)
    yield "16383x1500.webp", _encode(Image.new("RGB", (16383, 1500)), "WEBP", method=0)
    scan = _encode(_make_image(), "JPEG", progressive=True)
    start = scan.index(b"\xff\xda")
    yield "a thousand scans.jpg", scan[:start] + scan[start:-2] * 1000 + scan[-2:]
    chunk = b"zTXt" + b"note\0\0" + _compress([bytes(50 * 2**20)])
    yield "50 MB of text.png", _insert_chunk(_encode(_make_image(), "PNG"), chunk)
    frames = [Image.new("RGB", (200, 200), (shade, 0, 0)) for shade in range(100)]
    yield "a hundred frames.webp", _encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "a hundred frames.png", _encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield "eleven megabytes.jpg", _encode(_make_image(), "JPEG") + bytes(11 * 2**20)


def _make_flat_png(width: int, height: int) -> bytes:
    """All zeros, one bit a pixel: many pixels in few bytes."""
    row = bytes(1 + (width + 7) // 8)
    return _claim_png(width, height, _compress(itertools.repeat(row, height)))


def _compress(pieces: Iterable[bytes]) -> bytes:
    packer = zlib.compressobj(9, strategy=zlib.Z_RLE)
    return b"".join(map(packer.compress, pieces)) + packer.flush()


def _claim_png(width: int, height: int, pixels: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = (b"IHDR" + head, b"IDAT" + pixels, b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_pack_chunk(chunk) for chunk in chunks)


def _pack_chunk(chunk: bytes) -> bytes:
    return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))


def _insert_chunk(png: bytes, chunk: bytes) -> bytes:
    return png[:33] + _pack_chunk(chunk) + png[33:]  # after the signature and IHDR


def _modes() -> Iterator[tuple[str, bytes]]:
    grey = Image.fromarray(np.full((64, 96), 3000, np.uint16))
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        image = grey if mode == "I;16" else _make_image(mode=mode)
        yield f"mode {mode.replace(';', '')}.png", _encode(image, "PNG")
    for mode in ("L", "CMYK"):
        yield f"mode {mode}.jpg", _encode(_make_image(mode=mode), "JPEG")
    yield "mode RGBA.webp", _encode(_make_image(mode="RGBA"), "WEBP")
    palette = _make_image(mode="P")
    yield "transparent palette.png", _encode(palette, "PNG", transparency=0)


def _sizes() -> Iterator[tuple[str, bytes]]:
    sizes = ((1, 1), (15, 15), (16, 16), (17, 331), (16, 320), (16, 321), (2000, 100), (5001, 5000))
    for width, height in sizes:
        yield f"{width}x{height}.png", _encode(Image.new("RGB", (width, height)), "PNG", **RUNS)
    yield "0x0.png", _claim_png(0, 0)


def _metadata() -> Iterator[tuple[str, bytes]]:
    sound = _encode(_make_image(), "JPEG")
    for orientation in (0, 6, 9, 65535):
        exif = Image.Exif()
        exif[ExifTag.Orientation] = orientation
        yield f"orientation {orientation}.jpg", _encode(_make_image(), "JPEG", exif=exif)
    for note, exif_bytes in (
        ("cut", b"Exif\0\0II*\0"),
        ("endless", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(100)),
        ("circular", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\x08"),
    ):
        segment = b"\xff\xe1" + struct.pack(">H", len(exif_bytes) + 2) + exif_bytes
        yield f"exif {note}.jpg", sound[:2] + segment + sound[2:]
    xmp = b'<rdf:Description tiff:Orientation="6"/>'
    yield "orientation in xmp.jpg", _encode(_make_image(), "JPEG", xmp=xmp)
    yield "orientation in xmp.webp", _encode(_make_image(), "WEBP", xmp=xmp)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for note, icc in (("sound", profile), ("cut", profile[:50]), ("wrong", b"not a profile" * 10)):
        yield f"profile {note}.jpg", _encode(_make_image(), "JPEG", icc_profile=icc)
        yield f"profile {note}.png", _encode(_make_image(), "PNG", icc_profile=icc)
    comment = b"<script>alert(1)</script>\r\nSet-Cookie: a=b"
    segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    yield "script in the comment.jpg", sound[:2] + segment + sound[2:]


def _names() -> Iterator[tuple[str, bytes]]:
    for name in (
        "../../etc/passwd.png",
        "..\\..\\windows\\system32.png",
        "/dev/null.png",
        "<img src=x onerror=alert(1)>.png",
        "\"'><script>alert(1)</script>.png",
        "**bold** [link](javascript:alert(1)) :red[x] $\\frac{1}{0}$.png",
        "{key} {0} %s %n.png",
        "🐈🏳️\u200d🌈 \u202egnp.exe.png",
        "line\r\nbreak\tand \x1b[31mcolour.png",
        "a" * 250 + ".png",
    ):
        yield name, _encode(_make_image(), "PNG")


GROUPS: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
    "formats, on the list and off it": _formats,
    "cut off": _truncations,
    "bombs": _bombs,
    "modes": _modes,
    "sizes": _sizes,
    "damaged EXIF and colour profiles": _metadata,
    "names": _names,
}
