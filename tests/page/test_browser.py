"""The journeys that only a real browser can take, on a server started as the README starts it."""

import csv
import io
import json
import re
import zipfile
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from conftest import DEFAULT_LAYERS, PATIENCE_S, ROOT, find_free_port, serve
from PIL import Image
from pypdf import PdfReader
from visitor import (
    CAT,
    CLAIM_CHART,
    HEATMAP,
    LAPTOP,
    PHONE,
    PICTURE,
    SMALL_LAPTOP,
    hover,
    pass_frames,
    visiting,
    wait_until,
)

from page.views import VIEWS
from viz.evidence.receptive_fields import receptive_field_box
from viz.figures.heatmaps import draw_heatmaps
from viz.maps.cells import lay_cells
from viz.maps.one_pass import extract_heatmaps
from viz.maps.values import normalize
from viz.measures.box import box_auc
from viz.networks.catalogue import load_network
from viz.networks.vgg16 import LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.reports.html import write_html
from viz.texts import Translate

NAMES = [layer.name for layer in LAYERS]
LITE0_LAYERS = ["blocks.1.1.conv_dw", "blocks.4.0.conv_pw", "blocks.5.2.conv_dw", "conv_head"]

pytestmark = pytest.mark.browser


def test_the_first_screen_is_the_product(visit):
    visitor = visit()
    visitor.open()
    boxes = visitor.boxes()
    assert len(boxes) == 1 + len(DEFAULT_LAYERS)
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= LAPTOP["width"]
        assert 0 <= top < bottom <= LAPTOP["height"]
        assert right - left >= 300
        assert (right - left) / (bottom - top) == pytest.approx(336 / 224, rel=0.01)
    assert boxes[0][1] == pytest.approx(boxes[1][1], abs=1)  # one row, one upper edge
    assert boxes[0][0] == pytest.approx(boxes[3][0], abs=1)  # one column, one left edge
    assert visitor.titles()[1] == "conv1_2[336×224] · shallow"
    assert visitor.tab.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    label = visitor.tab.get_by_role("figure").get_attribute("aria-label")
    assert "conv1_2" in label and "Cat" in label
    assert visitor.tab.title() == "What VGG16's layers respond to"
    icon = visitor.tab.eval_on_selector("link[rel*=icon]", "link => link.href")
    assert icon.startswith("data:")  # nobody outside is asked, and no run that is cut short takes it away


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_in_both_themes(visit, scheme):
    visitor = visit(color_scheme=scheme)
    visitor.open()
    *inks, paper = visitor.tab.evaluate(
        """() => {
          const texts = ["annotation", "colorbar"].map((kind) => `.stPlotlyChart .${kind} text`);
          const page = document.querySelector('[data-testid="stApp"]');
          return [...texts.map((text) => getComputedStyle(document.querySelector(text)).fill),
                  getComputedStyle(page).backgroundColor];
        }"""
    )
    *inks, paper = (sum(int(part) for part in colour[4:-1].split(",")[:3]) / 3 for colour in (*inks, paper))
    assert all(abs(ink - paper) > 150 for ink in inks)
    assert (paper > 128) == (scheme == "light")


