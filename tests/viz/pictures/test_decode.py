"""viz/pictures/decode.py against hand-made files, a second way of computing, and damage of every kind."""

import io
import itertools
import random
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from conftest import make_noise, naming
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from viz.pictures import decode
from viz.pictures.decode import ImageError, find_used_bits, read_image
from viz.texts import load_catalogue

RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
ORIENTATION, RESOLUTION = 0x0112, 0x011A
IMAGE_ERRORS = {key.partition(".")[2] for key in load_catalogue("en") if key.startswith("image_error.")}
IMAGE_ERRORS -= {"kept", "memory", "sample"}  # which no file can cause


# --- small data -----------------------------------------------------------------------------------------


def encode(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def make_corners(width=32, height=48):
    """Red, green, blue and yellow quarters: every one of the eight orientations looks different."""
    image = Image.new("RGB", (width, height))
    for color, x, y in ((RED, 0, 0), (GREEN, 1, 0), (BLUE, 0, 1), (YELLOW, 1, 1)):
        image.paste(color, (x * width // 2, y * height // 2, (x + 1) * width // 2, (y + 1) * height // 2))
    return image


def make_exif(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[RESOLUTION] = 72.0
    exif[0x0128] = 2  # inches
    return exif.tobytes()


def make_chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def make_png(width, height, depth, color, rows, *chunks):
    """A PNG written by hand; Pillow cannot write most of these kinds."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = [make_chunk(b"IHDR", header), *(make_chunk(*chunk) for chunk in chunks)]
    parts += [make_chunk(b"IDAT", zlib.compress(rows)), make_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def make_halves(depth, color, left, right, *chunks):
    """A 16x16 PNG whose left half has the samples `left` and its right half `right`."""
    samples = [sample for pixel in [left] * 8 + [right] * 8 for sample in pixel]
    bits = "".join(format(sample, f"0{depth}b") for sample in samples)
    row = b"\0" + int(bits, 2).to_bytes(len(bits) // 8)
    return make_png(16, 16, depth, color, row * 16, *chunks)


def pack16(*values):
    return struct.pack(f">{len(values)}H", *values)


def replace_exif(form, exif):
    """`make_noise()` in a format, with these very bytes as its EXIF, sound or not."""
    if form == "PNG":
        plain = encode(make_noise(), "PNG")
        return plain[:33] + make_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")) + plain[33:]
    # Without a resolution in a JFIF header, Pillow looks for one in the EXIF while it opens a JPEG.
    options = {"quality": 90} if form == "JPEG" else {"lossless": True}
    return encode(make_noise(), form, exif=exif, **options).replace(b"JFIF", b"JFIX")


def read_pixels(data):
    return np.asarray(read_image(data))


def get_halves(data):
    image = read_image(data)
    return image.getpixel((2, 8)), image.getpixel((13, 8))


def catch_reason(data):
    with pytest.raises(ImageError) as caught:
        read_image(data)
    return caught.value.reason


SAMPLES = {
    "JPEG": encode(make_noise(), "JPEG", exif=make_exif(1), quality=60),
    "JPEG progressive": encode(make_noise(), "JPEG", progressive=True, comment=b"hello"),
    "JPEG CMYK": encode(make_noise().convert("CMYK"), "JPEG"),
    "MPO": encode(make_noise(), "MPO", save_all=True, append_images=[make_noise(seed=1)]),
    "PNG": encode(make_noise(), "PNG", exif=make_exif(1)),
    "PNG palette": encode(make_noise().quantize(16), "PNG", transparency=b"\0\x80\xff"),
    "PNG animated": encode(make_noise(), "PNG", save_all=True, append_images=[make_noise(seed=1)]),
    "WEBP": encode(make_noise(), "WEBP", exif=make_exif(1)),
    "WEBP lossless": encode(make_noise().convert("RGBA"), "WEBP", lossless=True),
    "WEBP animated": encode(make_noise(), "WEBP", save_all=True, append_images=[make_noise(seed=1)]),
}


def get_pillow_settings():
    return (
        Image.MAX_IMAGE_PIXELS,
        ImageFile.LOAD_TRUNCATED_IMAGES,
        ImageFile.MAXBLOCK,
        PngImagePlugin.MAX_TEXT_CHUNK,
        PngImagePlugin.MAX_TEXT_MEMORY,
    )


PILLOW_SETTINGS = get_pillow_settings()  # before anything here has read a picture


# --- read_image: honest files ---------------------------------------------------------------------------


def test_returns_a_plain_rgb_picture():
    for name, data in SAMPLES.items():
        image = read_image(data)
        assert type(image) is Image.Image, name
        assert (image.mode, image.size, image.info) == ("RGB", (24, 20), {}), name


def test_lossless_pixels_come_back_exactly():
    for form in ("PNG", "WEBP"):
        data = encode(make_noise(), form, lossless=True)
        np.testing.assert_array_equal(read_pixels(data), np.asarray(make_noise()), err_msg=form)


def test_lossy_pixels_are_the_decoder_s():
    for name in ("JPEG", "JPEG progressive", "WEBP"):
        with Image.open(io.BytesIO(SAMPLES[name])) as expected:
            np.testing.assert_array_equal(read_pixels(SAMPLES[name]), np.asarray(expected), err_msg=name)


SECRETS = {
    "JPEG": {"comment": b"secret"},
    "PNG": {"pnginfo": PngImagePlugin.PngInfo()},
    "WEBP": {"xmp": b"secret"},
}
SECRETS["PNG"]["pnginfo"].add_text("Author", "secret")


@pytest.mark.parametrize("form", decode.FORMATS)
def test_metadata_does_not_come_back_when_the_picture_is_saved(form):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010E] = "secret"  # ImageDescription
    data = encode(make_corners(), form, exif=exif.tobytes(), icc_profile=b"secret" * 30, **SECRETS[form])
    assert data.count(b"secret") > 1
    image = read_image(data)
    assert dict(image.getexif()) == {}
    assert not any(b"secret" in encode(image, saved) for saved in decode.FORMATS)


# Corner colours of the stored picture are A B / C D; the rows are what a viewer must show, left to right,
# top to bottom (EXIF 2.3, tag 0x0112).
UPRIGHT = {1: "ABCD", 2: "BADC", 3: "DCBA", 4: "CDAB", 5: "ACBD", 6: "CADB", 7: "DBCA", 8: "BDAC"}


@pytest.mark.parametrize("form", decode.FORMATS)
def test_orientation(form):
    colors = dict(zip("ABCD", (RED, GREEN, BLUE, YELLOW), strict=True))
    for orientation, letters in UPRIGHT.items():
        data = encode(make_corners(), form, exif=make_exif(orientation), quality=100)
        image = read_image(data)
        assert image.size == ((32, 48) if orientation <= 4 else (48, 32)), orientation
        right, bottom = image.width - 5, image.height - 5
        corners = [image.getpixel(place) for place in ((4, 4), (right, 4), (4, bottom), (right, bottom))]
        with naming(orientation), Image.open(io.BytesIO(data)) as opened:
            np.testing.assert_allclose(corners, [colors[letter] for letter in letters], atol=6)
            np.testing.assert_array_equal(np.asarray(image), np.asarray(ImageOps.exif_transpose(opened)))


def test_meaningless_orientation_is_ignored():
    for orientation in (0, 9, 65535):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        data = encode(make_corners(), "PNG", exif=exif.tobytes())
        assert read_image(data).size == (32, 48), orientation


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
XMP_TEXT = PngImagePlugin.PngInfo()
XMP_TEXT.add_itxt("XML:com.adobe.xmp", XMP.decode())
XMP_OPTIONS = {"JPEG": {"xmp": XMP}, "PNG": {"pnginfo": XMP_TEXT}, "WEBP": {"xmp": XMP}}


@pytest.mark.parametrize("form", decode.FORMATS)
def test_an_orientation_in_xmp_does_not_count(form):
    """No browser looks there; Pillow does where EXIF has none."""
    data = encode(make_corners(), form, **XMP_OPTIONS[form])
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        opened.info.setdefault("exif", b"")  # without it, Pillow looks at a PNG's XMP only in some ways
        assert opened.getexif().get(ORIENTATION) == 6
    assert read_image(data).size == (32, 48)


@pytest.mark.parametrize("form", decode.FORMATS)
def test_beside_xmp_only_exif_counts(form):
    for orientation, expected in ((None, RED), (3, YELLOW), (8, GREEN)):
        exif = Image.Exif()
        exif[0x010F] = "a camera's maker"
        if orientation:
            exif[ORIENTATION] = orientation
        data = encode(make_corners(), form, exif=exif.tobytes(), quality=100, **XMP_OPTIONS[form])
        corner = read_image(data).getpixel((4, 4))
        np.testing.assert_allclose(corner, expected, atol=6, err_msg=str(orientation))


def test_png_exif_behind_the_pixels_counts():
    data = encode(make_corners(), "PNG")
    chunk = make_chunk(b"eXIf", make_exif(6).removeprefix(b"Exif\0\0"))
    assert read_image(data[:-12] + chunk + data[-12:]).size == (48, 32)


RED_GREEN = (b"PLTE", bytes(RED + GREEN))


# A PNG of two halves by its kind: how it is made, and the colours that must be seen on the left and right.
TRANSPARENT = {
    # 255 * 128/255 + 255 * 127/255 = 255 and 0 * 128/255 + 255 * 127/255 = 127
    "RGBA": ((8, 6, (*RED, 128), (*BLACK, 0)), (255, 127, 127), WHITE),
    "RGBA full and none": ((8, 6, (*RED, 255), (1, 2, 3, 0)), RED, WHITE),
    "LA": ((8, 4, (0, 51), (0, 255)), (204,) * 3, BLACK),
    "LA 16 bit": ((16, 4, (0, 51 * 257), (0, 65535)), (204,) * 3, BLACK),
    "RGBA 16 bit": ((16, 6, (65535, 0, 0, 65535), (0, 0, 0, 0)), RED, WHITE),
    "palette, one index": ((8, 3, (0,), (1,), RED_GREEN, (b"tRNS", b"\xff\0")), RED, WHITE),
    "palette, alphas": (
        (8, 3, (0,), (1,), RED_GREEN, (b"tRNS", b"\x80\x33")),
        (255, 127, 127),
        (204, 255, 204),
    ),
    "palette, 1 bit": ((1, 3, (0,), (1,), RED_GREEN, (b"tRNS", b"\0")), WHITE, GREEN),
    "RGB tRNS": ((8, 2, RED, BLUE, (b"tRNS", pack16(*RED))), WHITE, BLUE),
    "RGB 16 bit tRNS": (
        (16, 2, (0xFF00, 2000, 3000), (65535, 0, 0), (b"tRNS", pack16(0xFF00, 2000, 3000))),
        WHITE,
        RED,
    ),
    "L tRNS": ((8, 0, (5,), (6,), (b"tRNS", pack16(5))), WHITE, (6,) * 3),
    "4 bit tRNS": ((4, 0, (5,), (6,), (b"tRNS", pack16(5))), WHITE, (102,) * 3),
    "2 bit tRNS": ((2, 0, (2,), (1,), (b"tRNS", pack16(2))), WHITE, (85,) * 3),
    "1 bit, black away": ((1, 0, (0,), (1,), (b"tRNS", pack16(0))), WHITE, WHITE),
    "1 bit, white away": ((1, 0, (0,), (1,), (b"tRNS", pack16(1))), BLACK, WHITE),
    "16 bit tRNS": ((16, 0, (1000,), (1001,), (b"tRNS", pack16(1000))), WHITE, (4,) * 3),
}
OPAQUE = {
    "1 bit": ((1, 0, (0,), (1,)), BLACK, WHITE),
    "2 bit": ((2, 0, (1,), (2,)), (85,) * 3, (170,) * 3),
    "grey": ((8, 0, (7,), (250,)), (7,) * 3, (250,) * 3),
    "palette": ((4, 3, (0,), (1,), RED_GREEN), RED, GREEN),
    # 257 * 3 = 771; Pillow keeps the high byte of each 16-bit colour sample: 0x80ff -> 0x80
    "grey 16 bit": ((16, 0, (771,), (65535,)), (3,) * 3, WHITE),
    "RGB 16": ((16, 2, (0x80FF, 0, 65535), (257, 514, 771)), (128, 0, 255), (1, 2, 3)),
}


def test_transparency_is_put_on_white():
    for kind, (parts, left, right) in TRANSPARENT.items():
        assert get_halves(make_halves(*parts)) == (left, right), kind
    webp = encode(Image.new("RGBA", (16, 16), (*RED, 128)), "WEBP", lossless=True)
    assert get_halves(webp) == ((255, 127, 127), (255, 127, 127))


def test_other_sample_kinds():
    for kind, (parts, left, right) in OPAQUE.items():
        assert get_halves(make_halves(*parts)) == (left, right), kind


def test_16_bit_grey_is_rescaled_not_clipped():
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    pixels = read_pixels(encode(Image.fromarray(ramp), "PNG"))
    expected = np.rint(ramp / 257)
    for channel in range(3):
        np.testing.assert_array_equal(pixels[..., channel], expected)


USED_BITS = {
    "12 bits of grey": ((16, 0, (4095,), (3,)), 12),
    "8 bits of grey": ((16, 0, (255,), (128,)), 8),
    "all bits of grey": ((16, 0, (65535,), (0,)), 16),
    "black": ((16, 0, (0,), (0,)), 0),
    "12 bits of colour": ((16, 2, (4095, 0, 0), (0, 0, 0)), 12),
    "8 bits of colour": ((16, 2, (200, 255, 0), (0, 0, 0)), 8),
    "the alpha channel is no value": ((16, 6, (4095, 0, 0, 65535), (0, 0, 0, 65535)), 12),
    "grey with alpha": ((16, 4, (1023, 65535), (0, 65535)), 10),
    "8 bits a sample": ((8, 0, (3,), (0,)), None),
}


@pytest.mark.parametrize(("halves", "bits"), USED_BITS.values(), ids=USED_BITS)
def test_the_bits_that_are_used_are_those_of_the_samples(halves, bits):
    assert find_used_bits(make_halves(*halves)) == bits


def test_other_files_have_no_16_bits():
    for form in ("JPEG", "WEBP"):
        assert find_used_bits(encode(make_noise(), form)) is None


def test_16_bit_grey_rounds_to_the_nearest():
    rounded = {0: 0, 128: 0, 129: 1, 257: 1, 65406: 254, 65407: 255, 65535: 255}
    for sample, expected in rounded.items():
        assert get_halves(make_halves(16, 0, (sample,), (0,)))[0] == (expected,) * 3, sample


def test_cmyk_jpeg():
    for cmyk, rgb in (  # R = (255 - C) * (255 - K) / 255, and so on
        ((0, 0, 0, 0), WHITE),
        ((0, 255, 255, 0), RED),
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 0, 0, 255), BLACK),
        ((0, 51, 102, 51), (204, 163, 122)),
    ):
        data = encode(Image.new("CMYK", (16, 16), cmyk), "JPEG", quality=100)
        np.testing.assert_allclose(read_image(data).getpixel((8, 8)), rgb, atol=2, err_msg=str(cmyk))


def test_ycck_jpeg():
    # Adobe stores inverted: 255 - 55 = 200 as Y and 255 - 127 = 128 (no colour) as Cb and Cr. The Y of
    # YCCK is that of an inverted picture again, so grey 55 comes out; read as CMYK it would be 200, 128, 128.
    cmyk = encode(Image.new("CMYK", (16, 16), (55, 127, 127, 0)), "JPEG", quality=100)
    marker = cmyk.index(b"Adobe")
    assert cmyk[marker + 11] == 0
    ycck = cmyk[: marker + 11] + b"\x02" + cmyk[marker + 12 :]
    np.testing.assert_allclose(read_image(cmyk).getpixel((8, 8)), (200, 128, 128), atol=2)
    np.testing.assert_allclose(read_image(ycck).getpixel((8, 8)), (55, 55, 55), atol=2)


def make_frames(form, **options):
    frames = [Image.new("RGB", (32, 24), color) for color in (RED, GREEN, BLUE)]
    return encode(frames[0], form, save_all=True, append_images=frames[1:], **options)


def test_first_of_several_pictures():
    for form, options in (
        ("PNG", {}),
        ("PNG", {"default_image": True}),
        ("WEBP", {"lossless": True}),
        ("MPO", {"quality": 100}),
    ):
        data = make_frames(form, **options)
        image = read_image(data)
        with naming(form, options), Image.open(io.BytesIO(data)) as opened:
            assert (opened.format, opened.n_frames) == (form, 3)
            assert image.size == (32, 24)
            np.testing.assert_allclose(np.unique(np.asarray(image).reshape(-1, 3), axis=0), [RED], atol=1)


# --- read_image: large JPEGs ----------------------------------------------------------------------------


def test_large_jpeg_is_decoded_smaller():
    for size, expected in (
        ((2047, 2100), (2047, 2100)),
        ((2048, 2048), (1024, 1024)),
        ((2049, 3001), (1025, 1501)),
        ((4095, 2300), (2048, 1150)),
        ((4096, 4100), (1024, 1025)),
    ):
        assert read_image(encode(Image.new("L", size), "JPEG")).size == expected, size


def test_smaller_decoding_shows_the_same_picture_upright():
    ramp = np.add.outer(np.arange(2100), np.arange(2400)) // 18
    photo = Image.fromarray(np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1).astype(np.uint8))
    expected = photo.transpose(Image.Transpose.ROTATE_270).reduce(2)
    for form, more in (("JPEG", {}), ("MPO", {"save_all": True, "append_images": [make_noise()]})):
        image = read_image(encode(photo, form, exif=make_exif(6), quality=95, **more))
        assert image.size == (1050, 1200), form
        pixels = np.asarray(image, float)
        np.testing.assert_allclose(pixels, np.asarray(expected, float), atol=4, err_msg=form)


def test_other_formats_keep_their_size():
    assert read_image(encode(Image.new("L", (2048, 2100)), "PNG")).size == (2048, 2100)


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
OTHER_FORMATS = ("GIF", "BMP", "TIFF", "ICO", "PPM", "PDF", "JPEG2000")
BRANDS = ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1", "avif", "avis"]


def make_iso_media(brand):
    return b"\0\0\0\x18ftyp" + brand.encode() + b"\0\0\0\0mif1heic" + bytes(100)


def make_zeros(width, height):
    """A valid black 1-bit PNG: 88 megapixels in 11 KB."""
    return make_png(width, height, 1, 0, bytes((1 + (width + 7) // 8) * height))


def patch(data, place, replacement):
    return data[:place] + replacement + data[place + len(replacement) :]


def make_huge_jpeg():
    data = SAMPLES["JPEG"]
    return patch(data, data.index(b"\xff\xc0") + 5, pack16(60000, 50000))  # height, then width


def make_rare_jpeg(coding, bits=8):
    """A JPEG whose frame says that it is coded in another way."""
    data = encode(make_noise(), "JPEG")
    frame = data.index(b"\xff\xc0")
    return patch(patch(data, frame + 1, bytes([coding])), frame + 4, bytes([bits]))


def make_huge_webp(kind):
    if kind == b"VP8X":
        return patch(SAMPLES["WEBP"], 24, (39999).to_bytes(3, "little") + (29999).to_bytes(3, "little"))
    if kind == b"VP8L":
        return patch(encode(make_noise(), "WEBP", lossless=True), 21, struct.pack("<I", 16383 | 15999 << 14))
    return patch(encode(make_noise(), "WEBP"), 26, struct.pack("<HH", 16000, 15000))


def make_pixels(width, height, limit_mp=25):
    return {"limit_mp": limit_mp, "width": width, "height": height}


def make_blank(told, *sizes):
    """In each format, blank pictures of these sizes, and what is told of them."""
    return {
        f"{form} {width}x{height}": (
            told | {"width": width, "height": height},
            encode(Image.new("RGB", (width, height)), form),
        )
        for form in decode.FORMATS
        for width, height in sizes
    }


PNG, JPEG, WEBP = ({"format": form} for form in ("PNG", "JPEG", "WEBP"))

# What is refused, by the reason: the details that are told, and the file.
REFUSALS = {
    "empty": {"empty": ({}, b"")},
    "too_many_bytes": {
        "a byte too many": ({"limit_mb": 10, "got_mb": 10.1}, bytes(10 * 2**20 + 1)),
        "12 MB": ({"limit_mb": 10, "got_mb": 12.0}, bytes(12 * 2**20)),
    },
    "format": {
        "10 MB of zeros": ({}, bytes(10 * 2**20)),
        "one byte": ({}, b"\0"),
        "text": ({}, b"This is a text, whatever its name says."),
        "random": ({}, random.Random(0).randbytes(5000)),
        "SVG": ({}, SVG),
        "another box": ({}, b"\0\0\0\x18freeheic" + bytes(100)),
        "WAV": ({}, b"RIFF\x24\0\0\0WAVEfmt " + bytes(32)),
        **{brand: ({}, make_iso_media(brand)) for brand in ("isom", "qt  ", "HEIC")},
        **{form: ({}, encode(make_noise(), form)) for form in OTHER_FORMATS},
    },
    "heic": {
        **{brand: ({}, make_iso_media(brand)) for brand in BRANDS},
        "AVIF": ({}, encode(make_noise(), "AVIF")),
    },
    "broken": {
        "PNG signature alone": (PNG, b"\x89PNG\r\n\x1a\n"),
        "JPEG signature alone": (JPEG, b"\xff\xd8\xff"),
        "WebP signature alone": (WEBP, b"RIFF\4\0\0\0WEBP"),
        "junk": (JPEG, b"\xff\xd8\xff" + random.Random(0).randbytes(5000)),
        "baseline as progressive": (JPEG, make_rare_jpeg(0xC2)),
        "no palette": (PNG, make_halves(8, 3, (0,), (1,))),
        "cut PNG": (PNG, make_halves(8, 0, (0,), (1,))[:-40]),
        "damaged PNG": (PNG, patch(encode(make_noise(), "PNG"), 300, b"\0\0\0\0")),
        "too few rows": (PNG, make_png(16, 16, 8, 2, b"\0" * 40)),
    },
    "rare_jpeg": {
        "12 bits": ({}, make_rare_jpeg(0xC0, bits=12)),
        "12 bits, cut": ({}, make_rare_jpeg(0xC1, bits=12)[:-300]),
        "lossless": ({}, make_rare_jpeg(0xC3)),
        "lossless, 16 bits": ({}, make_rare_jpeg(0xC3, bits=16)),
        "arithmetic coding, progressive": ({}, make_rare_jpeg(0xCA)),
        "hierarchical": ({}, make_rare_jpeg(0xC5)),
        "JPEG-LS": ({}, make_rare_jpeg(0xF7)),
    },
    "too_many_pixels": {
        "bomb, 88 MP": (make_pixels(9400, 9400), make_zeros(9400, 9400)),
        "a row too many": (make_pixels(5000, 5001), make_zeros(5000, 5001)),
        "144 MP": (make_pixels(12000, 12000), make_png(12000, 12000, 8, 2, b"")),
    },
    "far_too_many_pixels": {
        "widest": ({"limit_mp": 25}, make_png(2**31 - 1, 9, 8, 2, b"")),
        "huge JPEG": ({"limit_mp": 25}, make_huge_jpeg()),
        **{
            f"huge {kind.decode()}": ({"limit_mp": 20}, make_huge_webp(kind))
            for kind in (b"VP8X", b"VP8L", b"VP8 ")
        },
    },
    "too_small": make_blank({"minimum": 16}, (1, 1), (1, 400), (400, 15)),
    "too_narrow": make_blank({"limit": 20}, (16, 321), (401, 20)),
}


def test_a_server_without_memory_says_so(monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(ImageError) as caught:
        read_image(encode(make_noise(), "PNG"))
    assert caught.value.reason == "memory"


def test_every_reason_has_been_seen():
    assert set(REFUSALS) == IMAGE_ERRORS
    assert all(REFUSALS.values())


@pytest.mark.parametrize("reason", REFUSALS)
def test_refusal(reason, monkeypatch):
    if reason not in ("broken", "rare_jpeg", "format"):  # nothing may be decoded for what the header tells
        plugins = JpegImagePlugin.JpegImageFile, PngImagePlugin.PngImageFile, WebPImagePlugin.WebPImageFile
        for plugin in plugins:
            monkeypatch.setattr(plugin, "load", lambda _: pytest.fail("decoded"), raising=False)
    for name, (details, data) in REFUSALS[reason].items():
        with naming(name):
            with pytest.raises(ImageError) as caught:
                read_image(data)
            assert (caught.value.reason, caught.value.details) == (reason, details)
            assert str(caught.value).endswith(".")
            for number in details.values():
                assert str(number) in str(caught.value) or isinstance(number, str)


def test_heic_sentence_tells_the_remedy():
    for language, remedy in (("en", "Most Compatible"), ("zh", "兼容性最佳")):
        sentence = load_catalogue(language)["image_error.heic"]
        assert all(word in sentence for word in ("HEIC", "JPEG", remedy)), language


def test_rare_jpeg_is_told_only_where_nothing_else_is_wrong():
    data = make_rare_jpeg(0xC3)
    height = data.index(b"\xff\xc3") + 5
    assert catch_reason(patch(data, height, pack16(4, 4))) == "too_small"
    assert catch_reason(patch(data, height, pack16(6000, 6000))) == "too_many_pixels"


def test_bomb_is_small_in_bytes():
    assert len(make_zeros(9400, 9400)) < 20_000


def test_limits_are_still_allowed():
    for size in ((16, 16), (16, 320), (320, 16), (5000, 5000)):
        assert read_image(make_zeros(*size)).size == size


def test_scan_bomb_is_refused_before_it_is_decoded():
    data = encode(Image.new("L", (1000, 1000), 128), "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    repeat = [data[:-2] + last_scan * times + b"\xff\xd9" for times in (20, 500)]
    assert read_image(repeat[0]).size == (1000, 1000)
    assert len(repeat[1]) < 50_000
    assert catch_reason(repeat[1]) == "broken"


@pytest.mark.parametrize("name", SAMPLES)
def test_every_truncation(name):
    data = SAMPLES[name]
    whole, shown = read_pixels(data), 0
    for length in range(1, len(data)):
        try:
            pixels = read_pixels(data[:length])
        except ImageError as error:
            expected = "format" if length < {"J": 3, "M": 3, "P": 8, "W": 12}[name[0]] else "broken"
            assert error.reason == expected, length
        else:  # nothing but what follows the pixels was cut off
            shown += 1
            np.testing.assert_array_equal(pixels, whole, err_msg=str(length))
    if name in ("PNG", "PNG palette"):
        assert shown <= 20  # two checksums and the end mark
    elif name in ("JPEG", "JPEG CMYK"):
        assert shown == 2  # without the end mark, or with its first half
    elif not name.endswith("animated") and name != "MPO":
        assert shown == 0


@pytest.mark.parametrize("quality", [5, 60, 100])
def test_a_jpeg_without_its_end_is_read_when_no_pixel_is_missing(quality):
    """Also where the last blocks, which can hide what is missing, lie outside of the picture."""
    for subsampling, size in itertools.product((0, 1, 2), ((40, 40), (59, 46), (16, 33))):
        data = encode(make_noise(*size, seed=3), "JPEG", quality=quality, subsampling=subsampling)
        whole = read_pixels(data)
        with naming(subsampling, size):
            for tail in (b"", b"\xff", bytes(50)):
                np.testing.assert_array_equal(read_pixels(data[:-2] + tail), whole)
            for length in range(len(data) - 250, len(data) - 2):
                with suppress(ImageError):
                    np.testing.assert_array_equal(read_pixels(data[:length]), whole, err_msg=str(length))


def test_of_other_jpegs_without_an_end_nobody_knows_what_is_missing():
    for options in ({"progressive": True}, {"restart_marker_rows": 1}):
        data = encode(make_noise(40, 40), "JPEG", **options)
        for length in range(data.index(b"\xff\xda"), len(data) - 1):
            with naming(options, length):
                assert catch_reason(data[:length]) == "broken"


def refuse_or_read(data):
    """The only two things that may happen to any bytes at all, and without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            image = read_image(data)
        except ImageError as error:
            assert error.reason in IMAGE_ERRORS
        else:
            assert image.mode == "RGB"
            assert min(image.size) >= decode.MIN_SIDE


def repair_checksums(png):
    """Give every chunk the checksum it should have, so that damage gets past Pillow's first check."""
    parts, start = [png[:8]], 8
    while start < len(png):
        length = int.from_bytes(png[start : start + 4])
        body = png[start + 4 : start + 8 + length]
        parts += [png[start : start + 4], body, struct.pack(">I", zlib.crc32(body))]
        start += 12 + length
    return b"".join(parts)


@settings(max_examples=600)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    flips=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 7)), min_size=1, max_size=6),
    repair=st.booleans(),
)
def test_bit_flips(name, flips, repair):
    data = bytearray(SAMPLES[name])
    for place, bit in flips:
        data[place % len(data)] ^= 1 << bit
    is_png = name.startswith("PNG")
    refuse_or_read(repair_checksums(bytes(data)) if repair and is_png else bytes(data))


