"""What each network of the catalogue takes of a process's memory, each in a process of its own.

Run it from the project's folder, on Linux without an accelerator: `python benchmarks/memory.py`. Networks
whose weights would have to be fetched get random ones of the same size.
"""

import argparse
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from servers import read_peak, read_resident

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.networks.catalogue import UNTRAINED, find_network, list_networks, load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

PHOTO = Path(__file__).parent.parent / "assets" / "images" / "cat.png"  # 337×224 as the network sees it
BUILDERS = {"vgg16": "torch", "efficientnet_lite0": "timm"}  # the others' is torchvision
HEADER = ("network", "parameters", "after the imports", "added by loading", "highest in a pass, over that")


def main() -> None:
    """Print one row a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", help="this one only, in this process; a key of the catalogue")
    options = parser.parse_args()
    if options.network:
        print(measure_network(options.network))
        return
    print(f"| {' | '.join(HEADER)} |\n|{' --- |' * len(HEADER)}", flush=True)
    for info in list_networks():
        subprocess.run([sys.executable, __file__, "--network", info.key], check=True)


def measure_network(key: str) -> str:
    """One network's row: what it adds to the imports, and the most that is held while a photograph passes."""
    info = find_network(key)
    import_module(BUILDERS.get(key, "torchvision"))
    from viz.maps.one_pass import extract_heatmaps

    image = frame_image(read_image(PHOTO.read_bytes()))
    imported = read_resident(os.getpid())
    network = load_network(UNTRAINED + key if info.megabytes else key)
    loaded = read_resident(os.getpid())
    forget_peak()
    extract_heatmaps(network, network.to_batch(image))
    parameters = sum(tensor.numel() * tensor.element_size() for tensor in network.module.parameters()) / 1e6
    figures = (parameters, imported, loaded - imported, read_peak(os.getpid()) - loaded)
    return f"| {info.title} | {' | '.join(f'{figure:.0f} MB' for figure in figures)} |"


def forget_peak() -> None:
    """Have Linux count this process's highest memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
