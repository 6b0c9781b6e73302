"""How much of VGG16's maps is left when its input is wrong, on the five sample photographs.

Run it from the project's folder: `python benchmarks/inputs.py`.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from common import WRITE_HELP, print_table
from PIL import Image, ImageOps

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

import viz
from viz.maps.compare import correlate_maps
from viz.networks.network import Network
from viz.pictures.samples import SAMPLES, read_sample

LAYERS = ("conv1_1", "conv3_3", "conv5_3")
STD = 0.225  # of ImageNet in 0..1, for which these weights were not made

Wrong = Callable[[Network, Image.Image], tuple[Network, Image.Image]]


def swap_colors(image: Image.Image) -> Image.Image:
    """Blue in red's place, as OpenCV reads it."""
    return Image.fromarray(np.ascontiguousarray(np.asarray(image)[..., ::-1]))


CASES: dict[str, Wrong] = {
    f"std of {STD} in place of 1/255: {255 * STD:.0f} times too small": (
        lambda network, image: (replace(network, std=(STD,) * 3), image)
    ),
    "the photograph's negative": lambda network, image: (network, ImageOps.invert(image)),
    "red and blue exchanged": lambda network, image: (network, swap_colors(image)),
    "reflection in place of the zeros around maps": (
        lambda network, image: (replace(network, reflects=True), image)
    ),
}


def main() -> None:
    """Print one row a case: the median correlation of mean maps with the right ones, lowest and highest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    network = viz.load_network("vgg16")
    images = [viz.frame_image(viz.read_image(read_sample(name))) for name in SAMPLES]
    right = [viz.extract_heatmaps(network, network.to_batch(image)) for image in images]
    with print_table("inputs", options.write, ("what is wrong", *LAYERS)) as add:
        for name, make in CASES.items():
            wrong = [make(network, image) for image in images]
            found = [viz.extract_heatmaps(other, other.to_batch(image)) for other, image in wrong]
            cells = []
            for layer in LAYERS:
                key = layer, "post", "mean"
                pairs = zip(right, found, strict=True)
                values = [correlate_maps(one[key], two[key]) or 0.0 for one, two in pairs]
                cells.append(f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
            add((name, *cells))


if __name__ == "__main__":
    main()