@settings(max_examples=300)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    ends=st.tuples(st.integers(0, 4000), st.integers(0, 4000)),
    filler=st.binary(max_size=8),
)
def test_piece_cut_out(name, ends, filler):
    data = SAMPLES[name]
    start, end = sorted(end % (len(data) + 1) for end in ends)
    refuse_or_read(data[:start] + filler + data[end:])


@settings(max_examples=300)
@given(
    start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8X"]),
    rest=st.binary(max_size=200),
)
def test_random_bytes(start, rest):
    refuse_or_read(start + rest)


@settings(max_examples=200)
@given(
    name=st.sampled_from(
        [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"tRNS", b"PLTE"]
    ),
    content=st.binary(max_size=80),
    place=st.sampled_from([8, 33, -12]),
)
def test_strange_png_chunks(name, content, place):
    plain = encode(make_noise(), "PNG")
    refuse_or_read(plain[:place] + make_chunk(name, content) + plain[place:])


@pytest.mark.parametrize("form", decode.FORMATS)
def test_damaged_exif_does_not_refuse_the_picture(form):
    exif = make_exif(6)
    damaged = [exif[:length] for length in range(8, len(exif))]
    for place in range(6, len(exif)):
        damaged += [patch(exif, place, bytes([value])) for value in (0, 1, 2, 255, exif[place] ^ 0x10)]
    sizes = [read_image(replace_exif(form, each)).size for each in damaged]
    assert set(sizes) == {(24, 20), (20, 24)}  # turned as long as the orientation can be read


