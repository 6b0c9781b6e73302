"""docs/homework.md, followed: from a student's notebook to the page, and to the figure."""

import re
import shlex

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from apptests import upload
from conftest import ROOT, assert_healthy
from opened import open_page, show
from torch import Tensor

from viz.texts import LANGUAGES

PAGES = {"en": "homework.md", "zh": "homework.zh.md"}
BLOCK = re.compile(r"<!-- (?P<name>[\w.]+) -->\n```\w+\n(?P<code>.*?)```", re.DOTALL)
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)


def read_page(language: str) -> str:
    return (ROOT / "docs" / PAGES[language]).read_text(encoding="utf-8")


BLOCKS = {found["name"]: found["code"] for found in BLOCK.finditer(read_page("en"))}


class TestSet:
    """Stands for torchvision's CIFAR-10, with pictures of noise."""

    __test__ = False
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    data = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    targets = (3, 8, 8, 0, 6, 6, 1, 6)


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """The names of a student's notebook that has saved its files, in their folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "student.py").write_text(BLOCKS["student.py"], encoding="utf-8")
    torch.manual_seed(0)
    names = {"test_set": TestSet()}
    exec(BLOCKS["student.py"] + "model = build()", names)
    exec(BLOCKS["save"], names)
    return names


def compute_steps(model) -> list[Tensor]:
    """What each module of the student's network gives for the picture, by torchvision's usual formula."""
    pixels = torch.from_numpy(TestSet.data[7]).permute(2, 0, 1) / 255
    values = ((pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None])[None]
    with torch.no_grad():
        return [values := module(values) for module in model.eval()]


def test_both_languages_have_the_same_code():
    assert BLOCKS.keys() == {"save", "student.py", "start", "figure"}
    found = {found["name"]: found["code"] for found in BLOCK.finditer(read_page("zh"))}
    assert found == BLOCKS


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_it_quotes_stands_on_the_page(language):
    words = (ROOT / "assets" / "locales" / f"{language}.toml").read_text(encoding="utf-8")
    quoted = re.findall("“(.+?)”", read_page(language))
    assert quoted
    assert [quote for quote in quoted if quote not in words] == []


def test_the_page_shows_the_students_network(notebook, tmp_path, new_server):
    arguments = shlex.split(BLOCKS["start"].partition(" -- ")[2])
    page = open_page(*arguments, photo="upload")
    assert_healthy(upload(page, (tmp_path / "picture.png").read_bytes()))
    share, best = compute_steps(notebook["model"])[-1].softmax(1)[0].max(0)
    bar = show(page, "classes").get("progress")[0].proto
    assert bar.text == f"{TestSet.classes[best]} · **{share:.1%}**"
    assert_healthy(page)
    show(page, "probe").segmented_control(key="show").set_value("channels").run()
    assert_healthy(page)


def test_the_figure_has_three_layers_five_channels_and_both_labels(notebook, tmp_path):
    exec(BLOCKS["figure"], notebook)
    figure = notebook["figure"]
    steps = compute_steps(notebook["model"])
    expected = [steps[place][0, channel] for place in (1, 4, 7) for channel in range(5)]  # behind each ReLU
    for panel, values in zip(figure.axes, expected, strict=True):
        np.testing.assert_allclose(panel.images[0].get_array(), values, rtol=1e-4, atol=1e-5)
    best = TestSet.classes[int(steps[-1].argmax())]
    assert figure.get_suptitle() == f"true: frog, predicted: {best}"
    assert (tmp_path / "channels.png").stat().st_size > 0
    plt.close(figure)
