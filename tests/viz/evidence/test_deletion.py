import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image
from scipy import ndimage

from viz.evidence import deletion
from viz.evidence.class_maps import class_maps
from viz.evidence.deletion import (
    CURVE,
    PLACES,
    Deletion,
    Effect,
    Outcome,
    blur_picture,
    choose_places,
    erase,
    list_deletions,
    mask_brightest,
    mask_disc,
    measure_lit,
    run_deletions,
    spread_over_picture,
    summarize,
)
from viz.evidence.predict import predict
from viz.maps.cells import Cells, lay_cells
from viz.networks.catalogue import load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image


def test_a_map_is_spread_linearly_between_the_middles_of_its_cells():
    # Cells of 4 pixels, their middles at 2 and 6: pixel middles lie an eighth, three eighths ... between.
    spread = spread_over_picture([[0.0, 8.0], [0.0, 8.0]], Cells(0, 0, 4, 4), 8, 8)
    assert spread[0].tolist() == spread[7].tolist() == [0, 0, 1, 3, 5, 7, 8, 8]
    down = spread_over_picture([[0.0], [8.0]], Cells(0, 0, 8, 4), 8, 8)
    assert down[:, 0].tolist() == down[:, 7].tolist() == [0, 0, 1, 3, 5, 7, 8, 8]


def test_a_map_lies_where_its_cells_lie():
    # The first middle lies at pixel 3 + 2 / 2.
    spread = spread_over_picture([[0.0, 2.0]], Cells(3, 0, 2, 1), 1, 8)
    assert spread[0].tolist() == [0, 0, 0, 0, 0.5, 1.5, 2, 2]


def test_a_map_of_pixels_is_spread_as_it_is():
    values = np.random.default_rng(0).random((5, 7))
    np.testing.assert_array_equal(spread_over_picture(values, Cells(0, 0, 1, 1), 5, 7), values)


def test_a_mask_has_the_brightest_pixels():
    values = np.array([[1.0, 3.0, 3.0], [2.0, 3.0, 0.0]])
    assert mask_brightest(values, 3 / 6).tolist() == [[False, True, True], [False, True, False]]
    assert mask_brightest(values, 4 / 6).tolist() == [[False, True, True], [True, True, False]]
    assert not mask_brightest(values, 0).any() and mask_brightest(values, 1).all()
    assert (values[mask_brightest(values, 2 / 6)] == 3).all()


def test_pixels_that_a_map_does_not_light_are_erased_here_and_there():
    values = np.zeros((40, 40))
    values[20:24, 20:24] = 1
    mask = mask_brightest(values, 0.2)
    assert mask[20:24, 20:24].all()
    assert mask.any(axis=1).all() and mask.any(axis=0).all()  # and not as a strip at the top
    np.testing.assert_array_equal(mask, mask_brightest(values, 0.2))


@pytest.mark.parametrize("share", [0, 0.1, 0.2, 0.333, 0.5, 0.9, 1])
def test_a_mask_has_exactly_its_share_of_the_pixels(share):
    assert mask_brightest(np.zeros((23, 31)), share).sum() == round(share * 23 * 31)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_other_shares_are_refused(share):
    with pytest.raises(ValueError, match="expected a share from 0 to 1"):
        mask_brightest(np.zeros((2, 2)), share)


def overlap_by_hand(mask, down, across):
    """What a moved mask shares with itself, pixel by pixel."""
    height, width = mask.shape
    places = {(row, column) for row, column in zip(*mask.nonzero(), strict=True)}
    moved = {((row + down) % height, (column + across) % width) for row, column in places}
    return len(moved & places) / len(places)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.3])
def test_the_other_places_overlap_the_mask_by_a_quarter_at_most(share):
    values = np.random.default_rng(1).normal(size=(40, 52))
    for sigma in (0, 3, 9):  # from pixels here and there to one region
        mask = mask_brightest(ndimage.gaussian_filter(values, sigma), share)
        places = choose_places(mask)
        assert len(places) == len({place[:2] for place in places}) == PLACES == 19
        for down, across, overlap in places:
            assert overlap == overlap_by_hand(mask, down, across)
        # By chance pixels here and there overlap by their share, so that above a quarter there is no room.
        assert max(overlap for *_, overlap in places) <= (0.25 if sigma or share < 0.25 else 0.3)
        assert places == choose_places(mask)


