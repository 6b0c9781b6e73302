"""What stands under a layer in a comparison, and which of its values can be compared. No page is needed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from opened import LITE0

from page.choice.choice import DEFAULT
from page.subject.comparison import Comparison
from page.subject.network import ShownNetwork
from viz.networks.catalogue import find_network, load_network
from viz.networks.vgg16 import LAYERS

VGG16 = ShownNetwork(find_network("vgg16"), LAYERS)


@pytest.fixture(scope="module")
def lite0():
    return ShownNetwork(find_network(LITE0), load_network(LITE0).layers)


def compare(first, second, side="post", other_side="post", model=None, not_finite=(), aggregation="mean"):
    """A comparison of two networks, of which only the layers count here."""
    choice = DEFAULT.change({"side": side})
    known = SimpleNamespace(layers=first.layers)
    subject = SimpleNamespace(network=first, choice=choice, measured=first.list_measured(side), known=known)
    maps = SimpleNamespace(not_finite=not_finite, strongest_channel=lambda name, side: 3)
    return Comparison("", subject, None, second, model or second.model, maps, other_side, aggregation)


def test_the_same_architecture_pairs_each_layer_with_itself():
    for model in (VGG16.model, VGG16.untrained):
        comparison = compare(VGG16, VGG16, model=model)
        assert comparison.is_same_architecture
        assert comparison.pair(LAYERS) == {layer.name: layer for layer in LAYERS}
        assert comparison.pair_measured() == {layer.name: layer for layer in LAYERS}


def test_another_architecture_is_paired_by_depth(lite0):
    comparison = compare(VGG16, lite0)
    assert not comparison.is_same_architecture
    partners = list(comparison.pair(LAYERS).values())
    assert (partners[0], partners[-1]) == (lite0.layers[0], lite0.layers[-1])
    measured = comparison.pair_measured()
    assert list(measured) == VGG16.names
    # Of the layers that have the side, and the deepest stands beside the deepest.
    assert set(measured.values()) < set(lite0.list_measured("post"))
    assert measured["conv5_3"].name == "conv_head"


def test_layers_without_the_other_side_have_no_partner(lite0):
    comparison = compare(lite0, lite0, side="pre", other_side="post")
    assert list(comparison.pair_measured()) == [layer.name for layer in lite0.layers if len(layer.sides) == 2]
    assert len(comparison.pair_measured()) == 33 < len(lite0.layers) == 49


def test_true_values_are_compared_of_one_network_side_aggregation_and_channel(lite0):
    (layer,) = (layer for layer in VGG16.layers if layer.name == "conv3_1")
    first = SimpleNamespace(strongest_channel=lambda name, side: 3)

    def shares(*networks, partner=layer, mine=layer, **how):
        return compare(*networks, **how).shares_values(first, mine, partner)

    assert shares(VGG16, VGG16)
    assert shares(VGG16, VGG16, model=replace(VGG16.model, reflects=True))
    assert not shares(VGG16, VGG16, side="post", other_side="pre")
    assert not shares(VGG16, VGG16, model=VGG16.untrained)
    assert not shares(VGG16, VGG16, aggregation="max")
    assert not shares(VGG16, lite0, partner=lite0.layers[0])
    # A layer without an activation shows its output on either side.
    bare = replace(layer, activation=None)
    assert shares(VGG16, VGG16, side="post", other_side="pre", mine=bare, partner=bare)


def test_what_is_not_finite_is_nobodys_partner_and_leaves_the_others_theirs(lite0):
    for second in (VGG16, lite0):
        whole = compare(VGG16, second)
        broken = [whole.pair(LAYERS)["conv3_1"].name, whole.pair_measured()["conv3_1"].name]
        without = compare(VGG16, second, not_finite=broken)
        for pairs, left in (
            (whole.pair(LAYERS), without.pair(LAYERS)),
            (whole.pair_measured(), without.pair_measured()),
        ):
            assert left == {name: layer for name, layer in pairs.items() if layer.name not in broken}
            assert "conv3_1" in pairs and "conv3_1" not in left