READ_CONTRASTS = """selector => {
  const read = (colour) => {
    const [red, green, blue, opacity = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [red, green, blue, opacity];
  };
  const lay = (over, under) => [0, 1, 2].map((i) => over[i] * over[3] + under[i] * (1 - over[3]));
  const paper = (element) => {
    const colour = read(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour : lay(colour, paper(element.parentElement));
  };
  const show = (element) => element ? getComputedStyle(element).opacity * show(element.parentElement) : 1;
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => part / 255).map(
      (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return Array.from(document.querySelectorAll(selector), (element) => {
    const style = getComputedStyle(element), drawn = element instanceof SVGElement;
    const under = paper(element), ink = read(drawn ? style.fill : style.color);
    ink[3] *= show(element) * (drawn ? style.fillOpacity : 1);
    const [dark, bright] = [luminance(lay(ink, under)), luminance(under)].sort((one, other) => one - other);
    return (bright + 0.05) / (dark + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tags_badges_and_charts_can_be_read_in_both_themes(visit, scheme):
    visitor = visit(color_scheme=scheme)
    visitor.open("?view=measure&photo=coffee", CLAIM_CHART)
    tags = '[data-testid="stMultiSelect"] [data-tag] :not(button, button *)'
    contrasts = visitor.tab.evaluate(READ_CONTRASTS, tags)
    assert len(contrasts) >= len(DEFAULT_LAYERS)
    badges = visitor.tab.evaluate(READ_CONTRASTS, ".stMarkdownBadge")
    assert len(badges) >= 7
    # axe-core does not decide on what it finds beside or in a figure.
    pale = '[data-testid="stCaptionContainer"] p', '[role="radio"] p', '.js-plotly-plot [class$="tick"] text'
    others = [visitor.tab.evaluate(READ_CONTRASTS, selector) for selector in pale]
    assert all(others)
    assert min(*contrasts, *badges, *map(min, others)) >= 4.5
    sizes = visitor.tab.eval_on_selector_all(
        '[class*="st-key-chart_"] .js-plotly-plot text',
        """all => all.filter((text) => text.textContent)
                     .map((text) => parseFloat(getComputedStyle(text).fontSize))""",
    )
    assert len(sizes) > 30
    assert min(sizes) >= 13


def test_the_photograph_tells_red_green_and_blue(visit):
    visitor = visit()
    visitor.open("?layers=conv5_3")
    left, top, right, bottom = visitor.boxes()[0]
    x, y = left + 120.5 / 336 * (right - left), top + 90.5 / 224 * (bottom - top)
    red, green, blue = np.array(frame_image(read_image(CAT.read_bytes())))[90, 120]
    hover(visitor.tab, x, y, f"R {red} · G {green} · B {blue}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_views_can_be_chosen_on_a_phone(visit, language):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    visitor.open(f"?lang={language}&view=probe")
    entries = visitor.tab.locator('.st-key-view [role="radio"]').all()
    assert len(entries) == len(VIEWS)
    for entry in entries:
        edges = entry.bounding_box()
        assert 0 <= edges["x"] < edges["x"] + edges["width"] <= PHONE["width"]
        middle = [edges["x"] + edges["width"] / 2, edges["y"] + edges["height"] / 2]
        assert entry.evaluate("(entry, [x, y]) => entry.contains(document.elementFromPoint(x, y))", middle)
    assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("viewport", [LAPTOP, SMALL_LAPTOP], ids=["laptop", "small laptop"])
def test_a_portraits_panels_stand_on_one_screen(visit, viewport):
    visitor = visit(viewport=viewport)
    visitor.open()
    buffer = io.BytesIO()
    Image.new("RGB", (900, 1600), "navy").save(buffer, "PNG")
    chooser = visitor.tab.locator('[data-testid="stFileUploaderDropzoneInput"]')
    chooser.set_input_files({"name": "tall.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
    visitor.tab.wait_for_function(
        "() => document.querySelector('.js-plotly-plot')?._fullLayout.xaxis.range[1] == 224"
    )
    visitor.settle()
    assert len(visitor.boxes()) == 5
    assert max(bottom for _, _, _, bottom in visitor.boxes()) <= viewport["height"]


def test_a_phone_has_one_column_and_no_sideways_scrolling(visit):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    visitor.open()
    boxes = visitor.boxes()
    assert len({round(box[0]) for box in boxes}) == 1
    assert min(box[2] - box[0] for box in boxes) >= 300  # so that the first map is on the first screen
    assert max(box[2] for box in boxes) <= PHONE["width"]
    assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert visitor.figure("return gd._fullLayout.dragmode") is False


def test_panels_wrap_when_the_window_changes(visit):
    visitor = visit()
    visitor.open()
    visitor.tab.set_viewport_size({"width": 900, "height": 900})
    visitor.settle()
    visitor.tab.wait_for_function(
        """() => {
          const layout = document.querySelector('.js-plotly-plot')?._fullLayout;
          return layout?.xaxis.domain[1] > 0.45;
        }"""
    )
    visitor.settle()
    assert max(box[2] for box in visitor.boxes()) <= 900
    said = len(visitor.sent)
    visitor.press("Before the ReLU")
    assert len(visitor.sent) == said + 1  # the size that is known is not told again


def test_the_address_restores_the_view(visit):
    visitor = visit()
    query = (
        "?photo=rocket&layers=conv2_2&layers=conv5_1&aggregation=max&side=pre"
        "&colors=greys&overlay=true&size=256"
    )
    visitor.open(query)
    titles = visitor.titles()
    assert titles[1:3] == ["conv2_2[192×128] · middle", "conv5_1[24×16] · deep"]
    assert visitor.parameters() == parse_qs(query[1:])
    visitor.choose("Combine channels by", "L2 norm")
    assert visitor.parameters()["aggregation"] == ["l2"]
    values = visitor.figure("return Array.from(gd._fullData[2].z[3])")
    visitor.reload()
    assert visitor.titles() == titles
    assert visitor.figure("return Array.from(gd._fullData[2].z[3])") == values


def test_an_invalid_address_opens_the_default_view(visit):
    visitor = visit()
    visitor.open("?photo=%3Cscript%3E&layers=fc7&size=9999&opacity=nan&lang=xx")
    assert len(visitor.boxes()) == 1 + len(DEFAULT_LAYERS)
    assert visitor.parameters() == {}


def test_back_undoes_a_choice(visit):
    visitor = visit()
    visitor.open("?layers=conv1_1")
    visitor.tab.get_by_role("button", name="All 13").click()
    visitor.settle()
    assert len(visitor.boxes()) == 14
    visitor.go_back()
    assert visitor.parameters() == {"layers": ["conv1_1"]}
    assert len(visitor.boxes()) == 2


def test_another_network_is_chosen_seen_and_restored(visit):
    visitor = visit()
    visitor.open()
    visitor.choose("Network", "EfficientNet-Lite0")
    titles = visitor.titles()
    assert [title.partition("[")[0] for title in titles[1:5]] == LITE0_LAYERS
    assert visitor.tab.title() == "What EfficientNet-Lite0's layers respond to"
    assert visitor.parameters() == {"network": ["efficientnet_lite0"]}
    network = load_network("efficientnet_lite0")
    expected = extract_heatmaps(
        network, network.to_batch(frame_image(read_image(CAT.read_bytes()), stride=network.stride))
    )
    shown = visitor.figure(
        "return gd._fullData.slice(1).map((trace) => Array.from(trace.z, (row) => [...row]))"
    )
    for name, values in zip(LITE0_LAYERS, shown, strict=True):
        layer = next(layer for layer in network.layers if layer.name == name)
        heatmap = expected[name, layer.pick_side("post"), "mean"]
        np.testing.assert_allclose(values, heatmap, rtol=1e-4, atol=1e-5)
    left, top, right, bottom = visitor.boxes()[4]
    row, column = (length // 2 for length in expected["conv_head", "post", "mean"].shape)
    place = f"conv_head · row {row}, column {column}"
    told = hover(visitor.tab, (left + right) / 2, (top + bottom) / 2, place)
    assert f"value {expected['conv_head', 'post', 'mean'][row, column]:.3g}"[:-1] in told
    assert "sees" not in told
    visitor.reload()
    assert visitor.titles() == titles
    visitor.choose("Network", "VGG16")
    assert visitor.parameters() == {}
    visitor.go_back()
    assert visitor.titles() == titles
    visitor.press("简体中文")
    assert [title.partition("[")[0] for title in visitor.titles()[1:5]] == LITE0_LAYERS
    assert visitor.tab.get_by_role("combobox", name="网络").is_visible()


@pytest.mark.parametrize(("size", "cells"), [("224", "336×224"), ("32", "32×32")])
def test_ones_own_network_is_what_the_page_begins_with(browser, tmp_path, size, cells):
    builder = "from torch import nn\n\n\ndef tiny():\n    return nn.Sequential("
    builder += "nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, 2, 1), nn.ReLU())\n"
    (tmp_path / "my_nets.py").write_text(builder)
    arguments = ("--network", "my_nets:tiny", "--size", size)
    with (
        serve(find_free_port(), *arguments, PYTHONPATH=str(tmp_path)) as url,
        visiting(browser, url, locale="zh-CN") as visitor,
    ):
        visitor.open("?lang=en")
        assert visitor.tab.title() == "What tiny's layers respond to"
        assert visitor.titles()[1].startswith(f"0[{cells}]")
        assert visitor.parameters() == {"lang": ["en"]}
        visitor.press("简体中文")
        assert visitor.tab.title() == "tiny 的各层在看什么"
        visitor.choose("网络", "VGG16")
        assert visitor.parameters()["network"] == ["vgg16"]
        assert visitor.titles()[1].startswith("conv1_2[336×224]")
        visitor.go_back()
        assert visitor.titles()[1].startswith(f"0[{cells}]")
        assert visitor.tab.locator('[data-testid="stException"], [data-testid="stAlert"]').count() == 0
        assert visitor.complaints == visitor.outside == []


def test_an_upload_is_shown_and_a_bad_one_keeps_it(visit):
    visitor = visit()
    visitor.open()
    pixels = np.random.default_rng(5).integers(0, 255, (240, 300, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    chooser = visitor.tab.locator('[data-testid="stFileUploaderDropzoneInput"]')
    # Windows saves JPEGs under this name; the content tells what it is.
    chooser.set_input_files({"name": "noise.jfif", "mimeType": "", "buffer": buffer.getvalue()})
    visitor.tab.wait_for_function(
        "() => document.querySelector('.js-plotly-plot')?._fullLayout.xaxis.range[1] == 288"
    )
    visitor.settle()
    assert visitor.titles()[0] == "Photograph288×224 px, as the network sees it"
    assert visitor.parameters()["photo"] == ["upload"]
    assert visitor.tab.get_by_text("cannot travel in the page's address").is_visible()
    visitor.choose("Combine channels by", "Maximum")
    visitor.go_back()
    assert visitor.parameters() == {"photo": ["upload"]}
    assert visitor.titles()[0] == "Photograph288×224 px, as the network sees it"
    chooser.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"not a picture"})
    visitor.tab.wait_for_selector('[data-testid="stAlert"]')
    visitor.settle()
    alert = visitor.tab.locator('[data-testid="stSidebar"] [data-testid="stAlert"]')
    assert "It reads JPEG, PNG and WebP" in alert.inner_text()
    assert visitor.titles()[0] == "Photograph288×224 px, as the network sees it"
    visitor.choose("Photograph", "Coffee cup")
    assert visitor.titles()[0] == "Photograph336×224 px, as the network sees it"
    assert alert.count() == 0
    chooser.set_input_files({"name": "worse.png", "mimeType": "image/png", "buffer": b"no picture either"})
    alert.wait_for()
    visitor.settle()
    assert visitor.parameters() == {"photo": ["coffee"]}
    assert visitor.tab.get_by_role("combobox", name="Photograph").input_value() == "Coffee cup"


def test_a_change_of_language_keeps_every_choice_also_in_the_next_change(visit):
    visitor = visit()
    visitor.open("?photo=coffee&layers=conv1_1&layers=conv5_3&aggregation=max")
    visitor.press("简体中文")
    assert visitor.titles()[1] == "conv1_1[336×224] · 浅层"
    visitor.press("ReLU 前")
    visitor.choose("颜色范围", "范围：第 1–99 百分位")
    expected = {"photo": ["coffee"], "layers": ["conv1_1", "conv5_3"], "aggregation": ["max"], "lang": ["zh"]}
    assert visitor.parameters() == expected | {"side": ["pre"], "range": ["percentiles"]}
    buttons = visitor.tab.eval_on_selector_all(".modebar-btn", "all => all.map(b => b.dataset.title)")
    assert {"缩放", "平移", "复原"} <= set(buttons)
    visitor.press("English")
    assert visitor.titles()[2] == "conv5_3[21×14] · deep"


def test_a_chinese_browser_gets_chinese(visit):
    visitor = visit(locale="zh-CN")
    visitor.open()
    assert visitor.titles()[0].startswith("照片")
    assert visitor.parameters() == {"lang": ["zh"]}
    assert visitor.tab.evaluate("document.documentElement.lang") == "zh"


def drag_in(visitor, place, end=0.7):
    """Zoom into a picture, from 0.3 of its width and height on."""
    before, (left, top, right, bottom) = read_ranges(visitor), visitor.boxes()[place]
    mouse = visitor.tab.mouse
    mouse.move(left + 0.3 * (right - left), top + 0.3 * (bottom - top))
    mouse.down()
    mouse.move(left + end * (right - left), top + end * (bottom - top), steps=5)
    mouse.up()

    def see():
        assert read_ranges(visitor) != before

    wait_until(visitor.tab, see)
    visitor.settle()


def test_zoom_is_linked_across_the_photograph_and_all_maps(visit):
    visitor = visit()
    visitor.open()
    drag_in(visitor, 2, end=0.6)
    ranges = visitor.figure(
        "return Object.values(gd._fullLayout._plots).map(plot => [...plot.xaxis.range, ...plot.yaxis.range])"
    )
    assert len(ranges) == 5
    for row in ranges:
        assert row == pytest.approx(ranges[0])
    x0, x1, y1, y0 = ranges[0]
    assert 0 < x0 < x1 < 336
    assert 0 < y0 < y1 < 224
    assert (x1 - x0) / (y1 - y0) == pytest.approx(336 / 224, rel=0.02)  # not distorted


def test_hover_tells_layer_cell_value_and_receptive_field_also_of_a_smooth_map(visit):
    visitor = visit()
    visitor.open("?layers=conv4_3&layers=conv5_3")
    for smooth in (False, "best"):
        assert visitor.figure("return gd._fullData[2].zsmooth") == smooth
        left, top, right, bottom = visitor.boxes()[2]
        row, column = 4, 9
        x, y = ((column + 0.5) * 16 / 336 * (right - left), (row + 0.5) * 16 / 224 * (bottom - top))
        text = hover(visitor.tab, left + x, top + y, f"row {row}, column {column}")
        values = np.array(visitor.figure("return gd._fullData[2].z.map(row => Array.from(row))"))
        assert values.shape == (14, 21)
        percent = round(100 * float(normalize(values)[row, column]))
        field = LAYERS[-1].receptive_field
        assert f"value {values[row, column]:.4g}" in text
        assert f"normalised {percent}%" in text
        assert f"sees {field}×{field} px around x 152, y 72" in text
        visitor.tab.get_by_role("button", name="More").click()
        visitor.tab.get_by_text("Smooth the cells").click()
        visitor.tab.keyboard.press("Escape")
        visitor.settle()


def test_a_saved_figure_tells_the_same_without_any_server(browser, network, tmp_path):
    image = frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()))
    heatmaps = extract_heatmaps(network, network.to_batch(image))
    figure = draw_heatmaps(image, heatmaps, [network.find_layer("conv5_3")])
    write_html(figure, tmp_path / "figure.html")
    context = browser.new_context(viewport=LAPTOP, offline=True)
    context.set_default_timeout(1000 * PATIENCE_S)
    tab, asked = context.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((tmp_path / "figure.html").as_uri())
    tab.wait_for_selector(".heatmaplayer .hm image")
    box = tab.locator(".heatmaplayer .hm image").bounding_box()
    row, column = 7, 5
    x, y = (column + 0.5) / 21 * box["width"], (row + 0.5) / 14 * box["height"]
    text = hover(tab, box["x"] + x, box["y"] + y, f"row {row}, column {column}")
    heatmap = heatmaps["conv5_3", "post", "mean"]
    assert f"value {heatmap[row, column]:.4g}" in text
    assert f"normalised {round(100 * float(normalize(heatmap)[row, column]))}%" in text
    titles = tab.eval_on_selector_all(".modebar-btn", "all => all.map(button => button.dataset.title)")
    assert titles and not [title for title in titles if "hare" in title or "loud" in title]
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()


def press_keys(visitor, *keys):
    for key in keys:
        visitor.tab.keyboard.press(key)
    visitor.settle()


def tab_to(visitor, role, name):
    """Press Tab until an element has the focus, as somebody without a pointer does."""
    wanted = visitor.tab.get_by_role(role, name=name)
    for _ in range(80):
        visitor.tab.keyboard.press("Tab")
        if wanted.count() and wanted.first.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {name}")


def read_layer(visitor):
    return visitor.titles()[0].partition("[")[0]


def test_the_scrubber_by_keyboard_alone(visit):
    visitor = visit()
    visitor.open("?view=depth")
    height = visitor.figure("return gd.getBoundingClientRect().height")
    tab_to(visitor, "slider", "Layer")
    press_keys(visitor, "ArrowRight", "ArrowRight")
    assert read_layer(visitor) == "conv2_1"
    press_keys(visitor, "End")
    assert read_layer(visitor) == "conv5_3"
    press_keys(visitor, "ArrowLeft")
    assert read_layer(visitor) == "conv5_2"
    assert visitor.figure("return gd.getBoundingClientRect().height") == height
    assert visitor.parameters() == {"view": ["depth"], "depth": ["conv5_2"]}
    tab_to(visitor, "button", "More")
    press_keys(visitor, "Enter")
    tab_to(visitor, "slider", "Opacity of the maps")
    press_keys(visitor, "ArrowRight")
    assert visitor.figure("return gd._fullData[1].colorscale[0][1]").endswith(", 0.65)")
    assert read_layer(visitor) == "conv5_2"
    visitor.reload()
    assert read_layer(visitor) == "conv5_2"
    assert visitor.parameters() == {"view": ["depth"], "depth": ["conv5_2"], "opacity": ["0.65"]}


def test_play_and_pause_by_keyboard_alone(visit):
    visitor = visit()
    visitor.stop_clock()
    visitor.open("?view=depth")
    tab_to(visitor, "button", "Play")
    press_keys(visitor, "Enter")
    while NAMES.index(read_layer(visitor)) < NAMES.index("conv3_1"):
        assert visitor.pass_second()
    visitor.press("简体中文")  # a choice does not end it
    assert visitor.pass_second()
    visitor.press("English")
    assert visitor.pass_second()
    tab_to(visitor, "button", "Pause")
    press_keys(visitor, "Space")
    paused = read_layer(visitor)
    assert NAMES.index(paused) >= NAMES.index("conv3_3")
    assert visitor.parameters() == {"view": ["depth"], "depth": [paused]}
    assert not visitor.pass_second()  # nothing waits for it
    assert read_layer(visitor) == paused
    press_keys(visitor, "Enter")  # the focus is where it was
    while visitor.pass_second():
        pass
    assert visitor.tab.get_by_role("button", name="Play", exact=True).is_visible()
    assert read_layer(visitor) == "conv5_3"
    assert visitor.parameters() == {"view": ["depth"], "depth": ["conv5_3"]}


def test_presenting_by_keyboard_alone(visit):
    visitor = visit(viewport=SMALL_LAPTOP)
    visitor.open()
    usual = visitor.figure(
        "return parseFloat(getComputedStyle(gd.querySelector('.annotation text')).fontSize)"
    )
    tab_to(visitor, "button", "Present")
    press_keys(visitor, "Enter")
    assert visitor.parameters() == {"present": ["true"]}
    assert not visitor.tab.get_by_test_id("stSidebar").is_visible()
    enlarged = "return parseFloat(getComputedStyle(gd.querySelector('.annotation text')).fontSize)"
    assert visitor.figure(enlarged) == pytest.approx(1.5 * usual)
    root = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    assert visitor.tab.evaluate(root) == 24
    frame = visitor.figure("return gd.getBoundingClientRect().toJSON()")
    assert frame["bottom"] <= 720 and frame["height"] > 0.75 * 720  # it fills the screen
    tab_to(visitor, "radio", "Side by side")
    press_keys(visitor, "ArrowRight", "Enter")  # within a widget the key is the widget's
    assert visitor.parameters() == {"present": ["true"], "view": ["depth"]}
    assert read_layer(visitor) == "conv1_1"
    visitor.tab.evaluate("document.activeElement.blur()")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight"):
        press_keys(visitor, key)
    assert read_layer(visitor) == "conv2_1"
    tab_to(visitor, "slider", "Layer")
    press_keys(visitor, "ArrowRight")
    assert read_layer(visitor) == "conv2_2"  # one step, not two
    visitor.open("?view=lesson&present=true", ".stPlotlyChart")
    press_keys(visitor, "ArrowRight")
    assert visitor.parameters()["step"] == ["2"]
    tab_to(visitor, "button", "End presenting")
    press_keys(visitor, "Enter")
    assert "present" not in visitor.parameters()
    assert visitor.tab.get_by_test_id("stSidebar").is_visible()


@pytest.mark.parametrize(
    ("size", "address"),
    [
        (SMALL_LAPTOP, "&present=true"),
        (SMALL_LAPTOP, "&present=true&lang=zh"),
        ({"width": 1366, "height": 768}, ""),
    ],
)
def test_two_figures_of_a_step_are_seen_at_once_with_their_question(visit, size, address):
    visitor = visit(viewport=size)
    for step in (2, 4, 5, 6):
        visitor.open(f"?view=lesson&step={step}{address}", '[data-testid="stRadio"]')
        visitor.tab.locator('[data-testid="stRadio"] label').nth(1).click()  # the first choice
        visitor.settle()
        visitor.tab.locator(".st-key-lesson_show button").first.click()
        visitor.tab.wait_for_selector(".st-key-lesson_figure_1 .js-plotly-plot")
        visitor.settle()
        figures = "[...document.querySelectorAll('.js-plotly-plot')]"
        bottoms = visitor.tab.evaluate(f"{figures}.map((figure) => figure.getBoundingClientRect().bottom)")
        assert len(bottoms) == 2
        assert max(bottoms) <= size["height"]
        scrolled = "document.querySelector('[data-testid=\"stMain\"]').scrollTop"
        assert visitor.tab.evaluate(scrolled) == 0


@pytest.mark.parametrize(
    "view",
    [
        *("compare", "compare&beside=network", "compare&present=true", "depth", "depth&present=true"),
        *("probe", "probe&present=true", "probe&show=channels", "classes"),
    ],
)
def test_the_buttons_of_a_figure_lie_over_no_title(visit, view):
    visitor = visit(viewport=SMALL_LAPTOP)
    visitor.open(f"?view={view}&network=efficientnet_lite0")
    visitor.settle()
    over = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap((figure) => {
      const bars = [...figure.querySelectorAll('.modebar-group')].map((bar) => bar.getBoundingClientRect());
      const titles = [...figure.querySelectorAll('.annotation text')];
      return titles.filter((title) => bars.some((bar) => {
        const box = title.getBoundingClientRect();
        return box.left < bar.right && box.right > bar.left && box.top < bar.bottom && box.bottom > bar.top;
      })).map((title) => title.textContent);
    })"""
    assert visitor.tab.locator(".modebar-group").count()
    assert visitor.tab.evaluate(over) == []


