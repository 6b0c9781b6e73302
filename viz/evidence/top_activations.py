"""The places of pictures where each channel responds most."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import max_pool2d

from viz.evidence.patches import TopActivations
from viz.maps.one_pass import run_or_fall_back, run_pass
from viz.networks.layers import Layer
from viz.networks.network import Network

# Of each picture and channel the largest value in each of these blocks is a candidate.
BLOCKS = 7
CANDIDATES = 48  # a channel, of all pictures; enough to find nine that lie apart


def find_top_activations(network: Network, batches: Iterable[Tensor]) -> dict[str, TopActivations]:
    """Run a network once a picture and find where each channel of a layer responds most, by layer name.

    The values are those after the activation, of the layers that have one.
    """
    pictures = list(batches)
    return run_or_fall_back(network, lambda chosen: _find(chosen, pictures))


def _find(network: Network, batches: Sequence[Tensor]) -> dict[str, TopActivations]:
    found: dict[str, list[list[NDArray[np.float32]]]] = {}
    with torch.inference_mode():
        for number, batch in enumerate(batches):

            def keep(layer: Layer, side: str, signal: Tensor, number: int = number) -> None:
                if side == "post":
                    found.setdefault(layer.name, []).append(_find_peaks(signal, number))

            run_pass(network, batch, keep)
    return {name: _merge(peaks) for name, peaks in found.items()}


def _find_peaks(signal: Tensor, picture: int) -> list[NDArray[np.float32]]:
    """Value, picture, row and column of the largest cell of each block, each [C, n]."""
    block = -(-max(signal.shape[2:]) // BLOCKS)
    values, places = max_pool2d(signal, block, ceil_mode=True, return_indices=True)
    flat = values[0].flatten(1).cpu().numpy()
    rows, columns = np.divmod(places[0].flatten(1).cpu().numpy(), signal.shape[3])
    return [flat, np.full_like(rows, picture), rows, columns]


def _merge(peaks: Sequence[Sequence[NDArray[np.float32]]]) -> TopActivations:
    values, pictures, rows, columns = (np.concatenate(parts, axis=1) for parts in zip(*peaks, strict=True))
    order = np.argsort(-values, axis=1, kind="stable")[:, :CANDIDATES]
    values, pictures, rows, columns = (
        np.take_along_axis(part, order, axis=1) for part in (values, pictures, rows, columns)
    )
    return TopActivations(
        values, pictures.astype(np.uint8), rows.astype(np.uint16), columns.astype(np.uint16)
    )