def test_damaged_resolution_in_exif():
    """Pillow refuses this JPEG: the resolution is one byte instead of a fraction of two numbers."""
    exif = make_exif(1)
    entry = exif.index(struct.pack(">HH", RESOLUTION, 5))
    data = replace_exif("JPEG", patch(exif, entry + 2, struct.pack(">H", 1)))
    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(data))
    assert read_image(data).size == (24, 20)


BAD_CHUNKS = {
    "text over Pillow's limit": (b"zTXt", b"note\0\0" + zlib.compress(bytes(2**21))),
    "unknown compression": (b"iCCP", b"name\0\x07abc"),
    "profile cut short": (b"iCCP", b"name\0\0" + zlib.compress(b"profile" * 50)[:9]),
    "text in the name of a tile": (b"tEXt", b"bbox\0nonsense"),
    "text in the name of a colour": (b"tEXt", b"transparency\0nonsense"),
    "animation without frames": (b"acTL", bytes(8)),
    "animation cut short": (b"acTL", b"\0"),
    "frame out of order": (b"fcTL", struct.pack(">I", 7) + bytes(22)),
    "name outside ASCII": (b"\xe9\xe9\xe9\xe9", b"abc"),
}


def test_damaged_png_metadata_does_not_refuse_the_picture():
    plain = encode(make_noise(), "PNG")
    for (name, chunk), checksum in itertools.product(BAD_CHUNKS.items(), ("right", "wrong")):
        bad = make_chunk(*chunk)
        if checksum == "wrong":
            bad = bad[:-1] + bytes([bad[-1] ^ 1])
        with naming(name, checksum), warnings.catch_warnings():
            warnings.simplefilter("error")
            pixels = read_pixels(plain[:33] + bad + plain[33:])
            np.testing.assert_array_equal(pixels, np.asarray(make_noise()))


