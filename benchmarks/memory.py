"""What each network of the catalogue takes of a process's memory, and the view "Classes", each in a process
of its own.

Run it from the project's folder, on Linux without an accelerator: `python benchmarks/memory.py`. Networks
whose weights would have to be fetched get random ones of the same size.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from common import WRITE_HELP, compare_memory, print_table
from servers import read_peak, read_resident

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.networks.catalogue import UNTRAINED, find_network, list_networks, load_network, open_source
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

PHOTO = Path(__file__).parent.parent / "assets" / "images" / "cat.png"  # 336×224 as the network sees it
PAGE = Path(__file__).parent.parent / "app.py"
TIMEOUT_S = 600
VIEW_LIMIT = 400  # MB
# With it the C library gives arrays back to the system at once: what stays is in use.
SPARING = {"MALLOC_MMAP_THRESHOLD_": "131072"}
HEADER = ("network", "parameters", "after the imports", "added by loading", "highest in a pass, over that")
VIEW = "the view “Classes” with EfficientNet-Lite0 and its erase test, torchvision and timm included"
SPARED_VIEW = "the same, with `MALLOC_MMAP_THRESHOLD_=131072`"
BEFORE_VIEW = "before it is opened, with VGG16"


def main() -> None:
    """Print one row a network, then two of the view."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", help="this one only, in this process; a key of the catalogue")
    parser.add_argument("--view", action="store_true", help="the view alone, in this process")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    if options.network:
        print(json.dumps(measure_network(options.network)))
        return
    if options.view:
        print(json.dumps(measure_view()))
        return
    with print_table("memory", options.write, HEADER) as add:
        for info in list_networks():
            figures = measure_apart("--network", info.key)
            add((info.title, *(f"{figure:.0f} MB" for figure in figures)))
    with print_table("memory of classes", options.write) as add:
        add(compare_memory(VIEW, BEFORE_VIEW, measure_apart("--view"), VIEW_LIMIT).to_cells())
        add(compare_memory(SPARED_VIEW, BEFORE_VIEW, measure_apart("--view", **SPARING)).to_cells())


def measure_apart(*arguments: str, **environment: str) -> list[float]:
    """The MB that this script measures in a process of its own, with more arguments and variables."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, check=True)
    figures: list[float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure_network(key: str) -> list[float]:
    """One network's MB, as `HEADER` names them."""
    info = find_network(key)
    open_source(info)
    from viz.maps.one_pass import extract_heatmaps

    image = frame_image(read_image(PHOTO.read_bytes()))
    imported = read_resident(os.getpid())
    network = load_network(UNTRAINED + key if info.megabytes else key)
    loaded = read_resident(os.getpid())
    forget_peak()
    extract_heatmaps(network, network.to_batch(image))
    parameters = sum(tensor.numel() * tensor.element_size() for tensor in network.module.parameters()) / 1e6
    return [parameters, imported, loaded - imported, read_peak(os.getpid()) - loaded]


def measure_view() -> list[float]:
    """MB of the page as it opens, and of the view "Classes" with EfficientNet-Lite0 and its erase test."""
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(str(PAGE), default_timeout=TIMEOUT_S).run()
    before = read_resident(os.getpid())
    page.selectbox(key="network").set_value("efficientnet_lite0")
    page.segmented_control(key="view").set_value("classes").run()
    page.button(key="run_erase").click().run()
    if page.exception or page.error:
        raise SystemExit("the view has failed")
    return [before, read_resident(os.getpid())]


def forget_peak() -> None:
    """Have Linux count this process's highest memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
