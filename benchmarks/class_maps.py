"""How much of a class map is the class's, and how often a map that knows nothing passes the erase test.

Run it from the project's folder: `python benchmarks/class_maps.py`. The pictures of the first table are the
sample photographs, their mirror images, and the middle of each, as EfficientNet-Lite0 frames them by itself.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from common import WRITE_HELP, print_table
from PIL import Image, ImageOps

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.evidence.class_maps import Agreements, ClassMaps, compare_class_maps
from viz.evidence.deletion import PLACES, list_deletions, mask_disc, run_deletions, summarize
from viz.evidence.methods import METHODS
from viz.evidence.predict import predict
from viz.networks.catalogue import load_network
from viz.networks.network import Network
from viz.pictures.decode import read_image
from viz.pictures.samples import SAMPLES, read_sample
from viz.texts import Translate

NETWORK = "efficientnet_lite0"
MARGIN = 1 / 6  # of each side, which the middle leaves out
LAST = (None, 5, 1)  # of so many layers; None: of all
SHARE = 0.2  # of the picture that is erased
DISCS = 40  # a photograph

translate = Translate("en")


def main() -> None:
    """Print one row a method, then one row a photograph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    network = load_network(NETWORK)
    tabulate_methods(network, options.write)
    tabulate_discs(network, options.write)


def tabulate_methods(network: Network, write: bool) -> None:
    """How the maps of the most probable and of the least likely class agree."""
    found = [compare(network, picture) for picture in list_pictures()]
    layers = [layer.name for layer in network.layers]
    header = ("method", *map(name_layers, LAST), "lowest and highest of the last layer", "wholly dark maps")
    with print_table("class maps", write, header) as add:
        for method in METHODS:
            shares = [float(np.mean(list_agreements(found, layers[-(last or 0) :], method))) for last in LAST]
            deepest = list_agreements(found, layers[-1:], method)
            dark = np.mean([not maps[layer, method].any() for maps, _ in found for layer in layers])
            ends = f"{min(deepest):.2f} to {max(deepest):.2f}"
            means = [f"{share:.2f}" for share in shares]
            add((translate(f"classes.method_{method}"), *means, ends, f"{dark:.1%}"))


def tabulate_discs(network: Network, write: bool) -> None:
    """How often erasing a disc at a random place lowers the probability of the best class most."""
    header = (
        "photograph",
        f"of {DISCS} discs at random places, more than {PLACES} of {PLACES} places",
        "and than the disc in the middle",
        "independent answers",
    )
    passed = np.zeros(2, dtype=int)
    with print_table("erase test", write, header) as add:
        for name in SAMPLES:
            found = count_passing(network, network.frame(read_image(read_sample(name))))
            passed += found
            add((translate(f"picture.{name}"), *map(str, found), f"{DISCS / (PLACES + 1):g}"))
        tests = DISCS * len(SAMPLES)
        expected = f"{1 / (PLACES + 1):.0%}"
        add((f"all {tests}", *(f"{count / tests:.0%}" for count in passed), expected))


def count_passing(network: Network, picture: Image.Image) -> tuple[int, int]:
    """Discs that lower it more than all other places, and those that also do so more than the middle."""
    pixels, generator = np.array(picture), np.random.default_rng(0)
    best = predict(network, network.to_batch(picture))[0].index
    height, width = pixels.shape[:2]
    disc = mask_disc(height, width, SHARE).astype(float)
    most = passing = 0
    for _ in range(DISCS):
        values = np.roll(disc, generator.integers((height, width)), axis=(0, 1))
        outcomes = dict(run_deletions(network, pixels, best, values, list_deletions("disc", SHARE)))
        effect = summarize("disc", SHARE, outcomes)
        most += effect.beaten == PLACES
        passing += effect.beaten == PLACES and effect.beats_disc
    return most, passing


def list_pictures() -> Iterator[Image.Image]:
    """Three of each sample photograph."""
    for name in SAMPLES:
        photo = read_image(read_sample(name))
        left, top = round(MARGIN * photo.width), round(MARGIN * photo.height)
        yield photo
        yield ImageOps.mirror(photo)
        yield photo.crop((left, top, photo.width - left, photo.height - top))


def compare(network: Network, picture: Image.Image) -> tuple[ClassMaps, Agreements]:
    """The maps of the most probable class, and their agreement with those of the least likely one."""
    batch = network.to_batch(network.frame(picture))
    return compare_class_maps(network, batch, predict(network, batch)[0].index)


def list_agreements(
    found: Sequence[tuple[ClassMaps, Agreements]], layers: Sequence[str], method: str
) -> list[float]:
    """Those that are defined, of some layers of all pictures."""
    values = [agreements[layer, method] for _, agreements in found for layer in layers]
    return [value for value in values if value is not None]


def name_layers(last: int | None) -> str:
    """What stands above a column."""
    if last is None:
        return "mean agreement, all layers"
    return "the last layer" if last == 1 else f"the last {last} layers"


if __name__ == "__main__":
    main()
