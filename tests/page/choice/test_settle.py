"""What cannot be: a wish goes in, the nearest choice that can be comes out. No page is needed for it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.choice.address import read_address, write_address
from page.choice.choice import DEFAULT, SETTINGS
from page.choice.settle import Known, Settled, find_defaults, list_given_up, settle
from viz.networks.layers import Layer, choose_default_layers, split_in_thirds
from viz.networks.vgg16 import LAYERS

VIEWS = ("compare", "depth", "measure", "probe", "classes", "lesson")
NETWORKS = ("vgg16", "efficientnet_lite0", "torchvision:resnet18")
SMALL = split_in_thirds([Layer(name, name, 20, 1, "deep", None) for name in ("a", "b", "c")])
BARE = Known(VIEWS, NETWORKS)
FULL = replace(BARE, layers=LAYERS, picture="cat", size=(224, 337))


def wish(**values):
    return DEFAULT.change(values)


def test_a_first_visit_has_everything_that_a_widget_needs():
    choice = settle(DEFAULT, None, FULL)
    assert (choice.view, choice.network, choice.layer, choice.depth) == (
        "compare",
        "vgg16",
        "conv5_3",
        "conv1_1",
    )
    assert choice.layers == ("conv1_2", "conv3_1", "conv4_3", "conv5_3")
    assert (choice.beside_photo, choice.beside_network) == ("coffee", "efficientnet_lite0")
    assert write_address(choice.values, find_defaults(choice, FULL)) == {}


@pytest.mark.parametrize(
    ("asked", "known", "expected"),
    [
        ({"view": "magic"}, BARE, {"view": "compare"}),
        ({"network": "own"}, BARE, {"network": "vgg16"}),
        ({"network": "untrained:vgg16"}, BARE, {"network": "vgg16"}),
        ({"network": "efficientnet_lite0"}, BARE, {"beside_network": "vgg16"}),
        ({"beside_network": "vgg16"}, BARE, {"beside_network": "efficientnet_lite0"}),
        ({"beside_photo": "cat"}, BARE, {"beside_photo": "coffee"}),
        ({"beside_photo": "upload"}, BARE, {"beside_photo": "upload"}),
        ({"beside_aggregation": "mean"}, BARE, {"beside_aggregation": "max"}),
        ({"photo": "upload"}, replace(BARE, photo="rocket"), {"photo": "rocket"}),
        ({"layers": ("conv5_3", "conv1_1", "conv9_9")}, FULL, {"layers": ("conv1_1", "conv5_3")}),
        ({"layers": ("conv9_9",)}, FULL, {"layers": tuple(choose_default_layers(LAYERS))}),
        ({"layers": ()}, FULL, {"layers": ()}),
        ({"layer": "conv9_9"}, FULL, {"layer": "conv5_3"}),
        ({"channel": 600}, FULL, {"channel": None}),
        ({"channel": 500}, FULL, {"channel": 500}),
        ({"layer": "conv1_1", "thumb_page": 9}, FULL, {"thumb_page": 4}),
        ({"box": (10, 10, 900, 900)}, FULL, {"box": (10, 10, 337, 224)}),
        ({"box": (400, 10, 900, 900)}, FULL, {"box": None}),
        ({"point": (900, 900)}, FULL, {"point": (336, 223)}),
        ({"class": 999, "against": 3}, replace(FULL, classes=1000, best=5), {"class": 999, "against": 3}),
        (
            {"class": 1000, "against": 1001},
            replace(FULL, classes=1000, best=5),
            {"class": None, "against": None},
        ),
        ({"class": 7, "against": 7}, replace(FULL, classes=1000, best=5), {"class": 7, "against": None}),
        ({"against": 5}, replace(FULL, classes=1000, best=5), {"class": None, "against": None}),
    ],
)
def test_what_cannot_be_gives_way(asked, known, expected):
    values = settle(wish(**asked), None, known).values
    assert {key: values[key] for key in expected} == expected


def test_after_a_change_of_the_network_layers_keep_their_place_in_the_depth():
    before = Settled(settle(wish(layers=("conv1_1", "conv5_3"), layer="conv1_1"), None, FULL), FULL)
    small = replace(FULL, layers=SMALL)
    choice = settle(before.choice.change({"network": NETWORKS[2]}), before, small)
    assert (choice.layers, choice.layer, choice.depth) == (("a", "c"), "a", "a")


def test_defaults_follow_the_network_and_names_chosen_with_it_stay():
    before = Settled(settle(DEFAULT, None, FULL), FULL)
    small = replace(FULL, layers=SMALL)
    moved = settle(before.choice.change({"network": NETWORKS[2]}), before, small)
    assert moved.layers == tuple(choose_default_layers(SMALL))
    chosen = settle(before.choice.change({"network": NETWORKS[2], "layers": ("b",)}), before, small)
    assert chosen.layers == ("b",)


def test_layers_of_the_same_name_in_both_networks_are_moved_too():
    twice = split_in_thirds(
        [*SMALL, Layer("d", "d", 20, 1, "deep", None), Layer("e", "e", 20, 1, "deep", None)]
    )
    small = replace(FULL, layers=SMALL)
    before = Settled(settle(wish(layers=("c",)), None, small), small)
    assert settle(
        before.choice.change({"network": NETWORKS[1]}), before, replace(FULL, layers=twice)
    ).layers == ("e",)


def test_another_layer_forgets_the_channel_and_another_picture_box_and_point():
    asked = wish(channel=3, thumb_page=2, layer="conv4_1", box=(1, 2, 30, 40), point=(5, 6))
    before = Settled(settle(asked, None, FULL), FULL)
    assert before.choice.channel == 3 and before.choice.box is not None
    same = settle(before.choice.change({"colors": "greys"}), before, FULL)
    assert (same.channel, same.thumb_page, same.box, same.point) == (3, 2, (1, 2, 30, 40), (5, 6))
    layer = settle(before.choice.change({"layer": "conv4_2"}), before, FULL)
    assert (layer.channel, layer.thumb_page) == (None, 1)
    picture = settle(before.choice, before, replace(FULL, picture="rocket"))
    assert (picture.box, picture.point) == (None, None)
    sized = replace(FULL, scene="cat, whole")
    larger = replace(sized, picture="cat at twice the size", size=(448, 672))
    before = Settled(settle(asked, None, sized), sized)
    moved = settle(before.choice, before, larger)
    across = 672 / 337
    assert moved.box == (round(across), 4, round(30 * across), 80)
    assert moved.point == (round(5 * across), 12)
    # An address stands for itself: its channel and its point belong to what it names.
    assert settle(asked, None, replace(FULL, picture="rocket")) == before.choice


@given(st.dictionaries(st.sampled_from(list(SETTINGS)), st.lists(st.text(), min_size=1, max_size=2)))
def test_whatever_an_address_says_a_choice_comes_out_that_stays(address):
    known = replace(FULL, classes=1000, best=5)
    choice = settle(read_address(address)[0], None, known)
    assert settle(choice, None, known) == choice
    assert settle(choice, Settled(choice, known), known) == choice
    assert None not in (choice.network, choice.layers, choice.layer, choice.depth, choice.beside_photo)
    written = write_address(choice.values, find_defaults(choice, known))
    read = settle(read_address(written)[0], None, known)
    # Of a comparison that is not in use the choices are the visitor's own, and do not travel.
    unused = {f"beside_{kind}": None for kind in ("photo", "network", "aggregation") if kind != choice.beside}
    assert read.change(unused) == choice.change(unused)


def test_what_a_link_gave_and_does_not_get_is_named():
    asked = wish(network="own", layers=("conv5_3", "conv1_1"), point=(900, 900), colors="greys")
    settled = settle(asked, None, FULL)
    assert list_given_up(asked, {"network", "layers", "point", "colors"}, settled) == ["network", "point"]
    assert list_given_up(asked, {"colors"}, settled) == []


def test_what_is_not_compared_stays_with_the_visitor_and_out_of_the_address():
    asked = wish(photo="rocket", beside="photo", beside_photo="brick")
    before = Settled(settle(asked, None, FULL), FULL)
    for beside, travels in (("none", {}), ("photo", {"beside": ["photo"], "beside_photo": ["brick"]})):
        choice = settle(before.choice.change({"beside": beside}), before, FULL)
        assert choice.beside_photo == "brick"
        assert write_address(choice.values, find_defaults(choice, FULL)) == {"photo": ["rocket"]} | travels
        before = Settled(choice, FULL)
