"""What filters that nobody trained make of a photograph: the plainest answer to "does it follow edges?"."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from viz.maps.cells import lay_cells
from viz.maps.coarsen import Array, average_over, read_finite
from viz.measures.metrics import measure_edges
from viz.networks.layers import Layer


def measure_curvature(luma: ArrayLike) -> Array:
    """Magnitude of the Laplacian, [H, W] -> [H, W]; beyond the picture's edge its last pixels go on."""
    from scipy import ndimage  # takes a while to import

    curvature: Array = np.abs(ndimage.laplace(read_finite(luma, "a luma"), mode="nearest"))
    return curvature


FILTERS: dict[str, Callable[[ArrayLike], Array]] = {"sobel": measure_edges, "laplacian": measure_curvature}


def apply_filters(
    luma: Array, layers: Sequence[Layer], shapes: Sequence[tuple[int, int]]
) -> dict[str, list[Array]]:
    """The filters' maps of a photograph's luma [H, W], averaged to each layer's grid of this shape."""
    cells = [lay_cells(layer, shape, *luma.shape) for layer, shape in zip(layers, shapes, strict=True)]
    return {
        name: [average_over(found, at, shape) for at, shape in zip(cells, shapes, strict=True)]
        for name, found in ((name, filter_luma(luma)) for name, filter_luma in FILTERS.items())
    }
