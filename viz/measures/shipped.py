"""Numbers of the controls that come with the page; `benchmarks/chance.py --write` makes them."""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from viz.bundled import ASSETS
from viz.maps.coarsen import Array
from viz.measures.curves import Curves
from viz.networks.controls import CONTROLS

FOLDER = ASSETS / "controls"
SHIPPED = FOLDER / "samples.npz"
CHANCE = FOLDER / "chance.json"

DRAWS = 20_000  # by which chance was found
SIDE, AGGREGATION = "post", "mean"  # of the maps that were measured
METRICS = ("edge_correlation", "median_region_px", "largest_region_share", "coarse_region_share")


def name_entry(network: str, pixels: NDArray[np.uint8], control: str, metric: str) -> str:
    """What an array of the file is called: what was measured, so that nothing else is taken for it.

    Args:
        network: Key of the catalogue.
        pixels: The framed photograph, uint8 [H, W, 3].
        control: Key of `CONTROLS`.
        metric: One of `METRICS`.
    """
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    return f"{network} {digest[:16]} {control} {metric}"


def read_shipped(network: str, pixels: NDArray[np.uint8]) -> dict[str, list[Curves]]:
    """The curves of a framed photograph through the networks of each control; nothing where none came along.

    They are of the mean over the channels after the activation. Arguments as `name_entry`.
    """
    if not SHIPPED.exists():
        return {}
    with np.load(SHIPPED) as file:
        if name_entry(network, pixels, next(iter(CONTROLS)), METRICS[0]) not in file:
            return {}
        found = {
            control: [file[name_entry(network, pixels, control, metric)] for metric in METRICS]
            for control in CONTROLS
        }
    return {
        control: [
            dict(zip(METRICS, map(_widen, curves), strict=True)) for curves in zip(*arrays, strict=True)
        ]
        for control, arrays in found.items()
    }


def _widen(values: NDArray[np.float32]) -> Array:
    return values.astype(np.float64)


def read_chance() -> dict[str, dict[str, dict[str, float]]]:
    """How often a network of a control gets an answer, 0..1: by claim, by "truth" or "learned", by answer.

    It is of the control that gets it most often, on the sample photographs, by VGG16's architecture.
    """
    chance: dict[str, dict[str, dict[str, float]]] = json.loads(CHANCE.read_text(encoding="utf-8"))
    return chance
