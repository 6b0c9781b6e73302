"""A link fetches nothing: what is not there is offered with its megabytes; a click shows the whole link."""

import pytest
import torch
from apptests import ENGLISH, choose_view
from conftest import DEFAULT_LAYERS, assert_healthy, naming
from opened import CHINESE, LITE0, choose, open_page, read_address, read_infos, read_names

from page.views.lesson.steps import list_steps
from page.work import downloads, models, status
from viz.networks import catalogue
from viz.networks.catalogue import find_network
from viz.networks.files import NO_DOWNLOADS

RESNET, SQUEEZENET, VGG11, VGG16 = (
    f"torchvision:{name}" for name in ("resnet18", "squeezenet1_1", "vgg11", "vgg16")
)
LAYERS = "layer1.0.conv1,layer4.1.conv2"


@pytest.fixture
def fetched(new_server, tmp_path, monkeypatch):
    """The keys of the networks that were fetched; they have random weights, and are there from then on."""
    there, load = [], catalogue.load
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def load_random(info, seed=None, classifier=True):
        assert seed is not None or not info.megabytes or info.key in there, f"{info.key} is not there"
        return load(info, 0 if info.megabytes else seed, classifier)

    monkeypatch.setattr(models.catalogue, "load", load_random)
    monkeypatch.setattr(downloads, "fetch", lambda info, progress: there.append(info.key))
    monkeypatch.setattr(status, "is_there", lambda info: not info.megabytes or info.key in there)
    return there


def list_offers(page):
    """The labels of the buttons that fetch."""
    return [button.label for button in page.button if button.key in ("fetch_network", "fetch_beside")]


def offer(*keys, words=ENGLISH):
    infos = [find_network(key) for key in keys]
    return [words("network.fetch", network=info.title, megabytes=info.megabytes) for info in infos]


LINKS = [
    ({"network": RESNET}, [RESNET]),
    ({"network": RESNET, "layers": LAYERS, "photo": "coffee", "colors": "greys"}, [RESNET]),
    ({"network": "torchvision:vgg19", "view": "depth", "depth": "conv5_4"}, ["torchvision:vgg19"]),
    ({"network": "torchvision:alexnet", "view": "measure"}, ["torchvision:alexnet"]),
    ({"network": RESNET, "view": "measure", "controls": "untrained,coarse,noise"}, [RESNET]),
    ({"network": RESNET, "view": "measure", "box": "10,20,100,120", "class_box": "true"}, [RESNET]),
    ({"network": RESNET, "view": "probe", "show": "channels", "channel": "3", "patches": "true"}, [RESNET]),
    ({"network": RESNET, "view": "probe", "point": "100,100", "field": "true", "second": "rocket"}, [RESNET]),
    ({"network": VGG11, "view": "classes", "class": "7"}, [VGG11]),
    ({"network": RESNET, "view": "classes", "class": "7", "against": "8"}, [RESNET]),
    ({"network": RESNET, "beside": "untrained", "difference": "true"}, [RESNET]),
    ({"network": RESNET, "present": "true"}, [RESNET]),
    ({"weights": "imagenet1k_v1"}, [VGG16]),
    ({"weights": "imagenet1k_v1", "layers": "conv2_1", "view": "compare"}, [VGG16]),
    ({"beside": "network", "beside_network": "torchvision:vgg19"}, ["torchvision:vgg19"]),
    ({"beside": "network", "beside_network": RESNET, "view": "measure"}, [RESNET]),
    ({"network": RESNET, "beside": "network", "beside_network": VGG11}, [RESNET, VGG11]),
    ({"network": RESNET, "beside": "network", "beside_network": "vgg16"}, [RESNET]),
    # Nothing of these needs it.
    ({"beside_network": RESNET}, []),
    ({"view": "depth", "beside": "network", "beside_network": RESNET}, []),
    *(({"view": "lesson", "step": str(step), "network": RESNET}, []) for step in (1, 3, 6, 8)),
]


def test_a_link_fetches_nothing_and_offers_what_it_asks_for(fetched):
    for address, keys in LINKS:
        with naming(address):
            page = open_page(**address)
            assert_healthy(page)
            assert list_offers(page) == offer(*keys)
            assert page.session_state["network"] == (RESNET if address.get("view") == "lesson" else "vgg16")
            if keys:  # the address leads back to the offer
                assert read_address(page) == {key: [text] for key, text in address.items()}
            assert_healthy(page.run())  # such as the run in which the browser tells how large it is
            assert list_offers(page) == offer(*keys)
    assert fetched == []


@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("zh", CHINESE)])
def test_the_offer_says_what_is_shown_meanwhile_and_a_click_shows_the_whole_link(fetched, language, words):
    link = {"network": RESNET, "layers": LAYERS, "photo": "coffee", "depth": "layer1.0.conv1"}
    page = open_page(**link, lang=language)
    sentences = words("network.not_there", network="ResNet-18"), words("network.meanwhile", network="VGG16")
    assert read_infos(page) == [" ".join(sentences)]
    assert list_offers(page) == offer(RESNET, words=words)
    assert read_names(page) == DEFAULT_LAYERS
    assert page.session_state["photo"] == "coffee"
    page.selectbox(key="colors").set_value("greys").run()  # what is changed meanwhile stays
    assert list_offers(page) == offer(RESNET, words=words)
    assert "network" not in read_address(page)
    page.button(key="fetch_network").click().run()
    assert_healthy(page)
    assert fetched == [RESNET]
    assert list_offers(page) == read_infos(page) == []
    assert read_names(page) == LAYERS.split(",")
    kept = {"lang": ["zh"]} if language == "zh" else {}
    expected = {key: text.split(",") for key, text in link.items()} | {"colors": ["greys"]}
    assert read_address(page) == expected | kept