def test_where_there_is_no_room_the_places_are_those_that_overlap_least():
    mask = np.zeros((20, 20), dtype=bool)
    mask[:, :16] = True  # moved by four to sixteen columns it leaves four of them, by fewer less
    places = choose_places(mask)
    assert {overlap for *_, overlap in places} == {0.75}
    assert {across for _, across, _ in places} <= set(range(4, 17))
    assert len({down for down, *_ in places}) > 5  # drawn from all of these
    assert len(choose_places(mask_brightest(np.arange(25.0).reshape(5, 5), 0.2))) == PLACES


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_the_disc_lies_in_the_middle_and_has_the_masks_area(share):
    height, width = 41, 60
    disc = mask_disc(height, width, share)
    assert disc.sum() == round(share * height * width)
    down, across = np.mgrid[:height, :width]
    distances = np.hypot(down - 20, across - 29.5)
    assert distances[disc].max() <= distances[~disc].min() + 1e-9
    np.testing.assert_array_equal(mask_disc(3, 5, 5 / 15).nonzero(), [[0, 1, 1, 1, 2], [2, 1, 2, 3, 2]])


def test_a_blur_is_the_gaussian_of_each_colour():
    pixels = np.zeros((41, 41, 3), dtype=np.uint8)
    pixels[20, 20] = (255, 0, 128)
    blurred = blur_picture(pixels, sigma=1)
    kernel = np.exp(-(np.arange(-20, 21) ** 2) / 2)
    kernel /= kernel.sum()
    expected = np.rint(np.outer(kernel, kernel)[..., None] * pixels[20, 20])
    assert np.abs(blurred.astype(int) - expected).max() <= 1
    assert blurred[20, 20].tolist() == [41, 0, 20]
    assert blurred.dtype == np.uint8
    same = np.full((10, 12, 3), 77, dtype=np.uint8)
    np.testing.assert_array_equal(blur_picture(same), same)
    assert not np.array_equal(pixels, blurred)


def test_an_erased_picture_is_blurred_within_its_mask_alone():
    pixels, blurred = np.zeros((3, 6, 3), dtype=np.uint8), np.full((3, 6, 3), 9, dtype=np.uint8)
    mask = mask_brightest(np.arange(18.0).reshape(3, 6), 6 / 18)
    assert erase(pixels, blurred, mask)[..., 0].tolist() == [[0] * 6, [0] * 6, [9] * 6]


@pytest.fixture
def seen(monkeypatch):
    """The pictures that a network is asked about, of which each gets an answer by chance of its own."""
    pictures = []

    def answer(network, batch):
        pictures.append(batch)
        return np.array([np.random.default_rng(zlib.crc32(batch.tobytes())).random()])

    monkeypatch.setattr(deletion, "compute_probabilities", answer)
    return pictures


NOBODY = SimpleNamespace(to_batch=np.array)


def test_each_pass_sees_what_its_name_says(seen):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 30, 3), dtype=np.uint8)
    values = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(24, 30)), 4)
    found = dict(run_deletions(NOBODY, pixels, 0, values, list_deletions("map", 0.2)))
    pictures, blurred = dict(zip(found, seen, strict=True)), blur_picture(pixels)
    mask = mask_brightest(values, 0.2)
    np.testing.assert_array_equal(pictures[Deletion(None, 0)], pixels)
    np.testing.assert_array_equal(pictures[Deletion(None, 1)], blurred)
    disc = np.where(mask_disc(24, 30, 0.2)[..., None], blurred, pixels)
    np.testing.assert_array_equal(pictures[Deletion(None, 0.2)], disc)
    np.testing.assert_array_equal(pictures[Deletion("map", 0.2)], erase(pixels, blurred, mask))
    for place, (down, across, overlap) in enumerate(choose_places(mask), start=1):
        moved = np.roll(np.roll(mask, down, axis=0), across, axis=1)
        np.testing.assert_array_equal(pictures[Deletion("map", 0.2, place)], erase(pixels, blurred, moved))
        assert found[Deletion("map", 0.2, place)].overlap == overlap
    effect = summarize("map", 0.2, found)
    assert effect.overlap == max(overlap for *_, overlap in choose_places(mask))


