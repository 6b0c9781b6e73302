"""How far the cells of each network's maps are drawn from where they answer, as a table.

Run it from the project's folder: `python benchmarks/placement.py`. Patches are pasted by `tests/pasted.py`.
Weights that would have to be fetched are random ones here.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from common import WRITE_HELP, print_table

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.pasted import SIZES, find_distances, paste
from viz.networks.catalogue import NETWORKS, UNTRAINED, load_network
from viz.networks.layers import Layer
from viz.networks.network import Network

LARGEST_PX = 8.0
HEADER = (
    "network",
    "deepest stride",
    "answers that follow the patch",
    "cells spread evenly",
    "as drawn",
    "met",
)


def main() -> None:
    """Print a row a network; the exit status says whether all bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    bundled = [info.key for info in NETWORKS if not info.megabytes]
    keys = [*bundled, *(UNTRAINED + info.key for info in NETWORKS if info.key != "vgg16")]
    met = True
    with print_table("placement", options.write, HEADER) as add:
        for key in keys:
            layers, even, drawn = measure(load_network(key))
            strides = {layer.name: layer.stride for layer in layers}
            good = all(found <= min(strides[name] / 2, LARGEST_PX) for name, found in drawn)
            met &= good
            figures = [f"{max(found for _, found in pairs):.1f} px" for pairs in (even, drawn)]
            count = f"{len(drawn)} of {len(layers) * len(SIZES)}"
            add((f"`{key}`", str(max(strides.values())), count, *figures, "met" if good else "**not met**"))
    sys.exit(0 if met else 1)


def measure(network: Network) -> tuple[tuple[Layer, ...], list[tuple[str, float]], list[tuple[str, float]]]:
    """Its layers; then each layer that answers and its distance in pixels, at each size: with cells spread
    evenly, and as they are drawn."""
    layers = network.layers
    bare = tuple(replace(layer, windows=(), corner=None) for layer in layers)
    answers = [paste(network, *size) for size in SIZES]
    even, drawn = (
        [pair for found in answers for pair in find_distances(chosen, found).items()]
        for chosen in (bare, layers)
    )
    return layers, even, drawn


if __name__ == "__main__":
    main()