def test_on_a_phone_a_figure_has_the_camera_alone(visit):
    visitor = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.open("?view=depth&lang=zh")
    visitor.settle()
    buttons = visitor.tab.eval_on_selector_all(".modebar-btn", "all => all.map(b => b.dataset.title)")
    assert buttons == ["下载为 PNG"]


def test_nothing_plays_where_less_motion_is_asked_for(visit):
    visitor = visit(reduced_motion="reduce")
    visitor.open("?view=depth")
    visitor.tab.get_by_role("button", name="Next").click()
    visitor.settle()
    assert read_layer(visitor) == "conv1_2"
    assert visitor.tab.get_by_role("button", name="Play").count() == 0


def test_back_is_understood_while_it_plays(visit):
    visitor = visit()
    visitor.stop_clock()
    visitor.open("?view=depth&depth=conv1_2")
    visitor.choose("Colours", "Greys")
    visitor.tab.get_by_role("button", name="Play").click()
    visitor.settle()
    while NAMES.index(read_layer(visitor)) < NAMES.index("conv3_1"):
        assert visitor.pass_second()
    visitor.go_back()  # a step was no choice
    assert visitor.parameters() == {"view": ["depth"], "depth": ["conv1_2"]}
    assert read_layer(visitor) == "conv1_2"
    assert visitor.tab.get_by_role("button", name="Play", exact=True).is_visible()
    assert not visitor.pass_second()


