"""What the network's part costs, each against a reference measured in the same run.

Run it from the project's folder, on a machine that does nothing else: `python benchmarks/network.py`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

# As app.py does; they are read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import numpy as np
import torch
import torchvision
from common import Row, alternate, compare_faster, compare_slower, print_header, time_call
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.extractor import Heatmaps, extract_heatmaps
from viz.features import compute_features, keep_features
from viz.images import frame_image, read_image, to_batch
from viz.layers import CONV_LAYERS, LAYER_NAMES
from viz.metrics import channel_metrics, measure_layers, measure_luma
from viz.model import build_untrained, load_features

PHOTO = Path(__file__).parent.parent / "assets" / "images" / "cat.png"

ONE_PASS_LIMIT = 1.15
LOOP_LIMIT = 10
LOADING_LIMIT = 30
METRICS_LIMIT = 0.25
KEEPING_LIMIT = 1  # what is kept for speed should be faster
PROBED_LAYERS = ("conv1_2", "conv3_1", "conv4_3", "conv5_3")  # the page's first choice


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=21, help="rounds of single passes")
    parser.add_argument("--repeat", type=int, default=5, help="rounds of what takes seconds")
    options = parser.parse_args()
    features = load_features()
    homework = build_homework_network(features)
    print_header()
    for framing in ("squash", "whole"):  # 224 × 224, and the page's default
        batch = make_batch(framing)
        print(measure_one_pass(features, batch, options.passes).to_markdown(), flush=True)
        print(measure_loop(features, homework, batch, options.repeat).to_markdown(), flush=True)
        print(measure_metrics(features, batch, framing, options.passes).to_markdown(), flush=True)
        print(measure_keeping(features, batch, options.repeat).to_markdown(), flush=True)
    print(measure_loading(options.repeat).to_markdown(), flush=True)


def frame_photo(framing: str) -> Image.Image:
    """The page's first photograph, as the network sees it."""
    return frame_image(read_image(PHOTO.read_bytes()), framing)


def make_batch(framing: str) -> Tensor:
    """The same as the network's input, [1, 3, H, W]."""
    return to_batch(frame_photo(framing))


def name_size(batch: Tensor) -> str:
    """Width and height of a batch, such as "337×224"."""
    return f"{batch.shape[3]}×{batch.shape[2]}"


def measure_one_pass(features: nn.Sequential, batch: Tensor, rounds: int) -> Row:
    """Everything that is kept of one pass, against the pass alone."""
    extract = partial(extract_heatmaps, features, batch)
    seconds = measure_in_turns(partial(run_forward, features, batch), extract, rounds)
    what = f"one pass with every layer, side and aggregation, {name_size(batch)}"
    return compare_slower(what, "bare forward of the same network", seconds, ONE_PASS_LIMIT)


def measure_loop(features: nn.Sequential, homework: nn.Sequential, batch: Tensor, rounds: int) -> Row:
    """All 13 layers in one pass, against the homework's pass for each of them."""
    # The homework's picture comes from ToTensor, whose memory is not channels-last.
    loop = partial(run_homework, homework, batch.contiguous())
    seconds = measure_in_turns(loop, partial(extract_heatmaps, features, batch), rounds)
    what = f"13 layers, {name_size(batch)}"
    return compare_faster(what, "the homework's loop over the 13 layers", seconds, LOOP_LIMIT)


def measure_metrics(features: nn.Sequential, batch: Tensor, framing: str, rounds: int) -> Row:
    """All metrics of all layers and of one control, without the passes that they are measured on."""
    pixels = np.asarray(frame_photo(framing))
    passes = [extract_heatmaps(network, batch) for network in (features, build_untrained())]
    measure = partial(measure_everything, passes, pixels)
    seconds = measure_in_turns(partial(run_forward, features, batch), measure, rounds)
    what = f"all metrics of 13 layers and one control, {name_size(batch)}"
    return compare_slower(what, "bare forward of the same network", seconds, METRICS_LIMIT)


