"""What the menu gives in each view: every file opens, names what it is of, and holds what is shown."""

import ast
import csv
import io
import json
import zipfile

import numpy as np
import pytest
from apptests import ENGLISH, list_maps, read_chart
from conftest import assert_healthy
from docx import Document
from opened import CHINESE, open_page
from PIL import Image

from page.widgets import report

LITE0 = "efficientnet_lite0"
VIEWS = {
    "compare": {"beside": "untrained", "difference": "true"},
    "depth": {"depth": "conv3_1"},
    "measure": {},
    "probe": {},
    "alike": {"view": "probe", "show": "alike"},
    "channels": {"view": "probe", "show": "channels"},
    "grid": {"view": "probe", "show": "grid", "network": LITE0, "layers": "conv_stem", "true": "285"},
    "classes": {"network": LITE0},
}


@pytest.fixture
def takings(monkeypatch):
    """What the menu is given, the last one last."""
    given, draw = [], report.offer_files

    def offer(taken, link):
        given.append((taken, link))
        draw(taken, link)

    monkeypatch.setattr(report, "offer_files", offer)
    return given


def open_menu(**settings):
    page = open_page(**settings)
    page.session_state["report"] = True
    page.run()
    assert_healthy(page)
    return page


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_gives_all_of_itself_in_one_file(takings, view):
    page = open_menu(**{"view": view} | VIEWS[view])
    taken, link = takings[-1]
    offered = [button.proto.label for button in page.get("download_button")]
    assert ENGLISH("report.bundle") in offered and ENGLISH("report.word") in offered
    data = report.make_bundle(taken, link)
    assert len(data) < 25e6
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert list(files)[-1] == "manifest.json"
    start = f"cat-{taken.subject.network.info.key.replace('_', '-')}-{taken.subject.choice.view}"
    assert all(name.startswith((start, "cat.png", "manifest")) for name in files), list(files)
    check_files({name.removeprefix(start): content for name, content in files.items()}, taken, link)
    manifest = json.loads(files["manifest.json"])
    assert manifest["link"] == link and manifest["settings"]["photo"] == "cat.png"


def check_files(files, taken, link):
    assert Image.open(io.BytesIO(files[".png"])).width == pytest.approx(2010, abs=1)
    assert files[".pdf"].startswith(b"%PDF") and b"<svg" in files[".svg"]
    with np.load(io.BytesIO(files[".npz"]), allow_pickle=False) as arrays:
        maps = {name: arrays[name] for name in arrays.files}
    assert json.loads(str(maps.pop("settings")))["network"] == taken.subject.network.info.key
    pixels = maps.pop("pixels")
    np.testing.assert_array_equal(pixels, taken.subject.picture.pixels)
    shown = {item.key: item.heatmap for item in taken.items if hasattr(item, "heatmap")}
    assert maps.keys() == shown.keys()
    for name, heatmap in shown.items():
        np.testing.assert_array_equal(maps[name], heatmap)
    assert (".py" in files) == taken.has_code
    if taken.has_code:
        ast.parse(files[".py"].decode())
    if ".html" in files:
        assert b'"showSendToCloud": false' in files[".html"]
    for table in taken.tables:
        rows = list(csv.reader(io.StringIO(files[f"-{table}.csv"].decode())))
        assert len(rows) > 1 and len({len(row) for row in rows}) == 1
    words = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(files[".docx"])).paragraphs)
    markdown = files[".md"].decode()
    assert link in words and link in markdown
    assert f"]({taken.name('png')})" in markdown


def test_arrays_of_a_second_row_are_those_that_the_page_draws(takings):
    page = open_menu(beside="aggregation", difference="true", layers="conv5_3")
    drawn = [trace["z"]["shape"] for trace in list_maps(read_chart(page, "heatmaps"))]
    keys = [item.key for item in takings[-1][0].items if hasattr(item, "heatmap")]
    assert drawn == ["14, 21"] * 3
    assert keys == ["conv5_3", "conv5_3 Maximum", "conv5_3 Difference"]


def test_the_report_says_no_more_than_the_verdicts(takings):
    """The controls of a sample photograph come with the page, so that its verdicts are whole."""
    open_menu(view="measure", lang="zh")
    taken, link = takings[-1]
    text = report.make_markdown(taken, link)
    (say,) = [part for part in text.split("## ") if part.startswith(CHINESE("report.say"))]
    sentences = [line for line in say.splitlines() if line.startswith("- ")]
    assert len(sentences) == 3  # the claim about an object was not tested
    assert CHINESE("claim.object") not in say
    facts = {"claim": CHINESE("claim.resolution"), "network": taken.subject.network.title}
    built = CHINESE(
        "say.both", truth=CHINESE("say.yes", **facts), learned=CHINESE("say.learned_construction")
    )
    assert f"- {built}" in sentences
    assert all("{" not in sentence for sentence in sentences)
    assert CHINESE("verdict.ranks", count=20, ranks="").rstrip("。.")[:4] in text


def test_a_step_of_the_lesson_gives_both_of_its_figures(takings):
    page = open_page(view="lesson", step="2")
    page.radio[0].set_value(0).run()
    page.button(key="lesson_show").click().run()
    page.session_state["report"] = True
    page.run()
    assert_healthy(page)
    taken, _ = takings[-1]
    assert len(taken.list_figures()) == 2 and not taken.has_code
    keys = [item.key for item in taken.items if hasattr(item, "heatmap")]
    assert keys == ["conv1_2", "conv3_1", "conv5_3", "conv1_2 2", "conv3_1 2", "conv5_3 2"]
    assert taken.name("png") == "cat-vgg16-lesson.png"
