import numpy as np

from viz.maps.cells import Cells, read_at

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
