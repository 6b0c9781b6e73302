import numpy as np
import pytest
from conftest import read_pixels

from viz.paint import SHADES, make_palette, paint_map, paint_scale

RED_TO_YELLOW = make_palette([0, 0.5, 1], [(0, 0, 0), (1, 0, 0), (1, 1, 0)])


def test_a_palette_blends_between_its_colours():
    assert RED_TO_YELLOW.shape == (SHADES, 3)
    assert [RED_TO_YELLOW[place].tolist() for place in (0, 64, 255)] == [
        [0, 0, 0],
        [128, 0, 0],
        [255, 255, 0],
    ]


def test_a_cell_is_a_pixel_and_the_ends_are_the_limits():
    pixels = read_pixels(paint_map(np.array([[-2, 0, 2], [-9, 1, 9]], np.float32), -2, 2, RED_TO_YELLOW))
    assert pixels.shape == (2, 3, 3)
    assert pixels[0, 0].tolist() == pixels[1, 0].tolist() == [0, 0, 0]
    assert pixels[0, 2].tolist() == pixels[1, 2].tolist() == [255, 255, 0]
    np.testing.assert_allclose(pixels[0, 1], [255, 0, 0], atol=2)
    np.testing.assert_allclose(pixels[1, 1], [255, 128, 0], atol=2)


def test_every_shade_is_the_nearest():
    values = np.random.default_rng(3).uniform(-1, 3, (40, 50)).astype(np.float32)
    pixels = read_pixels(paint_map(values, -1, 3, make_palette([0, 1], [(0, 0, 0), (1, 1, 1)])))
    np.testing.assert_allclose(pixels[..., 0], (values + 1) / 4 * 255, atol=0.5001)


@pytest.mark.parametrize("largest", [1e-38, 3e38])
def test_extreme_values_are_painted(largest):
    values = np.array([[-largest, 0, largest]], np.float32)
    pixels = read_pixels(paint_map(values, float(values.min()), float(values.max()), RED_TO_YELLOW))
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[0, 2].tolist() == [255, 255, 0]


def test_a_scale_is_painted_from_left_to_right():
    np.testing.assert_array_equal(read_pixels(paint_scale(RED_TO_YELLOW)), RED_TO_YELLOW[np.newaxis])
