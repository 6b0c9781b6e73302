import numpy as np
import pytest
from conftest import ROOT
from PIL import Image
from scipy import ndimage

from viz.evidence.class_maps import class_maps
from viz.evidence.deletion import (
    CURVE,
    SHIFTS,
    Deletion,
    Effect,
    blur_picture,
    delete_cells,
    list_deletions,
    mask_brightest,
    measure_lit,
    run_deletions,
    shift_mask,
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


def test_eight_shifts_and_none_put_a_pixel_into_each_of_nine_fields():
    mask = np.zeros((9, 12), dtype=bool)
    mask[8, 11] = True
    places = [
        tuple(int(index[0]) for index in shift_mask(mask, shift).nonzero()) for shift in range(len(SHIFTS))
    ]
    assert places[0] == (8, 11)
    assert sorted(places) == [(row, column) for row in (2, 5, 8) for column in (3, 7, 11)]


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
    values = np.arange(18.0).reshape(3, 6)
    erased = delete_cells(pixels, blurred, values, Deletion("map", 6 / 18))
    assert erased[..., 0].tolist() == [[0] * 6, [0] * 6, [9] * 6]
    down = SHIFTS.index((1 / 3, 0.0))
    shifted = delete_cells(pixels, blurred, values, Deletion("map", 6 / 18, down))
    assert shifted[..., 0].tolist() == [[9] * 6, [0] * 6, [0] * 6]
    assert delete_cells(pixels, blurred, values, Deletion(None, 0)) is pixels
    assert delete_cells(pixels, blurred, values, Deletion(None, 1)) is blurred


def test_what_a_map_lights_is_what_lies_above_its_lowest_value():
    assert measure_lit(np.array([[0, 0, 0, 1], [0, 2, 0, 0]])) == 0.25
    assert measure_lit(np.full((3, 3), 7.0)) == 0


def test_no_pass_is_made_twice():
    deletions = list_deletions("first", 0.2)
    # Two that no map changes; then nine places and nine shares, of which one is the same.
    assert len(deletions) == len(set(deletions)) == 2 + 9 + 9 - 1
    assert set(deletions) & set(list_deletions("second", 0.2)) == {Deletion(None, 0), Deletion(None, 1)}
    assert len(list_deletions("first", 0.25)) == 2 + 9 + 9
    assert set(list_deletions("first", 1)) == {Deletion(None, 0), Deletion(None, 1)} | {
        Deletion("first", share) for share in CURVE[1:-1]
    }


def test_the_area_is_that_of_trapezoids():
    curve = (1.0, *[0.5] * 9, 0.0)
    assert Effect(1, 0.5, (), curve).area == pytest.approx(0.1 * (0.75 + 8 * 0.5 + 0.25))
    assert Effect(1, 1, (), (1.0,) * 11).area == pytest.approx(1)


def test_passes_are_put_together():
    deletions = [*list_deletions("map", 0.2), Deletion("other", 0.2)]
    found = {deletion: float(number) for number, deletion in enumerate(deletions)}
    effect = summarize("map", 0.2, found)
    assert (effect.before, effect.after) == (0, 2)
    assert effect.shifted == tuple(range(3, 11))
    # 0 and 1 come first; 0.2 was made with the shifts.
    assert effect.curve == (0, 11, 2, 12, 13, 14, 15, 16, 17, 18, 1)


def test_erasing_the_cup_costs_the_espresso_more_than_erasing_as_much_elsewhere():
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
    assert effect.after < min(effect.shifted)
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