def test_a_click_tells_what_of_the_link_the_network_does_not_have(fetched):
    page = open_page(network=RESNET, layers="layer1.0.conv1,conv5_3", size="225")
    assert [error.value for error in page.error] == [ENGLISH("link.left_out", names="`size`")]
    page.button(key="fetch_network").click().run()
    assert [error.value for error in page.error] == [ENGLISH("link.left_out", names="`layers`")]
    assert read_names(page) == ["layer1.0.conv1"]


def test_layers_that_fit_are_shown_meanwhile(fetched):
    page = open_page(weights="imagenet1k_v1", layers="conv2_1")
    assert read_names(page) == ["conv2_1"]
    page.button(key="fetch_network").click().run()
    assert_healthy(page)
    assert (fetched, page.session_state["network"], read_names(page)) == ([VGG16], VGG16, ["conv2_1"])


@pytest.mark.parametrize("view", ["compare", "measure"])
def test_a_click_shows_the_comparison_of_a_link(fetched, view):
    page = open_page(view=view, layers="conv1_1", beside="network", beside_network=SQUEEZENET)
    assert read_infos(page) == [ENGLISH("beside.not_there", network="SqueezeNet 1.1")]
    before = read_address(page)
    page.button(key="fetch_beside").click().run()
    assert_healthy(page)
    assert fetched == [SQUEEZENET]
    assert list_offers(page) == read_infos(page) == []
    assert read_address(page) == before
    if view == "compare":
        assert read_names(page) == ["conv1_1", "SqueezeNet 1.1"]


def test_a_comparison_comes_back_with_the_network_that_it_stands_beside(fetched):
    page = open_page(network=SQUEEZENET, beside="network", beside_network="vgg16")
    assert page.session_state["beside_network"] == LITE0
    page.button(key="fetch_network").click().run()
    assert_healthy(page)
    assert page.session_state["beside_network"] == "vgg16"


def test_going_back_fetches_nothing_and_keeps_what_is_shown(fetched, traveller):
    def go(**address):
        traveller.session_state["moved"] = {key: text.split(",") for key, text in address.items()}
        assert_healthy(traveller.run())

    traveller.run()
    choose(traveller, LITE0)
    for address, keys in (({"network": RESNET, "photo": "rocket"}, [RESNET]), ({"photo": "cat"}, [])):
        go(**address)
        assert traveller.session_state["photo"] == address["photo"]
        assert list_offers(traveller) == offer(*keys)
        assert traveller.session_state["network"] == (LITE0 if keys else "vgg16")
    go(beside="network", beside_network=SQUEEZENET)
    assert list_offers(traveller) == offer(SQUEEZENET)
    assert fetched == []
    choose(traveller, SQUEEZENET)
    fetched.clear()  # somebody has removed it
    choose(traveller, LITE0)
    go(network=SQUEEZENET)  # it was asked for before the visitor went back
    assert (list_offers(traveller), fetched) == (offer(SQUEEZENET), [])


def test_what_is_chosen_on_the_page_is_fetched_at_once(fetched):
    page = open_page(network=RESNET)
    assert (
        f"SqueezeNet 1.1 · {find_network(SQUEEZENET).megabytes} MB" in page.selectbox(key="network").options
    )
    choose(page, SQUEEZENET)
    assert_healthy(page)
    assert (fetched, list_offers(page)) == ([SQUEEZENET], [])
    page.selectbox(key="beside").set_value("network").run()  # the page's own choice comes with it
    assert fetched == [SQUEEZENET]
    page.selectbox(key="beside_network").set_value("torchvision:mobilenet_v3_small").run()
    assert_healthy(page)
    assert fetched == [SQUEEZENET, "torchvision:mobilenet_v3_small"]


def test_the_preset_that_fetches_says_how_much(fetched):
    page = open_page(network=RESNET)
    page.button(key="preset").click().run()
    (button,) = [button for button in page.button if button.key == "preset_fetched"]
    assert f"{find_network(VGG16).megabytes} MB" in button.label
    button.click().run()
    assert_healthy(page)
    assert (fetched, list_offers(page)) == ([VGG16], [])


def test_what_the_page_moves_to_by_itself_fetches_nothing(fetched):
    page = open_page(view="lesson", network=RESNET, layers=LAYERS, beside_network=SQUEEZENET)
    choose_view(page, "compare")
    assert_healthy(page)
    assert list_offers(page) == offer(RESNET)
    page.selectbox(key="beside").set_value("network").run()
    assert list_offers(page) == offer(RESNET, SQUEEZENET)
    assert fetched == []
    page.button(key="fetch_network").click().run()
    assert_healthy(page)
    assert (fetched, read_names(page)) == ([RESNET], LAYERS.split(","))
    steps = list_steps()
    named = {choice.network for step in steps for choice in (figure.choice for figure in step.figures)}
    assert not any(find_network(str(network)).megabytes for network in named)


def test_a_network_that_is_there_needs_no_asking(fetched):
    fetched.append(SQUEEZENET)
    page = open_page(network=SQUEEZENET, layers="features.0")
    assert_healthy(page)
    assert (list_offers(page), read_names(page)) == ([], ["features.0"])
    assert fetched == [SQUEEZENET]
