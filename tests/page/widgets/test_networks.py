"""Where a classifier can be had, and what it takes: without a browser."""

import re

from apptests import ENGLISH
from conftest import assert_healthy
from opened import LITE0, list_maps, open_page, read_infos
from torch import nn

from page.work.models import Model, load_model, load_whole
from page.work.queue import PASSES, say_nothing
from viz.networks import catalogue
from viz.networks.catalogue import find_network
from viz.networks.examine import find_layers
from viz.networks.files import NO_DOWNLOADS
from viz.networks.vgg16 import name_as_paper

VGG = find_network("torchvision:vgg11")
OTHER = "EfficientNet-Lite0"


def test_a_network_without_classes_says_where_to_get_some(new_server, count_passes, monkeypatch, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"kind {number}" for number in range(10)))
    bare, small = ("--network", "own_networks:Bare"), ("--network", "own_networks:Small", "--size", "32")
    fetched = {"fetched": "VGG16 (torchvision)", "megabytes": 528}
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    for arguments, network, sentence in (
        ((), "vgg16", ENGLISH("classes.none_fetched", network="VGG16", other=OTHER, **fetched)),
        (bare, "own", ENGLISH("classes.none_own", network="Bare", other=OTHER)),
        # What comes with the page is not the network of whoever started the server.
        (
            (*small, "--classes", str(names)),
            "vgg16",
            ENGLISH("classes.none_fetched", network="VGG16", other=OTHER, **fetched),
        ),
    ):
        page = open_page(*arguments, view="classes", network=network, photo="coffee")
        assert_healthy(page)
        assert read_infos(page) == [sentence]
        assert count_passes == []
    page.button(key="switch_network").click().run()
    assert_healthy(page)
    assert (page.session_state["network"], page.session_state["view"]) == (LITE0, "classes")
    assert page.get("progress")[0].proto.text.startswith("espresso")


def test_where_nothing_may_be_fetched_nothing_is_advised_that_is(monkeypatch):
    monkeypatch.setenv(NO_DOWNLOADS, "1")
    page = open_page(view="classes")
    assert_healthy(page)
    assert read_infos(page) == [ENGLISH("classes.none", network="VGG16", other=OTHER)]
    assert "preset_fetched" not in {button.key for button in page.button}
    elements = (*page.info, *page.markdown, *page.caption)
    said = [*(element.value for element in elements), *(button.label for button in page.button)]
    assert re.findall(r"fetch|\d MB", "\n".join(said)) == []


def test_a_vggs_classifier_is_loaded_when_its_memory_is_agreed_to(new_server, monkeypatch):
    """It is a small one here; the catalogue tells the size of the real one."""
    asked, load = [], catalogue.load

    def load_small(info, seed=None, classifier=True):
        asked.append((info.key, classifier))
        network = load(info, 0)
        if not classifier:
            return network
        module = nn.Sequential(network.module, nn.Unflatten(1, (512, 49)), nn.AvgPool1d(49))
        head = nn.Sequential(module, nn.Flatten(), nn.Linear(512, 7)).eval().requires_grad_(False)
        layers = name_as_paper(find_layers(head, 224))
        return type(network)(head, layers, network.mean, network.std, tuple("abcdefg"))

    monkeypatch.setattr(catalogue, "load", load_small)
    monkeypatch.setattr("page.work.status.is_there", lambda info: True)
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    page = open_page(view="classes", network=VGG.key)
    assert_healthy(page)
    assert read_infos(page) == [ENGLISH("classes.memory", network="VGG11", megabytes=507)]
    assert asked == [(VGG.key, False)]
    page.button(key="load_classifier").click().run()
    assert_healthy(page)
    assert asked == [(VGG.key, False), (VGG.key, True)]
    assert len(page.get("progress")) == 5
    assert len(list_maps(page, "class_maps")) == 2 * len(page.multiselect(key="layers").value)
    # The maps' network stays the light one.
    assert PASSES.run(say_nothing, load_model, Model(VGG)).classes is None
    assert PASSES.run(say_nothing, load_whole, VGG).classes == tuple("abcdefg")
    assert len(asked) == 2
