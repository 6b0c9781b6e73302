"""A link that asks for what cannot be shown: the page says once what and why, and shows its maps."""

import pytest
from apptests import ENGLISH, list_errors
from conftest import assert_healthy, naming
from opened import CHINESE, LITE0, list_said, open_page, read_address, read_names

from page.choice.address import read_address as read_choice
from page.choice.choice import SETTINGS
from page.choice.session import Link
from page.choice.settle import Known, settle
from page.widgets.link import list_sentences
from page.work.models import Catalogue
from viz.networks.catalogue import NETWORKS
from viz.networks.files import NO_DOWNLOADS
from viz.networks.vgg16 import LAYERS

RESNET, VGG19 = "torchvision:resnet18", "torchvision:vgg19"
TEXT = "hello"  # of whoever wrote the link
TO_VGG, TO_LITE0 = {"shown": "VGG16"}, {"shown": "EfficientNet-Lite0"}

# By address: the sentences that tell of it, and the address of what is shown instead.
LINKS = [
    ({"network": RESNET}, [("not_fetched", TO_VGG | {"network": "ResNet-18"})], {}),
    ({"network": "own"}, [("own", TO_VGG)], {}),
    ({"network": f"<b>{TEXT}"}, [("unknown", TO_VGG)], {}),
    # Of another network, too, are its layers.
    (
        {"network": TEXT, "layers": TEXT, "layer": TEXT, "colors": "greys"},
        [("unknown", TO_VGG)],
        {"colors": ["greys"]},
    ),
    ({"weights": "imagenet1k_v1"}, [("not_fetched", TO_VGG | {"network": "VGG16 (torchvision)"})], {}),
    ({"weights": TEXT}, [("unknown", TO_VGG)], {}),
    ({"threshold": "0.43"}, [("moved", {"name": "`threshold`", "value": "0.4"})], {"threshold": ["0.4"]}),
    ({"overlay": "true", "opacity": "0.5000"}, [], {"overlay": ["true"], "opacity": ["0.5"]}),
    (
        {"beside": "network", "beside_network": VGG19},
        [("not_fetched", TO_LITE0 | {"network": "VGG19"})],
        {"beside": ["network"]},
    ),
    ({"beside": "network", "beside_network": "own"}, [("own", TO_LITE0)], {"beside": ["network"]}),
    ({"beside": "network", "beside_network": TEXT}, [("unknown", TO_LITE0)], {"beside": ["network"]}),
    ({"beside_network": TEXT}, [], {}),  # nothing is compared
    ({"size": TEXT, "colors": TEXT}, [("left_out", {"names": "`colors`, `size`"})], {}),
    ({"layers": f"conv1_1,{TEXT}"}, [("left_out", {"names": "`layers`"})], {"layers": ["conv1_1"]}),
    ({"layers": "conv_stem", "depth": TEXT}, [("left_out", {"names": "`layers`, `depth`"})], {}),
    (
        {"network": LITE0, "layers": "conv5_3", "depth": "blocks.9"},
        [("left_out", {"names": "`layers`, `depth`"})],
        {"network": [LITE0]},
    ),
    (
        {"network": "own", "beside": "network", "beside_network": RESNET, "size": "225"},
        [
            ("own", TO_VGG),
            ("not_fetched", TO_LITE0 | {"network": "ResNet-18"}),
            ("left_out", {"names": "`size`"}),
        ],
        {"beside": ["network"]},
    ),
    ({"layers": "conv5_3,conv1_1"}, [], {"layers": ["conv1_1", "conv5_3"]}),
]


def tell(words, sentences):
    """What the page has to say, in one notice."""
    return [" ".join(words(f"link.{key}", **details) for key, details in sentences)] if sentences else []


@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("zh", CHINESE)])
def test_a_link_that_cannot_be_shown_gets_one_notice_until_the_next_choice(monkeypatch, language, words):
    monkeypatch.setenv(NO_DOWNLOADS, "1")
    for address, sentences, kept in LINKS:
        with naming(address):
            page = open_page(**address, lang=language)
            assert not page.exception
            told = tell(words, sentences)
            assert list_errors(page) == told
            assert TEXT not in list_said(page)
            shown, rows = read_names(page), 2 if "beside" in address else 1
            assert len(shown) == len(page.session_state["layers"]) * rows > 0
            assert read_address(page) == kept | ({"lang": ["zh"]} if language == "zh" else {})
            # Such as the run in which the browser tells how large it is.
            assert list_errors(page.run()) == told
            assert_healthy(page.selectbox(key="colors").set_value("turbo").run())
            assert read_names(page) == shown


def test_only_what_was_given_up_is_told():
    """Of a server that may fetch: what it can show is not told of."""
    catalogue = Catalogue(NETWORKS)
    known = Known(("compare", "lesson"), catalogue.offered, layers=LAYERS, picture="cat", size=(224, 337))
    for address, keys in (
        ({"network": RESNET, "layers": "layer1.0.conv1"}, ["left_out"]),
        ({"network": TEXT, "layers": "layer1.0.conv1", "channel": "3", "class": "7"}, ["unknown"]),
        ({"view": TEXT}, ["left_out"]),
        ({"point": "900,900"}, ["left_out"]),
        ({"point": "100,100", "colors": "greys", TEXT: TEXT}, []),
    ):
        choice, unreadable = read_choice({key: [text] for key, text in address.items()})
        link = Link(choice, frozenset(SETTINGS) & set(address), unreadable)
        for words in (ENGLISH, CHINESE):
            told = list_sentences(words, link, settle(choice, None, known), catalogue)
            parts = [
                words(f"link.{key}", names="{}", network="{}", shown="{}").split("{}")[0] for key in keys
            ]
            assert len(told) == len(keys), address
            assert all(sentence.startswith(part) for sentence, part in zip(told, parts, strict=True)), address
