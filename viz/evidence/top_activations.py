"""The places of a picture where each channel responds most."""

import torch
from torch import Tensor

from viz.evidence.patches import TopActivations, find_gap, find_peaks
from viz.maps.one_pass import run_or_fall_back, run_pass
from viz.networks.layers import Layer
from viz.networks.network import Network


def find_top_activations(network: Network, batch: Tensor) -> dict[str, TopActivations]:
    """Run a network once and find where each channel of a layer responds most, by layer name.

    The values are those after the activation, of the layers that have one and a known receptive field.
    Network, batch and what is raised are as for `extract_heatmaps`.
    """
    return run_or_fall_back(network, lambda chosen: _find(chosen, batch))


def _find(network: Network, batch: Tensor) -> dict[str, TopActivations]:
    found: dict[str, TopActivations] = {}

    def keep(layer: Layer, side: str, signal: Tensor) -> None:
        if side == "post" and layer.receptive_field is not None:
            values = signal[0].float().contiguous().numpy(force=True)
            found[layer.name] = find_peaks(values, find_gap(layer))

    with torch.inference_mode():
        run_pass(network, batch, keep)
    return found
