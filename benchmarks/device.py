"""The maps of CPU and accelerator, held against each other, and what a pass costs on the accelerator.

Run it from the project's folder: `python benchmarks/device.py`. It needs CUDA or Apple's MPS, and of the
requirements neither Streamlit nor Plotly.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import inf
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import WRITE_HELP, AddRow, alternate, name_processor, print_table, time_call
from PIL import Image
from torch import Tensor

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.heatmaps import Heatmaps
from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import find_network, load_network
from viz.networks.layers import SIDES
from viz.networks.network import Network, move_to_cpu
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

IMAGES = Path(__file__).parent.parent / "assets" / "images"
PHOTOS = ("cat.png", "coffee.png", "astronaut.png", "rocket.jpg", "brick.png")
NETWORKS = ("vgg16", "efficientnet_lite0")
LIMIT = 1e-5
BATCHES = (1, 8, 32)
DIFFERENCES = (
    *("network", "aggregation", "before the activation", "after it", "where it is largest"),
    *("the same with TF32", "bar", "met or not"),
)
TIMES = (
    *("network", "one pass with everything"),
    *(f"bare forward of {count}, a picture" for count in BATCHES),
)


@dataclass
class Comparison:
    """How maps differ from the CPU's.

    Attributes:
        largest: By side and aggregation, the largest difference over the range of the CPU's map, and in
            which layer and photograph it is.
        channels: Where "strongest" shows another channel; these maps are not compared.
        fell_back: Whether the device ran out of memory, so that its maps are the CPU's, too.
    """

    largest: dict[tuple[str, str], tuple[float, str]] = field(
        default_factory=lambda: dict.fromkeys(product(SIDES, AGGREGATIONS), (0.0, "nowhere"))
    )
    channels: list[str] = field(default_factory=list)
    fell_back: bool = False


def main() -> None:
    """Compare, measure, and print two tables; without an accelerator, a sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=21, help="rounds of the timings")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    device = torch.accelerator.current_accelerator(check_available=True)
    if device is None:
        print("torch finds no accelerator here, so there is nothing to compare.")
        return
    networks = {find_network(key).title: load_network(key) for key in NETWORKS}
    images = {name: frame_image(read_image((IMAGES / name).read_bytes())) for name in PHOTOS}
    with print_table("device", options.write, DIFFERENCES, name_device(device)) as add:
        notes = add_differences(add, networks, images)
    print("".join(f"- {note}\n" for note in notes))
    with print_table("device times", options.write, TIMES, name_device(device)) as add:
        add_times(add, networks, images[PHOTOS[0]], options.repeat)


def name_device(device: torch.device) -> str:
    """The accelerator's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name())
    return f"{device.type.upper()} on {name_processor()}"


def add_differences(
    add: AddRow, networks: Mapping[str, Network], images: Mapping[str, Image.Image]
) -> list[str]:
    """The rows of the largest differences.

    Returns:
        Where "strongest" shows different channels, and whose maps all are the CPU's.
    """
    notes = []
    for title, network in networks.items():
        reference = move_to_cpu(network)
        found = compare_networks(reference, network, images)
        with allow_tf32():
            rough = compare_networks(reference, network, images)
        for name in AGGREGATIONS:
            before, after = (found.largest[side, name] for side in SIDES)
            largest, place = max(before, after)
            in_rough = max(rough.largest[side, name][0] for side in SIDES)
            met = "met" if largest <= LIMIT else "**not met**"
            figures = (f"{before[0]:.1e}", f"{after[0]:.1e}", place, f"{in_rough:.1e}")
            add((title, name, *figures, f"at most {LIMIT:g}", met))
        counts = f"{len(found.channels)} without TF32, {len(rough.channels)} with it"
        notes.append(f"{title}, maps of another strongest channel: {counts}")
        notes += [f"{title}: {channel}" for channel in found.channels]
        if found.fell_back or rough.fell_back:
            notes.append(f"{title}: the accelerator ran out of memory, and the CPU was held against itself")
    return notes


def compare_networks(reference: Network, network: Network, images: Mapping[str, Image.Image]) -> Comparison:
    """Compare all maps of the same network on two devices.

    Args:
        reference: On the CPU.
        network: On the accelerator.
        images: Framed photographs by their names.
    """
    comparison = Comparison()
    for name, image in images.items():
        batch = network.to_batch(image)
        expected, heatmaps = extract_heatmaps(reference, batch), extract_heatmaps(network, batch)
        compare_maps(expected, heatmaps, name, comparison)
    return comparison


def compare_maps(expected: Heatmaps, heatmaps: Heatmaps, photo: str, comparison: Comparison) -> None:
    """Add one photograph's maps to a comparison."""
    comparison.fell_back |= heatmaps.fell_back
    for (layer, side, name), heatmap in expected.items():
        place = f"{layer}, {Path(photo).stem}"
        if name == "strongest":
            channels = [maps.strongest_channel(layer, side) for maps in (expected, heatmaps)]
            if channels[0] != channels[1]:
                comparison.channels.append(f"{place}, {side}: {channels[0]} on the CPU, else {channels[1]}")
                continue
        differences = np.abs(heatmaps[layer, side, name] - heatmap)
        difference = float(np.nan_to_num(differences, nan=inf).max())
        spread = float(np.ptp(heatmap))
        share = difference / spread if spread else inf if difference else 0.0
        largest = comparison.largest[side, name]
        comparison.largest[side, name] = max(largest, (share, place), key=itemgetter(0))


@contextmanager
def allow_tf32() -> Iterator[None]:
    """Have CUDA compute convolutions in TF32 meanwhile, as torch does by default."""
    settings: Any = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before = settings.fp32_precision
    settings.fp32_precision = "tf32"
    try:
        yield
    finally:
        settings.fp32_precision = before


def add_times(add: AddRow, networks: Mapping[str, Network], image: Image.Image, rounds: int) -> None:
    """The rows of milliseconds; the first round of each figure is not counted."""
    for title, network in networks.items():
        batch = network.to_batch(image)
        measures = [partial(time_call, partial(extract_heatmaps, network, batch))]
        for count in BATCHES:
            pixels = batch.repeat(count, 1, 1, 1).to(network.device, memory_format=torch.channels_last)
            measures.append(partial(time_call, partial(run_forward, network, pixels)))
        alternate(measures, 1)
        one_pass, *forwards = alternate(measures, rounds)
        shares = [seconds / count for seconds, count in zip(forwards, BATCHES, strict=True)]
        add((title, *(f"{1000 * seconds:.2f} ms" for seconds in (one_pass, *shares))))


def run_forward(network: Network, pixels: Tensor) -> Tensor:
    """The network and nothing else, on pictures that lie on its device."""
    with torch.inference_mode():
        result: Tensor = network.module(pixels)
        return result[:1].cpu()  # an accelerator's work is done only when its result is here


if __name__ == "__main__":
    main()
