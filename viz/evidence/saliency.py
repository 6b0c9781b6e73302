"""What in fact moves a cell of a map, and the cell from the pixels that it sees alone."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.evidence.receptive_fields import receptive_field_box
from viz.maps.aggregations import get_aggregation
from viz.maps.one_pass import Result, run_or_fall_back, run_pass
from viz.networks.errors import NetworkError
from viz.networks.layers import Layer
from viz.networks.network import Network
from viz.pictures.frame import Box


def effective_receptive_field(
    network: Network,
    batch: Tensor,
    layer: str,
    row: int,
    column: int,
    side: str = "post",
    aggregation: str = "mean",
    channel: int = 0,
) -> NDArray[np.float32]:
    """How strongly each input pixel in fact moves a cell's value: the size of the input gradient there.

    This is the effective receptive field of Luo et al., https://arxiv.org/abs/1701.04128, of one picture and
    not of an average over many. Only the pixels that the cell sees go through the network: all cells that
    influence it are computed from these alone, so the result is that of the whole picture.

    The value is what the aggregation makes of the cell's channels; `channel` stands for "strongest": which
    one that is only the whole map can tell. Network and batch are as for `extract_heatmaps`.

    Returns:
        [H, W]: Euclidean length of the gradient over the three colours, in units of the value per unit of the
        network's normalised input. Zero outside of `receptive_field_box`, where that is known.
    """
    aggregate = get_aggregation(aggregation)

    def reduce(vector: Tensor) -> Tensor:
        return vector[channel] if aggregation == "strongest" else aggregate(vector[:, None, None]).sum()

    place = network.find_layer(layer)
    side = place.pick_side(side)
    return run_or_fall_back(
        network, lambda chosen: _follow(chosen, batch, place, (row, column), side, reduce)
    )


def _follow(
    network: Network,
    batch: Tensor,
    layer: Layer,
    cell: tuple[int, int],
    side: str,
    reduce: Callable[[Tensor], Tensor],
) -> NDArray[np.float32]:
    def follow(pixels: Tensor, box: Box) -> NDArray[np.float32]:
        left, top, right, bottom = box
        with torch.inference_mode(False), torch.enable_grad():
            pixels = pixels.detach().clone().requires_grad_()
            value = reduce(_run_cut(network, pixels, layer, cell, side, (left, top)))
            if not value.requires_grad:  # a part of the network runs without gradients
                raise NetworkError("no_gradient", layer=layer.name)
            (gradient,) = torch.autograd.grad(value, pixels)
        field = np.zeros(batch.shape[2:], dtype=np.float32)
        # The slope of a standard deviation of equal numbers is not defined; there is no response to move.
        field[top:bottom, left:right] = torch.nan_to_num(gradient[0].norm(dim=0), nan=0.0).cpu().numpy()
        return field

    return _run_on_field(layer, batch, cell, follow)


def compute_vector(
    network: Network, batch: Tensor, layer: str, row: int, column: int, side: str
) -> NDArray[np.float32]:
    """The channels of one cell, float32 [C], where it can be from the pixels that it sees alone.

    Arguments and what is raised are those of `effective_receptive_field`.
    """
    place = network.find_layer(layer)

    def run(chosen: Network) -> Tensor:
        def read(pixels: Tensor, box: Box) -> Tensor:
            with torch.inference_mode():
                return _run_cut(chosen, pixels, place, (row, column), side, box[:2])

        return _run_on_field(place, batch, (row, column), read)

    return run_or_fall_back(network, run).cpu().numpy()


def _run_on_field(
    layer: Layer, batch: Tensor, cell: tuple[int, int], run: Callable[[Tensor, Box], Result]
) -> Result:
    """Run on the pixels that a cell sees, as far as they are known.

    Run on all pixels where the network takes no picture of so few.
    """
    height, width = batch.shape[2:]
    if layer.receptive_field is not None:
        left, top, right, bottom = receptive_field_box(layer, *cell, height, width)
        # Begun where strides begin, which the network counts from the edge.
        left, top = left // layer.stride * layer.stride, top // layer.stride * layer.stride
        pixels = batch[:, :, top:bottom, left:right]
        try:
            return run(pixels, (left, top, right, bottom))
        except NetworkError:
            if pixels.shape == batch.shape:
                raise
    return run(batch, (0, 0, width, height))


def _run_cut(
    network: Network, pixels: Tensor, layer: Layer, cell: tuple[int, int], side: str, corner: tuple[int, int]
) -> Tensor:
    """The channels [C] of a cell, of a picture that was cut out at `corner` (left, top)."""
    row, column = cell[0] - corner[1] // layer.stride, cell[1] - corner[0] // layer.stride
    found: list[Tensor] = []

    def keep(seen: Layer, at: str, signal: Tensor) -> None:
        if (seen, at) == (layer, side):
            found.append(signal[0, :, row, column].clone())

    run_pass(network, pixels, keep, last=(layer.name, side))
    return found[0]
