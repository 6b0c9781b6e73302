"""What in fact moves a cell of a map, and the cell from the pixels that it sees alone."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.evidence.receptive_fields import receptive_field_box
from viz.maps.aggregations import get_aggregation
from viz.maps.one_pass import run_pass
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

    Args:
        network: Left as it is.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].
        layer: Name of one whose receptive field is known.
        row: Of the cell, counted from 0.
        column: Of the cell, counted from 0.
        side: "pre" or "post" the activation.
        aggregation: Key of `AGGREGATIONS`: the value is what it makes of the cell's channels.
        channel: The channel that stands for "strongest"; which one that is only the whole map can tell.

    Returns:
        float32 [H, W]: Euclidean length of the gradient over the three colours, in units of the value per
        unit of the network's normalised input. Zero outside of `receptive_field_box`.

    Raises:
        ValueError: The layer or the aggregation is unknown, or the layer's map has no such cell.
    """
    height, width = batch.shape[2:]
    aggregate = get_aggregation(aggregation)
    pixels, (left, top, right, bottom) = _cut_out(network, batch, layer, row, column)
    pixels = pixels.detach().clone().requires_grad_()
    with torch.enable_grad():
        vector = _run_cut(network, pixels, layer, (row, column), side, (left, top))
        value = vector[channel] if aggregation == "strongest" else aggregate(vector[:, None, None]).sum()
        (gradient,) = torch.autograd.grad(value, pixels)
    field = np.zeros((height, width), dtype=np.float32)
    # The slope of a standard deviation of equal numbers is not defined; there is no response to move.
    field[top:bottom, left:right] = torch.nan_to_num(gradient[0].norm(dim=0), nan=0.0).cpu().numpy()
    return field


def compute_vector(
    network: Network, batch: Tensor, layer: str, row: int, column: int, side: str
) -> NDArray[np.float32]:
    """The channels of one cell, float32 [C], from the pixels that it sees alone.

    Arguments and what is raised are those of `effective_receptive_field`.
    """
    pixels, (left, top, _, _) = _cut_out(network, batch, layer, row, column)
    with torch.inference_mode():
        vector = _run_cut(network, pixels, layer, (row, column), side, (left, top))
    values: NDArray[np.float32] = vector.cpu().numpy()
    return values


def _cut_out(network: Network, batch: Tensor, layer: str, row: int, column: int) -> tuple[Tensor, Box]:
    """The pixels that a cell sees, begun where pooling's pairs begin, which it counts from the edge."""
    place = network.find_layer(layer)
    left, top, right, bottom = receptive_field_box(place, row, column, *batch.shape[2:])
    left, top = left // place.stride * place.stride, top // place.stride * place.stride
    return batch[:, :, top:bottom, left:right], (left, top, right, bottom)


def _run_cut(
    network: Network, pixels: Tensor, layer: str, cell: tuple[int, int], side: str, corner: tuple[int, int]
) -> Tensor:
    """The channels [C] of a cell, of a picture that was cut out at `corner` (left, top)."""
    stride = network.find_layer(layer).stride
    row, column = cell[0] - corner[1] // stride, cell[1] - corner[0] // stride
    found: list[Tensor] = []

    def keep(seen: Layer, at: str, signal: Tensor) -> None:
        if (seen.name, at) == (layer, side):
            found.append(signal[0, :, row, column].clone())

    run_pass(network, pixels, keep, last=(layer, side))
    return found[0]
