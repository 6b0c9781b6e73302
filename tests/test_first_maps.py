"""The file of the maps that a new visitor sees first."""

from dataclasses import replace

import numpy as np
import pytest

from views.address import SAMPLES, SETTINGS
from viz.first_maps import PATH, PHOTO, compute_first_maps, read_first_maps, write_first_maps
from viz.layers import LAYER_NAMES


def test_the_file_holds_what_the_network_gives():
    kept, computed = read_first_maps(), compute_first_maps()
    assert kept.facts == computed.facts
    assert kept.strongest == computed.strongest
    for name in LAYER_NAMES:
        expected = computed.heatmaps[name]
        assert kept.heatmaps[name].dtype == np.float32
        np.testing.assert_allclose(kept.heatmaps[name], expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_it_is_what_a_new_visitor_sees():
    facts = read_first_maps().facts
    assert PHOTO.name == SAMPLES[SETTINGS["photo"].default]
    for name in ("framing", "size", "weights", "side", "aggregation"):
        assert facts[name] == str(SETTINGS[name].default)


def test_what_is_written_is_read(tmp_path):
    first = replace(read_first_maps(), facts={"photo": "none"})
    write_first_maps(first, tmp_path / "maps")
    again = read_first_maps(tmp_path / "maps")
    assert again.facts == {"photo": "none"}
    assert again.strongest == first.strongest
    for name in LAYER_NAMES:
        np.testing.assert_array_equal(again.heatmaps[name], first.heatmaps[name])


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-1], lambda data: b"x" + data])
def test_a_damaged_file_counts_as_missing(tmp_path, damage):
    path = tmp_path / "maps"
    assert read_first_maps(path) is None
    path.write_bytes(damage(PATH.read_bytes()))
    assert read_first_maps(path) is None
