"""What each network of the catalogue takes of a process's memory, and the view "Classes", each in a process
of its own.

Run it from the project's folder, on Linux without an accelerator: `python benchmarks/memory.py`. Networks
whose weights would have to be fetched get random ones of the same size.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from common import HEADER as ROW_HEADER
from common import compare_memory
from servers import read_peak, read_resident

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.networks.catalogue import UNTRAINED, find_network, list_networks, load_network, open_source
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

PHOTO = Path(__file__).parent.parent / "assets" / "images" / "cat.png"  # 337×224 as the network sees it
PAGE = Path(__file__).parent.parent / "app.py"
TIMEOUT_S = 600
VIEW_LIMIT = 400  # MB
HEADER = ("network", "parameters", "after the imports", "added by loading", "highest in a pass, over that")


def main() -> None:
    """Print one row a network, then one of the view."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", help="this one only, in this process; a key of the catalogue")
    parser.add_argument("--view", action="store_true", help="the view alone, in this process")
    options = parser.parse_args()
    if options.network:
        print(measure_network(options.network))
        return
    if options.view:
        print(measure_view())
        return
    print(f"| {' | '.join(HEADER)} |\n|{' --- |' * len(HEADER)}", flush=True)
    for info in list_networks():
        subprocess.run([sys.executable, __file__, "--network", info.key], check=True)
    print(f"\n| {' | '.join(ROW_HEADER)} |\n|{' --- |' * len(ROW_HEADER)}", flush=True)
    subprocess.run([sys.executable, __file__, "--view"], check=True)


def measure_network(key: str) -> str:
    """One network's row: what it adds to the imports, and the most that is held while a photograph passes."""
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
    figures = (parameters, imported, loaded - imported, read_peak(os.getpid()) - loaded)
    return f"| {info.title} | {' | '.join(f'{figure:.0f} MB' for figure in figures)} |"


def measure_view() -> str:
    """The row of the view "Classes" with EfficientNet-Lite0 and its erase test, over the page as it opens."""
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(str(PAGE), default_timeout=TIMEOUT_S).run()
    before = read_resident(os.getpid())
    page.selectbox(key="network").set_value("efficientnet_lite0")
    page.segmented_control(key="view").set_value("classes").run()
    page.button(key="run_erase").click().run()
    if page.exception or page.error:
        raise SystemExit("the view has failed")
    what = "the view “Classes” with EfficientNet-Lite0 and its erase test, torchvision and timm included"
    figures = (before, read_resident(os.getpid()))
    return compare_memory(what, "before it is opened, with VGG16", figures, VIEW_LIMIT).to_markdown()


def forget_peak() -> None:
    """Have Linux count this process's highest memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