def test_a_network_that_answers_by_chance_falls_most_at_one_map_in_twenty(seen):
    generator, wins, maps = np.random.default_rng(2), 0, 1000
    pixels = generator.integers(0, 256, (16, 20, 3), dtype=np.uint8)
    places = [deletion for deletion in list_deletions("map", 0.2) if deletion.name and deletion.share == 0.2]
    for _ in range(maps):
        values = ndimage.gaussian_filter(generator.normal(size=(16, 20)), 3)
        after, *others = (found.probability for _, found in run_deletions(NOBODY, pixels, 0, values, places))
        assert len(others) == PLACES
        wins += Effect(1, after, tuple(others), 1, 0, ()).beaten == PLACES
    assert abs(wins / maps - 1 / 20) < 3 * (0.05 * 0.95 / maps) ** 0.5


def test_what_a_map_lights_is_what_lies_above_its_lowest_value():
    assert measure_lit(np.array([[0, 0, 0, 1], [0, 2, 0, 0]])) == 0.25
    assert measure_lit(np.full((3, 3), 7.0)) == 0


def test_no_pass_is_made_twice():
    deletions, same = list_deletions("first", 0.2), {Deletion(None, share) for share in (0, 0.2, 1)}
    # Three that no map changes; then twenty places and nine shares, of which one is the same.
    assert len(deletions) == len(set(deletions)) == 3 + 20 + 9 - 1
    assert set(deletions) & set(list_deletions("second", 0.2)) == same
    assert len(list_deletions("first", 0.25)) == 3 + 20 + 9
    assert set(list_deletions("first", 1)) == {Deletion(None, 0), Deletion(None, 1)} | {
        Deletion("first", share) for share in CURVE[1:-1]
    }


def test_the_area_is_that_of_trapezoids():
    curve = (1.0, *[0.5] * 9, 0.0)
    assert Effect(1, 0.5, (), 1, 0, curve).area == pytest.approx(0.1 * (0.75 + 8 * 0.5 + 0.25))
    assert Effect(1, 1, (), 1, 0, (1.0,) * 11).area == pytest.approx(1)


def test_equal_falls_are_no_larger_ones():
    effect = Effect(0.9, 0.5, (0.6, 0.5, 0.4), 0.5, 0, ())
    assert (effect.beaten, effect.beats_disc) == (1, False)


def test_a_probability_that_rises_has_fallen_more_than_nowhere():
    effect = Effect(0.4, 0.5, (0.6, 0.7), 0.8, 0, ())
    assert (effect.beaten, effect.beats_disc) == (0, False)


def test_passes_are_put_together():
    deletions = [*list_deletions("map", 0.2), Deletion("other", 0.2)]
    found = {deletion: Outcome(float(number), number / 100) for number, deletion in enumerate(deletions)}
    effect = summarize("map", 0.2, found)
    # Nothing, all and the disc come first; then the map's place, and the others.
    assert (effect.before, effect.disc, effect.after) == (0, 2, 3)
    assert effect.elsewhere == tuple(range(4, 23)) and effect.overlap == 0.22
    # 0.2 was made with the places.
    assert effect.curve == (0, 23, 3, 24, 25, 26, 27, 28, 29, 30, 1)


def test_erasing_the_cup_costs_the_espresso_more_than_19_places_and_the_disc():
    lite0 = load_network("efficientnet_lite0")
    photo = frame_image(read_image((ROOT / "assets" / "images" / "coffee.png").read_bytes()), "crop")
    pixels, batch = np.array(photo), lite0.to_batch(photo)
    best, layer = predict(lite0, batch)[0], lite0.layers[-1]
    values = class_maps(lite0, batch, best.index)[layer.name]
    spread = spread_over_picture(values, lay_cells(layer, values.shape, 224, 224), 224, 224)
    deletions = list_deletions(layer.name, 0.2)
    found = dict(run_deletions(lite0, pixels, best.index, spread, deletions))
    effect = summarize(layer.name, 0.2, found)
    assert list(found) == deletions
    assert effect.before == pytest.approx(best.probability)
    assert effect.beaten == PLACES and effect.beats_disc and effect.overlap <= 0.25
    # The picture that is blurred by another way of computing.
    mask = mask_brightest(spread, 0.2)
    channels = [
        ndimage.gaussian_filter(pixels[..., color].astype(float), 10, mode="nearest") for color in range(3)
    ]
    erased = np.where(mask[..., None], np.stack(channels, axis=-1).round(), pixels).astype(np.uint8)
    again = predict(lite0, lite0.to_batch(Image.fromarray(erased)), count=1000)
    assert effect.after == pytest.approx(
        next(found.probability for found in again if found.index == best.index), abs=1e-3
    )