def measure_everything(passes: Sequence[Heatmaps], pixels: NDArray[np.uint8]) -> list[object]:
    """What the page's view "Measured" needs of these passes."""
    measured: list[object] = []
    for heatmaps in passes:
        maps = {name: heatmaps[name, "post", "mean"] for name in LAYER_NAMES}
        measured += measure_layers(maps, measure_luma(pixels)).values()
        for name in LAYER_NAMES:
            measured.append(channel_metrics(heatmaps.channel_means[name, "post"], heatmaps.zero_shares[name]))
    return measured


def measure_keeping(features: nn.Sequential, batch: Tensor, rounds: int) -> Row:
    """The channels of four layers from half precision, against computing them again."""
    kept = keep_features(features, batch, PROBED_LAYERS)
    read = partial(map_each, PROBED_LAYERS, lambda name: kept.read(name, "post"))
    compute = partial(map_each, PROBED_LAYERS, lambda name: compute_features(features, batch, name, "post"))
    seconds = measure_in_turns(compute, read, rounds)
    what = f"all channels of {len(PROBED_LAYERS)} layers, kept in half precision, {name_size(batch)}"
    return compare_faster(what, "computing them again", seconds, KEEPING_LIMIT)


def map_each(
    names: Sequence[str], function: Callable[[str], NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """The function's result for each name."""
    return [function(name) for name in names]


def measure_loading(rounds: int) -> Row:
    """Trained weights from the disk, against torchvision's building of a random network."""
    seconds = measure_in_turns(torchvision.models.vgg16, load_features, rounds)
    return compare_faster("load_features()", "torchvision.models.vgg16()", seconds, LOADING_LIMIT)


def measure_in_turns(
    reference: Callable[[], object], subject: Callable[[], object], rounds: int
) -> list[float]:
    """Median seconds of the reference and of the subject; the first round of each is not counted."""
    measures = [partial(time_call, reference), partial(time_call, subject)]
    alternate(measures, 1)
    return alternate(measures, rounds)


def run_forward(features: nn.Sequential, batch: Tensor) -> Tensor:
    """The network and nothing else."""
    with torch.inference_mode():
        result: Tensor = features(batch.to(find_device(features)))
        return result.cpu()  # an accelerator's work is done only when its result is here


def build_homework_network(features: nn.Sequential) -> nn.Sequential:
    """The homework's network: torchvision's, with ReLUs in place, and the same weights as `features`."""
    homework: nn.Sequential = torchvision.models.vgg16().features.eval()
    homework.load_state_dict(features.state_dict())
    return homework.to(find_device(features))


def run_homework(homework: nn.Sequential, picture: Tensor) -> list[NDArray[np.float32]]:
    """The homework's method: for each layer a hook, a full pass, the mean over channels, min-max.

    Args:
        homework: See `build_homework_network`.
        picture: One picture, [1, 3, H, W].

    Returns:
        13 maps [h, w] in 0..1.
    """
    return [map_layer(homework, layer.index, picture) for layer in CONV_LAYERS]


def map_layer(homework: nn.Sequential, index: int, picture: Tensor) -> NDArray[np.float32]:
    """One layer's map, by a pass of its own."""
    seen: list[Tensor] = []

    def keep(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append(output.detach())

    handle = homework[index].register_forward_hook(keep)
    # The homework records gradients in vain; without them its loop is a little faster than it is there.
    with torch.no_grad():
        homework(picture.to(find_device(homework)))
    handle.remove()
    heatmap: NDArray[np.float32] = np.mean(seen[0].squeeze(0).cpu().numpy(), axis=0)
    low, high = heatmap.min(), heatmap.max()
    scaled: NDArray[np.float32] = (heatmap - low) / (high - low + 1e-8)
    return scaled


def find_device(network: nn.Sequential) -> torch.device:
    """Where a network's weights are."""
    return next(network.parameters()).device


if __name__ == "__main__":
    main()
