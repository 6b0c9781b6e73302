import itertools

import numpy as np
import pytest

from viz.maps.cells import Cells, name_pixel, read_at
from viz.maps.coarsen import average_over

HEATMAP = np.array([[1, 2], [3, 4]], dtype=np.float32)
COARSE = Cells(0, 0, 4, 4)


def test_a_finer_grid_reads_each_cell_several_times():
    there = read_at(HEATMAP, COARSE, Cells(0, 0, 2, 2), (4, 4))
    np.testing.assert_array_equal(there, np.kron(HEATMAP, np.ones((2, 2))))


def test_a_coarser_or_shifted_grid_reads_what_lies_in_the_middle_of_its_cells():
    assert read_at(HEATMAP, COARSE, Cells(0, 0, 8, 8), (1, 1)) == [[4]]
    # Middles at -2, 2, 6 and 10: outside of the map its outermost cells go on.
    np.testing.assert_array_equal(read_at(HEATMAP, COARSE, Cells(-4, 0, 4, 8), (1, 4)), [[3, 3, 4, 4]])


def test_every_cell_of_the_same_grid_reads_itself():
    np.testing.assert_array_equal(read_at(HEATMAP, COARSE, COARSE, HEATMAP.shape), HEATMAP)


# Cells of whole pixels that begin before the picture, end in it, or lie wholly outside; [h, w] is (3, 4).
GRIDS = [Cells(0, 0, 4, 4), Cells(-3, -2, 5, 4), Cells(2, 1, 3, 3), Cells(-9, 0, 4, 9)]


def list_pixels(cells, row, column, height, width):
    """The pixels of a cell, one by one."""
    left, top, right, bottom = cells.outline(row, column)
    return [
        (y, x) for y, x in np.ndindex(height, width) if left <= x + 0.5 < right and top <= y + 0.5 < bottom
    ]


@pytest.mark.parametrize("cells", GRIDS)
def test_a_picture_is_averaged_over_the_pixels_of_each_cell(cells):
    pixels = np.random.default_rng(0).random((12, 16))
    means = average_over(pixels, cells, (3, 4))
    for row, column in np.ndindex(3, 4):
        inside = list_pixels(cells, row, column, *pixels.shape)
        if inside:
            assert means[row, column] == pytest.approx(np.mean([pixels[place] for place in inside]))
            assert {cells.find(x + 0.5, y + 0.5, (3, 4)) for y, x in inside} == {(row, column)}
    assert np.isfinite(means).all()


def test_a_cell_that_cuts_a_pixel_has_its_share():
    assert average_over([[0.0, 2.0, 6.0]], Cells(-0.5, 0, 2, 1), (1, 2)) == pytest.approx(
        np.array([[(0 + 0.5 * 2) / 1.5, (0.5 * 2 + 6) / 1.5]])
    )


def test_a_merged_grid_holds_its_cells():
    cells = Cells(-3, 1, 2, 4)
    left, top, _, _ = cells.outline(2, 3)
    _, _, right, bottom = cells.outline(3, 5)
    assert cells.merge(2, 3).outline(1, 1) == (left, top, right, bottom)


def test_the_number_of_a_place_is_in_its_cell():
    assert [name_pixel(middle) for middle in (136.5, 136.0, 135.6, 135.5)] == [136, 136, 136, 135]
    for cells, column in itertools.product(GRIDS, range(4)):
        left, _, right, _ = cells.outline(0, column)
        assert cells.find(name_pixel((left + right) / 2), 0, (3, 4))[1] == column
