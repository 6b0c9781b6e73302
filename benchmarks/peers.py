"""One pass against the best peers, and loading against a state before, each in the same run.

Run it from the project's folder, on a machine that does nothing else:

    python benchmarks/peers.py                    the same maps by other libraries' means
    python benchmarks/peers.py --before FOLDER    loading and class maps against the state that FOLDER holds

TorchLens is held against where it is installed; the project needs it for nothing else.
"""

import argparse
import copy
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import torch
from common import WRITE_HELP, Row, compare_faster, compare_slower, print_rows
from network import PHOTO, measure_in_turns, name_size
from torch import Tensor
from torchvision.models.feature_extraction import create_feature_extractor

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import UNTRAINED, find_network, load_network
from viz.networks.network import Network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

PEER = "torchvision's create_feature_extractor, activations out of place, and the same aggregations"
PEER_LIMITS = {"vgg16": 0.8, "untrained:torchvision:resnet50": 0.9}
TORCHLENS = "untrained:torchvision:resnet18"
TORCHLENS_LIMIT = 5

# Run in a folder that holds the project: the median of some rounds, in seconds, one for each of two measures.
LOAD_AND_MAPS = """
import statistics, sys, time
sys.path.insert(0, ".")
import torch
from torchvision.models import resnet50
from viz.evidence.class_maps import compute_class_maps
from viz.networks.catalogue import load_network
from viz.networks.wrap import wrap_network

module, half = resnet50().eval(), (0.5, 0.5, 0.5)
lite0 = load_network("efficientnet_lite0")
batch = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
for measure in (lambda: wrap_network(module, half, half, 224), lambda: compute_class_maps(lite0, batch, 285)):
    times = []
    for _ in range(9):
        start = time.perf_counter()
        measure()
        times.append(time.perf_counter() - start)
    print(statistics.median(times[1:]))
"""
BEFORE_LIMITS = {
    "load of one's own ResNet-50, trial included": 0.8,
    "EfficientNet-Lite0, class maps of all layers, 224×224": 0.9,
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passes", type=int, default=21, help="rounds of single passes")
    parser.add_argument("--repeat", type=int, default=5, help="rounds of processes, and of TorchLens")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="a worktree of the state before")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    if options.before is None:
        print_rows("peers", measure_peers(options.passes, options.repeat), options.write)
    else:
        rows = compare_with_before(options.before.resolve(), options.repeat)
        print_rows("loading", rows, options.write)


def measure_peers(passes: int, repeat: int) -> Iterator[Row]:
    """All rows, one after the other; the arguments are rounds."""
    photo = frame_image(read_image(PHOTO.read_bytes()), "squash")
    for key, limit in PEER_LIMITS.items():
        network = load_network(key)
        batch = network.to_batch(photo)
        seconds = measure_in_turns(
            partial(reduce_all, extract_nodes(network), batch),
            partial(extract_heatmaps, network, batch),
            passes,
        )
        yield compare_slower(name_row(key, batch), PEER, seconds, limit)
    if find_spec("torchlens"):
        network = load_network(TORCHLENS)
        batch = network.to_batch(photo)
        seconds = measure_in_turns(
            partial(save_by_torchlens, network, batch), partial(extract_heatmaps, network, batch), repeat
        )
        reference = f"TorchLens {version('torchlens')}, the same layers saved"
        yield compare_faster(name_row(TORCHLENS, batch), reference, seconds, TORCHLENS_LIMIT)


def name_row(key: str, batch: Tensor) -> str:
    """What is measured of a network."""
    title = find_network(key.removeprefix(UNTRAINED)).title
    return f"{title}, one pass with every layer, side and aggregation, {name_size(batch)}"


def list_calls(network: Network) -> list[str]:
    """The path of the module of each convolution and activation that is shown, in the order of the pass."""
    shown = [part for layer in network.layers for part in (layer, layer.activation) if part is not None]
    return [path for _, path in sorted({(part.call, part.path) for part in shown})]


def extract_nodes(network: Network) -> torch.nn.Module:
    """A module that gives all feature maps, on a copy whose activations overwrite nothing."""
    module = copy.deepcopy(network.module)
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = False  # type: ignore[assignment]
    paths = list_calls(network)
    seen = [paths[:place].count(path) for place, path in enumerate(paths)]
    nodes = [f"{path}_{again}" if again else path for path, again in zip(paths, seen, strict=True)]
    extractor: torch.nn.Module = create_feature_extractor(module, nodes)
    return extractor


def reduce_all(extractor: torch.nn.Module, batch: Tensor) -> list[Tensor]:
    """All feature maps by torchvision's means, and all aggregations of each."""
    with torch.inference_mode():
        kept = extractor(batch.to(memory_format=torch.channels_last))
        return [reduce(values[0]) for values in kept.values() for reduce in AGGREGATIONS.values()]


def save_by_torchlens(network: Network, batch: Tensor) -> object:
    """The same feature maps as TorchLens saves them; it reduces nothing."""
    import torchlens  # type: ignore[import-not-found]

    options = torchlens.options.CaptureOptions(layers_to_save=sorted(set(list_calls(network))))
    return torchlens.trace(network.module, batch, capture=options)


def compare_with_before(folder: Path, rounds: int) -> Iterator[Row]:
    """Loading and class maps, each state in processes of its own, in turns."""
    here = Path(__file__).parent.parent
    pairs = [(measure_there(folder), measure_there(here)) for _ in range(rounds)]
    for place, (what, limit) in enumerate(BEFORE_LIMITS.items()):
        seconds = [median(figures[state][place] for figures in pairs) for state in (0, 1)]
        yield compare_slower(what, "the state before", seconds, limit)


def measure_there(folder: Path) -> list[float]:
    """The figures of `LOAD_AND_MAPS` in a folder."""
    command = [sys.executable, "-c", LOAD_AND_MAPS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


if __name__ == "__main__":
    main()