def test_png_exif_with_a_wrong_checksum_is_ignored():
    data = encode(make_corners(), "PNG", exif=make_exif(6))
    assert read_image(data).size == (48, 32)
    end = data.index(b"eXIf") + 4 + int.from_bytes(data[data.index(b"eXIf") - 4 : data.index(b"eXIf")])
    assert read_image(patch(data, end, b"\0\0\0\0")).size == (32, 48)


@pytest.mark.parametrize("form", decode.FORMATS)
def test_damaged_color_profile_does_not_refuse_the_picture(form):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(make_noise(), form, icc_profile=profile[:100] + random.Random(1).randbytes(300))
    assert read_image(data).size == (24, 20)


def make_warning_cases():
    mpo = SAMPLES["MPO"]
    return {
        "large": make_png(10000, 10000, 8, 2, b""),
        "EXIF": replace_exif("JPEG", make_exif(1)[:-6]),
        "MPO": patch(mpo, mpo.index(b"\x01\xb0"), b"\x09\xb0"),  # the tag with the number of pictures
    }


def test_pillow_warns_and_the_visitor_does_not_hear_it():
    for name, data in make_warning_cases().items():
        with naming(name):
            with pytest.warns(), Image.open(io.BytesIO(data)):
                pass
            refuse_or_read(data)


def test_pillow_s_settings_stay_as_they_are():
    filters = list(warnings.filters)
    refused = [data for files in REFUSALS.values() for _, data in files.values()]
    for data in (*SAMPLES.values(), *make_warning_cases().values(), *refused):
        with suppress(ImageError):
            read_image(data)
        assert warnings.filters == filters
        assert get_pillow_settings() == PILLOW_SETTINGS


def test_threads_read_the_same_as_one():
    cases = [*SAMPLES.values(), *make_warning_cases().values()] * 4

    def summarize(data):
        try:
            return read_image(data).tobytes()
        except ImageError as error:
            return error.reason

    filters = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(summarize, cases)) == [summarize(data) for data in cases]
    assert warnings.filters == filters
