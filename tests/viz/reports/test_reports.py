"""Files that leave the page: each opens, and holds what the figure shows."""

import hashlib
import io
import json
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import replace
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader
from recipes import list_items, make_recipe

import viz
from viz.maps.ranges import choose_limits
from viz.reports import print as prints
from viz.reports.arrays import write_arrays
from viz.reports.bundle import write_bundle
from viz.reports.html import write_html
from viz.reports.print import WIDTHS, choose_language, describe, draw_print
from viz.texts import Translate

ENGLISH, CHINESE = Translate("en"), Translate("zh")
NAMES = ("conv4_1", "conv5_3")
LONG = "stages.3.blocks.2.conv_dw · Correlation of the untrained"


def print_out(recipe, image, maps, words=ENGLISH, width="page", kind="png"):
    items, caption = list_items(recipe, image, maps, words), describe(recipe, words)
    return draw_print(items, caption, words.language, width, kind)


@pytest.mark.parametrize("changes", [{"colors": "jet"}, {"side": "pre", "limits": "percentiles"}])
def test_a_print_has_the_maps_colours_at_known_cells(changes):
    """By the picture alone: the panels are found by the photograph's width, cells by their place in them."""
    recipe, image, maps = make_recipe("vgg16", NAMES, framing="squash", **changes)
    sheet = np.asarray(Image.open(io.BytesIO(print_out(recipe, image, maps))).convert("RGB"))
    limits = choose_limits(list(maps.values()), recipe.limits, recipe.diverging)
    colors = matplotlib.colormaps["RdBu_r" if "side" in changes else "jet"]
    panels = find_panels(sheet)
    assert len(panels) == 3
    for (top, left, side), heatmap, (low, high) in zip(panels[1:], maps.values(), limits, strict=True):
        for row, column in ((0, 0), (3, 11), (7, 7), (12, 2), (13, 13)):
            scale = side / heatmap.shape[0]
            found = sheet[int(top + (row + 0.5) * scale), int(left + (column + 0.5) * scale)]
            place = np.clip((heatmap[row, column] - low) / (high - low), 0, 1)
            np.testing.assert_allclose(found, 255 * np.array(colors(place))[:3], atol=4)


def find_panels(sheet):
    """Top, left and side of each square of pixels that is nowhere white, in pixels of the sheet."""
    filled = (sheet != 255).any(axis=2)
    rows = np.flatnonzero(filled.mean(axis=1) > 0.75)  # those of the pictures
    top, bottom = rows[0], rows[np.flatnonzero(np.diff(rows, append=10**6) > 1)[0]]
    across = np.flatnonzero(filled[(top + bottom) // 2])
    starts = across[np.flatnonzero(np.diff(across, prepend=-9) > 9)]
    return [(top, left, bottom - top + 1) for left in starts]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_title_and_no_number_runs_into_the_next_panel(width):
    recipe, image, maps = make_recipe("vgg16", NAMES, framing="squash", side="pre", aggregation="max")
    photo, *shown = list_items(recipe, image, maps, ENGLISH)
    items = [photo, *(replace(item, title=LONG) for item in 2 * shown)]
    sheet = np.asarray(Image.open(io.BytesIO(draw_print(items, "", "en", width, columns=5))).convert("RGB"))
    panels = find_panels(sheet)
    assert len(panels) == 5
    for (_, left, side), (_, following, _) in pairwise(panels):
        assert (sheet[:, left + side + 3 : following - 3] == 255).all()
    assert (sheet[: panels[1][0], panels[1][1] :] != 255).any()  # but there are titles
    bar = int(300 * (0.4 * prints.LINE * prints.FONT_SIZE[width] / 72 + prints.BAR)) + 4  # ends below its map
    for top, left, side in panels[1:]:
        under = sheet[top + side + bar :, left : left + side]
        assert (under != 255).any()
        free = (under == 255).all(axis=(0, 2))
        assert "1" * 8 in "".join(str(int(is_free)) for is_free in free)  # between the numbers of its bar


@pytest.mark.parametrize("width", WIDTHS)
def test_every_kind_of_print_opens_and_has_its_width(width):
    recipe, image, maps = make_recipe("vgg16", NAMES)
    inches = WIDTHS[width][0]
    picture = Image.open(io.BytesIO(print_out(recipe, image, maps, width=width)))
    assert picture.width == pytest.approx(300 * inches, abs=1)
    sheet = PdfReader(io.BytesIO(print_out(recipe, image, maps, width=width, kind="pdf"))).pages[0]
    assert float(sheet.mediabox.width) == pytest.approx(72 * inches, abs=1)
    text = sheet.extract_text()
    assert "conv5_3" in text and "VGG16" in text
    drawing = ElementTree.fromstring(print_out(recipe, image, maps, width=width, kind="svg"))
    assert float(drawing.attrib["width"].removesuffix("pt")) == pytest.approx(72 * inches, abs=1)


def test_without_a_chinese_font_a_print_is_english_and_has_no_boxes(monkeypatch):
    monkeypatch.setattr(prints, "CHINESE", ("No Such Font",))
    prints.find_chinese_font.cache_clear()
    try:
        assert choose_language(CHINESE).language == "en"
        recipe, image, maps = make_recipe("vgg16", NAMES)
        sheet = PdfReader(io.BytesIO(print_out(recipe, image, maps, CHINESE, kind="pdf"))).pages[0]
        text = sheet.extract_text()
        assert "conv5_3" in text and not any(ord(one) >= prints.WIDE for one in text)
    finally:
        prints.find_chinese_font.cache_clear()


def test_what_a_print_cannot_be_is_named():
    recipe, image, maps = make_recipe("vgg16", NAMES)
    with pytest.raises(ValueError, match="expected one of column, page, slide"):
        print_out(recipe, image, maps, width="poster")
    with pytest.raises(ValueError, match="expected one of png, svg, pdf"):
        print_out(recipe, image, maps, kind="gif")


def test_arrays_keep_maps_pixels_and_settings():
    recipe, image, maps = make_recipe("vgg16", NAMES, aggregation="max")
    with np.load(
        io.BytesIO(write_arrays(list_items(recipe, image, maps, ENGLISH), recipe.settings)),
        allow_pickle=False,
    ) as arrays:
        for name, heatmap in maps.items():
            np.testing.assert_array_equal(arrays[name], heatmap)
        np.testing.assert_array_equal(arrays["pixels"], np.asarray(image))
        settings = json.loads(str(arrays["settings"]))
    assert (settings["layers"], settings["aggregation"]) == (list(NAMES), "max")


def test_an_interactive_figure_has_no_button_to_a_cloud(tmp_path):
    recipe, image, _ = make_recipe("vgg16", NAMES)
    heatmaps = viz.extract_heatmaps(recipe.network, recipe.network.to_batch(image))
    figure = viz.draw_heatmaps(image, heatmaps, recipe.layers)
    text = write_html(figure, tmp_path / "layers.html")
    assert (tmp_path / "layers.html").read_text(encoding="utf-8") == text
    assert '"showSendToCloud": false' in text
    assert not re.search(r"<script[^>]* src=|<link", text)


def test_the_manifest_is_the_last_file_and_tells_the_others():
    files = {"a.txt": b"one", "b.bin": bytes(range(256))}
    data = write_bundle(files, {"network": "vgg16"}, "https://page.example/?photo=cat")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*files, "manifest.json"]
        assert all(archive.read(name) == content for name, content in files.items())
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["sha256"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert manifest["settings"] == {"network": "vgg16"} and manifest["link"].endswith("photo=cat")
    assert manifest["versions"]["torch"]
