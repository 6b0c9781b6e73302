"""Patches pasted at known places, and how far from there the cells of each layer are drawn that answer.

It is a second way to find what `viz.networks.placement` finds; see `benchmarks/placement.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from viz.maps.cells import lay_cells
from viz.maps.one_pass import run_pass
from viz.networks.layers import Layer
from viz.networks.network import Network

# Height and width in pixels, as the page frames pictures for networks with strides of 16 and 32.
SIZES = (
    *((224, 224), (256, 256), (288, 288), (320, 320), (352, 352), (384, 384)),
    *((224, 320), (320, 224), (224, 352), (416, 224), (256, 384), (160, 576)),
)
PATCH = 32  # pixels a side
REACH = 1 / 6  # of the places from the middle of the picture, as a share of its sides
# Where the middle of an answer follows the patch by less, cells answer to places anywhere in the picture.
LEAST_FOLLOWED = 0.5
CORNERS = np.array(list(product((-1, 1), (-1, 1))))

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """What the layers of a network answer to four patches in a picture of this height and width.

    Attributes:
        places: Middles of the patches across and down, in pixels, [4, 2].
        shapes: Rows and columns of each layer's map.
        middles: Of each layer's answers, in cells across and down, [4, 2].
    """

    height: int
    width: int
    places: Array
    shapes: dict[str, tuple[int, ...]]
    middles: dict[str, Array]


def paste(network: Network, height: int, width: int) -> Answers:
    """Paste patches of noise into a grey picture, one a pass."""
    random, grey = np.random.default_rng(1), np.full((height, width, 3), 128, np.uint8)
    before = _run(network, grey)
    middles: dict[str, list[tuple[float, float]]] = {name: [] for name in before}
    edges = np.rint(np.array([width, height]) * (0.5 + REACH * CORNERS) - PATCH / 2).astype(int)
    for left, top in edges:
        pixels = grey.copy()
        pixels[top : top + PATCH, left : left + PATCH] = random.integers(0, 256, (PATCH, PATCH, 3))
        for name, signal in _run(network, pixels).items():
            change = (signal - before[name]).abs().sum(dim=0).double().numpy()
            rows, columns = np.indices(change.shape) + 0.5
            total = change.sum()
            middles[name].append(((columns * change).sum() / total, (rows * change).sum() / total))
    shapes = {name: tuple(signal.shape[1:]) for name, signal in before.items()}
    return Answers(height, width, edges + PATCH / 2, shapes, {k: np.array(v) for k, v in middles.items()})


def find_distances(layers: Sequence[Layer], answers: Answers) -> dict[str, float]:
    """By each layer's name, how far its map is drawn from where it answers, across or down, in pixels.

    Layers are left out whose answers do not follow the patches.
    """
    found = {}
    for layer in layers:
        shape = answers.shapes[layer.name]
        cells = lay_cells(layer, shape, answers.height, answers.width)
        corner, pitch = np.array([cells.left, cells.top]), np.array([cells.width, cells.height])
        drawn, centre = corner + answers.middles[layer.name] * pitch, corner + pitch * shape[::-1] / 2
        followed = (CORNERS * drawn).sum(axis=0) / (CORNERS * answers.places).sum(axis=0)
        # An answer that is spread over the map draws its middle to that of the map.
        away = centre - answers.places.mean(axis=0) + (drawn.mean(axis=0) - centre) / followed
        if followed.min() >= LEAST_FOLLOWED:
            found[layer.name] = float(np.abs(away).max())
    return found


def _run(network: Network, pixels: NDArray[np.uint8]) -> dict[str, torch.Tensor]:
    """What each layer gives before its activation, [C, h, w], by name."""
    maps: dict[str, torch.Tensor] = {}

    def keep(layer: Layer, side: str, signal: torch.Tensor) -> None:
        if side == "pre":
            maps[layer.name] = signal[0].clone()

    with torch.inference_mode():
        run_pass(network, network.to_batch(Image.fromarray(pixels)), keep)
    return maps