def test_hover_on_the_scrubber_tells_the_layer_that_is_shown(visit):
    visitor = visit()
    for name, stride in (("conv5_3", 16), ("conv3_1", 4)):
        visitor.open(f"?view=depth&depth={name}")
        left, top, right, bottom = visitor.boxes()[0]
        x, y = 100.5, 60.5
        values = np.array(visitor.figure("return gd._fullData[0].z.map(row => Array.from(row))"))
        value = values[int(y) // stride, int(x) // stride]
        place = (left + x / 336 * (right - left), top + y / 224 * (bottom - top))
        text = hover(visitor.tab, *place, f"value {value:.4g}")
        percent = int(re.findall(r"normalised (\d+)%", text)[0])
        assert percent == pytest.approx(100 * (value - values.min()) / np.ptp(values), abs=0.5001)


def test_the_overlay_lies_over_the_photograph(visit):
    visitor = visit()
    visitor.open("?overlay=true&opacity=0.4&layers=conv1_1&layers=conv5_3")
    sources = visitor.tab.eval_on_selector_all(
        ".stPlotlyChart .imagelayer image, .stPlotlyChart .layer-below image",
        "all => all.map(image => image.href.baseVal.slice(0, 40))",
    )
    kinds = [source.split(";")[0] for source in sources]
    assert kinds.count("data:image/webp") == 3  # the photograph's own panel and one under each map
    assert len(kinds) == 3
    assert visitor.figure("return gd._fullData[1].colorscale[0][1]").endswith(", 0.4)")


def test_all_of_a_report_comes_in_one_file_whose_link_leads_back(visit, tmp_path):
    visitor = visit(accept_downloads=True)
    visitor.open("?layers=conv2_1,conv5_3&aggregation=max&colors=jet&framing=crop")
    visitor.tab.get_by_text("For your report").click()
    visitor.settle()  # a button that is pressed while it is drawn anew has lost its file
    with visitor.tab.expect_download() as download:
        visitor.tab.get_by_text("All of it in one ZIP").click()
    assert download.value.suggested_filename == "cat-vgg16-compare.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        *others, last = archive.namelist()
        manifest = json.loads(archive.read(last))
        arrays = np.load(io.BytesIO(archive.read("cat-vgg16-compare.npz")), allow_pickle=False)
        assert others == [*manifest["sha256"]] and last == "manifest.json"
        assert sum(entry.file_size for entry in archive.infolist()) < 25e6
    shown = visitor.figure("return gd._fullData.filter(t => t.type == 'heatmap').map(t => t.z[3][4])")
    assert [float(arrays[name][3, 4]) for name in ("conv2_1", "conv5_3")] == pytest.approx(shown)
    address = visitor.parameters()
    visitor.open(f"?{manifest['link'].partition('?')[2]}")
    assert visitor.parameters() == address


def test_all_13_layers(visit):
    visitor = visit()
    visitor.open("?layers=" + ",".join(NAMES))
    assert [title.split("[")[0] for title in visitor.titles()[1:14]] == NAMES
    assert visitor.tab.locator(HEATMAP).count() == 13


def test_a_box_is_drawn_and_its_chart_read(visit, network):
    visitor = visit()
    visitor.open("?view=measure", CLAIM_CHART)
    visitor.tab.get_by_text("Draw a box", exact=True).click()
    visitor.settle()
    left, top, right, _ = visitor.boxes()[0]
    scale = (right - left) / 336
    places = [(left + x * scale, top + y * scale) for x, y in ((90, 40), (250, 200))]
    visitor.tab.mouse.move(*places[0])
    visitor.tab.mouse.down()
    visitor.tab.mouse.move(*places[1], steps=8)
    visitor.tab.mouse.up()
    visitor.settle()
    box = [int(edge) for edge in visitor.parameters()["box"][0].split(",")]
    assert box == pytest.approx([90, 40, 250, 200], abs=3)
    assert visitor.tab.get_by_text("Separates box from background (AUC)").count() >= 1
    assert not visitor.tab.get_by_role("switch", name="Draw a box").is_checked()
    values = visitor.tab.evaluate(
        """() => Array.from(document.querySelector('.st-key-chart_object .js-plotly-plot')._fullData[0].y,
                            Number)"""
    )
    assert len(values) == 13
    photo = read_image((ROOT / "assets/images/cat.png").read_bytes())
    heatmaps = extract_heatmaps(network, network.to_batch(frame_image(photo)))
    expected = [box_auc(heatmaps[name, "post", "mean"], tuple(box), 224, 336) for name in NAMES]
    assert values == pytest.approx(expected, rel=1e-5)
    visitor.reload(CLAIM_CHART)
    assert visitor.parameters()["box"] == [",".join(map(str, box))]
    visitor.tab.get_by_role("button", name="Remove the box").click()
    visitor.settle()
    assert "box" not in visitor.parameters()


def test_a_box_by_keyboard_alone(visit):
    visitor = visit()
    visitor.open("?view=measure", CLAIM_CHART)
    tab_to(visitor, "textbox", "Edges of the box (px)")
    visitor.tab.keyboard.type("90, 40, 250")
    press_keys(visitor, "Enter")
    assert "This is no box" in visitor.tab.get_by_test_id("stAlert").inner_text()
    visitor.tab.keyboard.type(", 200")
    press_keys(visitor, "Enter")
    assert visitor.tab.get_by_test_id("stAlert").count() == 0
    assert visitor.parameters()["box"] == ["90,40,250,200"]
    assert visitor.tab.locator(".st-key-chart_object").count() == 1
    tab_to(visitor, "button", "Remove the box")
    press_keys(visitor, "Enter")
    assert "box" not in visitor.parameters()


def test_the_csv_holds_the_numbers_that_the_page_shows(visit):
    visitor = visit()
    visitor.open("?view=measure&threshold=0.6&photo=coffee&controls=untrained", CLAIM_CHART)
    with visitor.tab.expect_download() as download:
        visitor.tab.get_by_role("button", name="Download CSV (full precision, with settings)").click()
    rows = list(csv.DictReader(download.value.path().open(encoding="utf-8", newline="")))
    assert [row["layer"] for row in rows] == [*NAMES, *NAMES]
    assert {row["threshold"] for row in rows} == {"0.6"}
    assert {row["photo"] for row in rows} == {"coffee"}
    drawn = visitor.tab.evaluate(
        """() => Array.from(document.querySelector('.st-key-metrics .js-plotly-plot')._fullData,
                            (trace) => Array.from(trace.y, Number))"""
    )
    assert [float(row["active_share"]) for row in rows] == pytest.approx(drawn[0] + drawn[1], rel=1e-12)


def test_the_measures_on_a_phone(visit):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    visitor.open("?view=measure", CLAIM_CHART)
    assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    charts = visitor.tab.locator('[class*="st-key-chart_"] .js-plotly-plot').all()
    assert len(charts) == 3
    for chart in charts:
        edges = chart.bounding_box()
        assert edges["x"] >= 0
        assert edges["x"] + edges["width"] <= PHONE["width"]


def test_a_swipe_over_the_photograph_scrolls_a_phone_and_draws_no_box(visit):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    visitor.open("?view=measure", CLAIM_CHART)
    left, top, right, bottom = visitor.boxes()[0]
    session = visitor.tab.context.new_cdp_session(visitor.tab)
    for kind, moved in [
        ("touchStart", 0),
        *(("touchMove", 15 * step) for step in range(1, 11)),
        ("touchEnd", 0),
    ]:
        finger = {"x": (left + right) / 2, "y": bottom - 20 - moved}
        points = [] if kind == "touchEnd" else [finger]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        pass_frames(visitor.tab)

    def see():
        assert visitor.boxes()[0][1] < top - 100

    wait_until(visitor.tab, see)
    visitor.settle()
    assert "box" not in visitor.parameters()
    assert visitor.tab.get_by_role("textbox", name="Edges of the box (px)").input_value() == ""


@pytest.mark.parametrize("query", ["", "&lang=zh&box=18,0,273,214"])
def test_the_first_claim_and_its_chart_stand_on_a_small_screen(visit, query):
    visitor = visit(viewport=SMALL_LAPTOP)
    visitor.open(f"?view=measure{query}", CLAIM_CHART)
    claim = visitor.tab.locator(".st-key-claim_detail").bounding_box()
    chart = visitor.tab.locator(".st-key-chart_detail .js-plotly-plot").bounding_box()
    assert 0 < claim["y"] < claim["y"] + claim["height"] <= 720
    assert chart["y"] + chart["height"] <= 720
    assert chart["x"] > claim["x"] + 0.3 * claim["width"]  # beside the claim


def test_hover_reads_all_lines_at_a_depth(visit):
    visitor = visit()
    visitor.open("?view=measure&controls=untrained,noise", CLAIM_CHART)
    visitor.tab.get_by_text("All metrics against depth").click()
    visitor.settle()
    chart = visitor.tab.locator(".st-key-metrics .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    visitor.settle()
    frame = chart.bounding_box()
    label = ".st-key-metrics .hoverlayer .legend"
    text = hover(visitor.tab, frame["x"] + 100, frame["y"] + 130, "VGG16", label)
    assert re.search("conv|[1-5]_[1-3]", text)
    assert all(name in text for name in ("VGG16", "Untrained", "Noise"))
    fill = visitor.tab.locator(f"{label} text").first.evaluate("text => getComputedStyle(text).fill")
    assert fill == "rgb(253, 252, 249)"  # on the dark label, also on a light page


def click_in(visitor, place, x, y, width=336):
    left, top, right, _ = visitor.boxes()[place]
    scale = (right - left) / width
    visitor.click_on_figure("probed", left + x * scale, top + y * scale)


def read_fields(visitor):
    """Receptive fields as the table names them, by layer."""
    rows = visitor.tab.eval_on_selector_all(
        "table tbody tr", "rows => rows.map(row => Array.from(row.cells, cell => cell.textContent))"
    )
    return {row[0]: tuple(map(int, re.findall(r"\d+", row[2]))) for row in rows}


def expect_fields(x, y):
    fields = {}
    for layer in LAYERS:
        if layer.name in DEFAULT_LAYERS:
            shape = layer.map_size(224, 336)
            cell = lay_cells(layer, shape, 224, 336).find(x, y, shape)
            left, top, right, bottom = receptive_field_box(layer, *cell, 224, 336)
            fields[layer.name] = (left, right, top, bottom)
    return fields


def read_broad_box(visitor):
    return visitor.figure(
        """
        const broad = gd._fullLayout.shapes.filter(
          (shape) => shape.type === "rect" && shape.line.width === 3 && shape.xref + shape.yref === "xy");
        const { x0, x1, y0, y1 } = broad[broad.length - 1];
        return [x0, x1, y0, y1];
        """
    )


def test_a_click_on_the_photograph_and_on_a_heatmap_is_answered(visit):
    visitor = visit()
    visitor.open("?view=probe")
    click_in(visitor, 0, 120.5, 90.5)
    x, y = (int(part) for part in visitor.parameters()["point"][0].split(","))
    assert (x, y) == pytest.approx((120, 90), abs=1)
    left, top, right, _ = visitor.boxes()[0]
    scale = (right - left) / 336
    hover(visitor.tab, left + 120.5 * scale, top + 90.5 * scale, f"x {x} · y {y}")
    assert read_fields(visitor) == expect_fields(x, y)
    assert tuple(read_broad_box(visitor)) == expect_fields(x, y)["conv5_3"]
    click_in(visitor, 4, 250, 150)  # on conv5_3, whose cells are 16 pixels wide
    assert visitor.parameters()["point"] == ["248,152"]
    assert read_fields(visitor) == expect_fields(248, 152)
    assert tuple(read_broad_box(visitor)) == expect_fields(248, 152)["conv5_3"]
    visitor.reload()
    assert visitor.parameters()["point"] == ["248,152"]
    assert read_fields(visitor) == expect_fields(248, 152)
    assert tuple(read_broad_box(visitor)) == expect_fields(248, 152)["conv5_3"]


def test_a_place_is_probed_by_keyboard_alone(visit):
    visitor = visit()
    visitor.open("?view=probe&point=120,90")
    tab_to(visitor, "spinbutton", "x (px)")
    press_keys(visitor, "ArrowUp", "Enter")
    tab_to(visitor, "spinbutton", "y (px)")
    press_keys(visitor, "ControlOrMeta+a")
    visitor.tab.keyboard.type("150")
    press_keys(visitor, "Enter")
    assert visitor.parameters()["point"] == ["121,150"]
    assert read_fields(visitor) == expect_fields(121, 150)


def test_a_click_on_a_small_map_shows_its_channel(visit):
    visitor = visit()
    visitor.open("?view=probe&show=channels&layer=conv5_3", f".st-key-thumbnails {PICTURE}")
    third = visitor.tab.evaluate(
        "() => document.querySelector('.st-key-thumbnails .js-plotly-plot').layout.annotations[2].text"
    )
    number = re.findall(r"<b>(\d+)", third)[0]
    images = visitor.tab.locator(f".st-key-thumbnails {PICTURE}")
    images.first.scroll_into_view_if_needed()
    visitor.settle()
    edges = sorted((image.bounding_box() for image in images.all()), key=lambda box: (box["y"], box["x"]))[2]
    visitor.click_on_figure("thumbnails", edges["x"] + 30, edges["y"] + 30)
    assert visitor.parameters()["channel"] == [number]
    assert any(f"channel {number}" in title for title in visitor.titles())


# How often `screen.js` has looked whether it may speak.
COUNT_LOOKS = """
(() => {
  const begin = window.setTimeout;
  window.looks = 0;
  window.setTimeout = (run, delay, ...given) =>
    begin(delay === 150 ? () => { looks += 1; run(...given); } : run, delay, ...given);
})();
"""


def test_a_phones_choices_outlive_widgets_whose_scripts_are_late(visit):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    held = []
    late = re.compile(r"/(Selectbox|Multiselect|ButtonGroup)\.[^/]*js$")
    visitor.tab.route(late, lambda route: held.append(route))
    visitor.tab.add_init_script(COUNT_LOOKS)
    visitor.tab.goto(f"{visitor.url}/?layers=conv2_2&layers=conv4_3")
    visitor.tab.wait_for_selector(HEATMAP)
    visitor.tab.wait_for_function("looks > 3")  # the figure is too wide for a phone: the page wants to say so
    assert len(held) == 3
    said = len(visitor.sent)
    for route in held:
        route.continue_()
    visitor.settle()
    assert len(visitor.sent) > said == 1  # the first word starts the session
    assert visitor.parameters()["layers"] == ["conv2_2", "conv4_3"]
    assert [title.partition("[")[0] for title in visitor.titles()[1:]] == ["conv2_2", "conv4_3"]
    left, _, right, _ = visitor.boxes()[0]
    assert right - left > 250  # it has been laid out for the phone


def test_the_probe_on_a_phone_answers_a_tap(visit):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    visitor.open("?view=probe&layers=conv5_3")
    visitor.await_listener("probed")
    assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    left, top, right, _ = visitor.boxes()[0]
    scale = (right - left) / 336
    visitor.tab.touchscreen.tap(left + 100.5 * scale, top + 60.5 * scale)
    visitor.settle()
    x, y = (int(part) for part in visitor.parameters()["point"][0].split(","))
    assert (x, y) == pytest.approx((100, 60), abs=2)
    cells = visitor.tab.locator(".st-key-probed_cells :is(th, td)").all()
    assert len(cells) == 12
    for cell in cells:  # nothing is cut
        edges = cell.bounding_box()
        assert 0 <= edges["x"] < edges["x"] + edges["width"] <= PHONE["width"]
        assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth + 1")


def test_the_mouse_that_a_browser_makes_of_a_tap_counts_for_nothing(visit):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    visitor.open("?view=probe&layers=conv5_3")
    visitor.await_listener("probed")
    left, top, right, _ = visitor.boxes()[0]
    scale = (right - left) / 336
    visitor.tab.touchscreen.tap(left + 100.5 * scale, top + 60.5 * scale)
    visitor.figure("gd.emit('plotly_click', {points: [{curveNumber: 0, x: 200.5, y: 150.5}]});")
    visitor.settle()
    x, y = (int(part) for part in visitor.parameters()["point"][0].split(","))
    assert (x, y) == pytest.approx((100, 60), abs=2)


def test_a_files_name_is_text_and_nothing_else(visit):
    visitor = visit()
    dialogs = []
    visitor.tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    visitor.open("?layers=conv5_3")
    chooser = visitor.tab.locator('[data-testid="stFileUploaderDropzoneInput"]')
    names = ["<img src=x onerror=alert(1)>.png", "../../etc/passwd.png", "🐈\u202egnp.exe.png"]
    names.append("**bold** [link](javascript:alert(1)) :red[x].png")
    for number, name in enumerate(names):
        width = 240 + 48 * number
        buffer = io.BytesIO()
        Image.new("RGB", (width, 224), "navy").save(buffer, "PNG")
        chooser.set_input_files({"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()})
        visitor.tab.wait_for_function(
            f"() => document.querySelector('.js-plotly-plot')?._fullLayout.xaxis.range[1] == {width}"
        )
        visitor.settle()
        assert dialogs == []
        assert visitor.tab.locator('img[src="x"], a[href^="javascript"]').count() == 0
        assert visitor.tab.get_by_test_id("stMain").get_by_text(name[:12]).count() == 0


def test_a_file_that_is_not_even_sent_is_told_of_in_the_pages_language(visit):
    visitor = visit()
    visitor.open("?layers=conv5_3&lang=zh")
    file = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": bytes(13 * 2**20)}
    visitor.tab.locator('[data-testid="stFileUploaderDropzoneInput"]').set_input_files(file)
    visitor.tab.get_by_test_id("stFileChipIconError").wait_for()
    style = "getComputedStyle(document.querySelector('[data-testid=\"stFileUploader\"]'), '::after')"
    told = visitor.tab.evaluate(f"{style}.content").strip('"')
    assert told == Translate("zh")("picture.uploader_refused")


def test_the_page_recovers_when_the_server_is_killed_and_started_again(browser):
    port = find_free_port()
    buffer = io.BytesIO()
    Image.new("RGB", (288, 224), "navy").save(buffer, "PNG")
    file = {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    shown = "() => document.querySelector('.js-plotly-plot')?._fullLayout.xaxis.range[1] == 288"
    with visiting(browser, f"http://127.0.0.1:{port}") as visitor:
        tab = visitor.tab
        chooser = tab.locator('[data-testid="stFileUploaderDropzoneInput"]')
        with serve(port) as server:
            visitor.open("?layers=conv5_3")
            chooser.set_input_files(file)
            tab.wait_for_function(shown)
            visitor.settle()
            server.process.kill()
            server.process.wait()
            visitor.await_connection(False)
        with serve(port):
            tab.get_by_text("Your photograph is no longer here").wait_for()
            visitor.settle()
            visitor.choose("Combine channels by", "Maximum")
            assert visitor.parameters() == {
                "photo": ["upload"],
                "layers": ["conv5_3"],
                "aggregation": ["max"],
            }
            assert visitor.titles()[0] == "Photograph336×224 px, as the network sees it"
            chooser.set_input_files(file)
            tab.wait_for_function(shown)
            assert tab.locator('[data-testid="stException"]').count() == 0


@pytest.mark.parametrize("width", [1440, 1900])
def test_a_printed_page_holds_every_panel(visit, tmp_path, width):
    visitor = visit(viewport={"width": width, "height": 900})
    visitor.open("?layers=" + ",".join(NAMES))
    visitor.tab.pdf(path=tmp_path / "page.pdf", format="A4")
    places = []

    def note(text, matrix, *_):
        if "conv" in text and "convolution" not in text:
            places.append(matrix[4])

    sheet = PdfReader(tmp_path / "page.pdf").pages[0]
    words = sheet.extract_text(visitor_text=note)
    assert "Convolution layers" not in words  # the sidebar stays on the screen
    titles = places[: len(NAMES)]  # what is said of the layers follows
    assert len(titles) == len(NAMES)
    assert all(-3 < place < 0.85 * float(sheet.mediabox.width) for place in titles)
    assert 3 <= len(set(titles)) <= 7  # columns


def test_a_second_photograph_of_ones_own_is_matched_and_a_bad_one_said_so(visit):
    visitor = visit()
    visitor.open("?view=probe&show=alike&layers=conv5_3")
    visitor.choose("A second photograph", "Your photograph")
    chooser = visitor.tab.locator('.st-key-second_upload [data-testid="stFileUploaderDropzoneInput"]')
    chooser.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"not a picture"})
    visitor.tab.wait_for_selector('[data-testid="stAlert"]')
    assert "It reads JPEG, PNG and WebP" in visitor.tab.get_by_test_id("stAlert").inner_text()
    buffer = io.BytesIO()
    pixels = np.random.default_rng(5).integers(0, 255, (240, 240, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    chooser.set_input_files({"name": "noise.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
    visitor.tab.wait_for_selector(f".st-key-matched {PICTURE}")
    visitor.settle()
    assert visitor.parameters()["second"] == ["upload"]
    assert visitor.tab.locator(".st-key-matched .annotation text").first.text_content().startswith("Photo")


def test_the_lesson_is_turned_by_arrow_keys_but_not_while_one_types(visit, tmp_path):
    visitor = visit(accept_downloads=True)
    visitor.open("?view=lesson", ".js-plotly-plot")
    keys, radio = visitor.tab.keyboard, visitor.tab.locator(".stRadio label")
    for number in range(2, 9):
        keys.press("ArrowRight")
        visitor.settle()
        assert visitor.parameters() == {"view": ["lesson"], "step": [str(number)]}
    for number in range(7, 1, -1):
        keys.press("ArrowLeft")
        visitor.settle()
        assert visitor.parameters() == {"view": ["lesson"], "step": [str(number)]}
    radio.filter(has_text="About a hundred times").click()
    visitor.settle()
    keys.press("ArrowLeft")  # within the choices
    visitor.settle()
    assert visitor.parameters()["step"] == ["2"]
    radio.filter(has_text="About a hundred times").click()
    visitor.settle()
    visitor.tab.get_by_role("button", name="Show it").click()
    visitor.tab.wait_for_selector(HEATMAP)
    visitor.settle()
    answer = visitor.tab.get_by_label("Your answer")
    answer.click()
    keys.type("red is red")
    for _ in range(3):
        keys.press("ArrowLeft")
    keys.type("not ")
    keys.press("ArrowRight")
    visitor.settle()
    assert visitor.parameters()["step"] == ["2"]
    assert answer.input_value() == "red is not red"
    with visitor.tab.expect_download() as download:  # a hand holds a button down for a moment
        visitor.tab.get_by_role("button", name="Download my answers").click(delay=300)
    download.value.save_as(tmp_path / "lesson.md")
    report = (tmp_path / "lesson.md").read_text(encoding="utf-8")
    assert "red is not red" in report
    assert f"<{visitor.url}?view=lesson&step=2>" in report
    assert "red" not in visitor.tab.url


def test_the_view_that_answers_a_step_is_shown_from_its_top_on(visit):
    visitor = visit(viewport=SMALL_LAPTOP)
    visitor.open("?view=lesson&step=7", ".js-plotly-plot")
    visitor.tab.locator(".stRadio label").filter(has_text="It falls").click()
    visitor.settle()
    visitor.tab.get_by_role("button", name="Show it").click()
    visitor.tab.wait_for_selector(HEATMAP)
    visitor.settle()
    visitor.tab.get_by_role("button", name="Try it").click()
    visitor.tab.wait_for_selector(CLAIM_CHART)
    visitor.settle()
    assert visitor.tab.locator('[data-testid="stMain"]').evaluate("main => main.scrollTop") == 0


def read_ranges(visitor):
    """Of each picture's axes, the photograph's first: left, right, bottom, top, in input pixels."""
    return visitor.figure(
        """
        const plots = gd._fullLayout._plots;
        return gd._fullData.map((trace) => plots[trace.xaxis + trace.yaxis])
          .map(({xaxis, yaxis}) => [...xaxis.range, ...yaxis.range]);
        """
    )


def test_two_of_anything_are_compared_zoomed_hovered_subtracted_and_restored(visit):
    visitor = visit()
    visitor.open("?layers=conv3_1&layers=conv5_3")
    visitor.choose("Compare with", "Compare with: the network untrained")
    visitor.tab.wait_for_function("document.querySelectorAll('.heatmaplayer .hm image').length === 4")
    visitor.settle()
    boxes = visitor.boxes()
    for upper, lower in ((1, 3), (2, 4)):
        assert boxes[upper][::2] == pytest.approx(boxes[lower][::2], abs=1)
        assert boxes[upper][3] < boxes[lower][1]
    drag_in(visitor, 4)
    ranges = read_ranges(visitor)
    assert all(row == pytest.approx(ranges[0]) for row in ranges)
    assert 0 < ranges[0][0] < ranges[0][1] < 336
    visitor.tab.get_by_text("Difference", exact=True).click()
    visitor.tab.wait_for_function("document.querySelectorAll('.heatmaplayer .hm image').length === 6")
    visitor.settle()
    left, top, right, bottom = visitor.boxes()[1]
    across, down = (30 + 0.5) * 4 / 336, (20 + 0.5) * 4 / 224  # of conv3_1's row 20 and column 30
    visitor.tab.mouse.move(left + across * (right - left), top + down * (bottom - top), steps=3)
    hover = visitor.tab.locator(".hovertext", has_text="row 20, column 30")
    hover.wait_for()
    ours, other = visitor.figure("return [1, 3].map((place) => gd._fullData[place].z[20][30])")
    told = re.search(r"value ([\d.]+).*the other map there: ([\d.]+)", hover.text_content())
    assert [float(number) for number in told.groups()] == pytest.approx([ours, other], rel=1e-3)
    chosen = {"beside": ["untrained"], "difference": ["true"], "layers": ["conv3_1", "conv5_3"]}
    assert visitor.parameters() == chosen
    titles = visitor.titles()
    again = visit()
    again.open(f"?{urlsplit(visitor.tab.url).query}")
    again.tab.wait_for_function("document.querySelectorAll('.heatmaplayer .hm image').length === 6")
    again.settle()
    assert again.titles() == titles


def test_another_photograph_of_another_shape_zooms_by_itself(visit):
    visitor = visit(locale="zh-CN")
    visitor.open("?layers=conv5_3&beside=photo&beside_photo=brick")
    visitor.tab.wait_for_function("document.querySelectorAll('.heatmaplayer .hm image').length === 2")
    visitor.settle()
    drag_in(visitor, 2)
    first, _, second, below = read_ranges(visitor)
    assert first == [0, 336, 224, 0]
    assert second == pytest.approx(below)
    assert 0 < second[0] < second[1] < 224
    assert visitor.titles()[2].startswith("砖墙")


def test_a_comparison_on_a_phone_has_each_map_under_its_partner(visit):
    visitor = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    visitor.open("?beside=side&difference=true&layers=conv3_1&layers=conv5_3")
    visitor.tab.wait_for_function("document.querySelectorAll('.heatmaplayer .hm image').length === 6")
    visitor.settle()
    boxes = visitor.boxes()
    assert len({round(box[0]) for box in boxes}) == 1
    assert min(box[2] - box[0] for box in boxes) >= 300  # so that the first map is on the first screen
    tops = [box[1] for box in boxes]  # of the photograph, then row by row
    assert tops[0] < tops[1] < tops[3] < tops[5] < tops[2] < tops[4] < tops[6]
    assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_class_is_asked_about_erased_and_found_again_from_the_address(visit):
    visitor = visit()
    visitor.open("?view=classes&network=efficientnet_lite0&photo=coffee&layers=conv_head")
    for label, typed, option in (("Class", "cu", "cup"), ("Against another class", "esp", "espresso")):
        box = visitor.tab.get_by_role("combobox", name=label, exact=True)
        box.click()
        box.fill(typed)
        visitor.tab.get_by_role("option", name=option, exact=True).click()
        visitor.settle()
    visitor.press("LayerCAM")
    assert {name: visitor.parameters()[name] for name in ("class", "against", "method")} == {
        "class": ["968"],
        "against": ["967"],
        "method": ["layercam"],
    }
    assert visitor.titles()[3].startswith("cup− espresso")  # behind the note beside it
    read = (
        "return gd._fullData.filter((trace) => trace.type === 'heatmap').map((trace) => [...trace.z.flat()]);"
    )
    before = visitor.figure(read)
    visitor.tab.get_by_role("button", name=re.compile("Run the test")).click()
    visitor.tab.wait_for_selector(".st-key-deletion .scatterlayer")
    visitor.settle()
    table = visitor.tab.locator("table").inner_text()
    assert "LayerCAM" in table

    other = visit()
    other.open(f"?{urlsplit(visitor.tab.url).query}")
    assert other.titles() == visitor.titles()
    assert other.figure(read) == before
    # Another session has what was computed.
    assert other.tab.locator("table").inner_text() == table
    assert other.tab.locator(".st-key-run_erase").count() == 0
