"""Where the cells of a network's maps lie, by what they answer to.

Padding moves the cells of deep maps by up to half a cell, and training undoes what it learns to undo. So
neither cells that are spread evenly nor the middles of theoretical receptive fields lie where a network's
cells answer: it has to be asked.
"""

from contextlib import suppress
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from viz.networks.calls import Args, Function, Kwargs, Watch
from viz.networks.layers import Call
from viz.networks.network import Network, arrange

GREY = 128
PATCHES = 7
LARGEST_PATCH = 32  # pixels a side
REACH = 0.2  # of the patches from the middle of the picture, as a share of its side
# How far the middle of the answer moves for each pixel that a patch is moved. It is less than 1 where cells
# see more than the picture, since each of them answers to every place then.
LEAST_MOVED, MOST_MOVED = 0.5, 1.5
DOUBT = 0.1  # in what is measured of that

Corner = tuple[float, float]  # left and top
Points = NDArray[np.float64]  # across and down, [n, 2]
Changes = list[NDArray[np.float64]]  # of each cell of a layer, [h, w], for each patch


def place_layers(network: Network) -> Network:
    """The same network, whose layers know where their cells lie on its own weights: `Layer.corner`.

    Patches of noise are pasted into a grey picture, one a pass, and a cell answers by how much its channels
    change. Where the middle of the map answers, there it lies. Layers of one grid get one place: by what they
    differ is less than what patches leave uncertain. Of a plain chain the receptive fields tell.
    """
    layers, size = network.layers, network.size
    if all(layer.windows for layer in layers):
        return network
    places = _choose_places(size)
    found: dict[str, Changes] = {}
    with suppress(Exception):  # one's own network may take no such picture; its cells are spread evenly then
        found = _ask(network, places)
    shapes = {name: changes[0].shape for name, changes in found.items()}
    corners: dict[tuple[int, ...], list[Corner]] = {}
    for layer in layers:
        if layer.name in found and (corner := _find_corner(layer.stride, found[layer.name], places, size)):
            corners.setdefault(shapes[layer.name], []).append(corner)
    middle: dict[tuple[int, ...] | None, Corner] = {
        shape: (round(median(x for x, _ in several), 1), round(median(y for _, y in several), 1))
        for shape, several in corners.items()
    }
    return replace(
        network, layers=tuple(replace(layer, corner=middle.get(shapes.get(layer.name))) for layer in layers)
    )


def _choose_places(size: int) -> Points:
    """Middles of the patches, spread over the middle of a square picture, in whole pixels."""
    spread = np.linspace(-REACH, REACH, PATCHES)
    order = np.random.default_rng(0).permutation(PATCHES)
    return np.round(size * (0.5 + np.stack([spread, spread[order]], axis=1)))


def _ask(network: Network, places: Points) -> dict[str, Changes]:
    """How much each cell of each layer changes with each patch, on a scale of the layer's own."""
    size, random = network.size, np.random.default_rng(0)
    half = max(1, min(LARGEST_PATCH, size // 4) // 2)
    grey = np.full((size, size, 3), GREY, np.uint8)
    before = _run(network, grey)
    found: dict[str, Changes] = {}
    for x, y in places.astype(int):
        pixels = grey.copy()
        patch = pixels[y - half : y + half, x - half : x + half]
        patch[:] = random.integers(0, 256, patch.shape)
        for name, signal in _run(network, pixels).items():
            change = (signal - before[name]).abs()
            # Scaled, so that no square is too large for a number.
            squares = (change / change.amax()).square().sum(dim=0)
            found.setdefault(name, []).append(squares.cpu().numpy().astype(np.float64))
    return found


def _run(network: Network, pixels: NDArray[np.uint8]) -> dict[str, Tensor]:
    """What each layer gives of pixels [H, W, 3], [C, h, w] by the layer's name."""
    batch = arrange(network.to_batch(Image.fromarray(pixels)), network.behaviour.channels_last)
    module, watched = network.open_module(), _Watched(network)
    with torch.inference_mode(), watched:
        module(batch.to(network.device))
    return watched.maps


class _Watched(Watch):
    """Keeps what each layer gives; in `viz.maps`, which is above this, are the passes over photographs."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.device, gradients=False)
        self.maps: dict[str, Tensor] = {}
        self._names: dict[Call | None, str] = {layer.call: layer.name for layer in network.layers}

    def watch(self, name: str, call: Call | None, func: Function, args: Args, kwargs: Kwargs) -> Any:
        output = self.compute(func, args, kwargs)
        if call in self._names:
            self.maps[self._names[call]] = output[0].float().clone()  # what comes behind may overwrite it
        return output


def _find_corner(stride: int, changes: Changes, places: Points, size: int) -> Corner | None:
    """Left and top edge of the first cell; None where answers are not clear, or cells not `stride` apart."""
    rows, columns = changes[0].shape
    corner: list[float] = []
    for count, sums, place in (
        (columns, [change.sum(axis=0) for change in changes], places[:, 0]),
        (rows, [change.sum(axis=1) for change in changes], places[:, 1]),
    ):
        middles = [float(values @ (np.arange(count) + 0.5) / values.sum()) for values in sums]
        if not np.isfinite(middles).all():
            return None
        slope, start = np.polyfit(place, middles, 1)
        moved, as_even = slope * stride, slope * size / count
        is_other = abs(moved - 1) > abs(as_even - 1) + DOUBT  # cells are not a power of two apart
        if is_other or not LEAST_MOVED <= moved <= MOST_MOVED:
            return None
        shift = float((count / 2 - start) / slope - size / 2)
        corner.append((size - stride * count) / 2 + min(max(shift, -stride / 2), stride / 2))
    return corner[0], corner[1]
