"""What the network's part costs, each against a reference measured in the same run.

Run it from the project's folder, on a machine that does nothing else: `python benchmarks/network.py`.
"""

import argparse
import copy
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torchvision
from captum.attr import LayerGradCam
from common import WRITE_HELP, Row, alternate, compare_faster, compare_slower, print_rows, time_call
from numpy.typing import NDArray
from torch import Tensor, nn

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.evidence.class_maps import compute_class_maps
from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import UNTRAINED, find_network, load_network
from viz.networks.network import Network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

PHOTO = Path(__file__).parent.parent / "assets" / "images" / "cat.png"

# Weights do not matter here, so none are fetched. One pass over the bare forward, at most.
OTHERS = {
    "efficientnet_lite0": 2.2,
    "untrained:torchvision:resnet50": 1.65,
    "untrained:torchvision:densenet121": 1.95,
}
ONE_PASS_LIMIT = 1.35
LONGEST_S = 1.0
LOOP_LIMIT = 9
CLASS_MAPS_LIMIT = 2.5
CAPTUM_LIMIT = 5
CLASS = 285  # Egyptian cat


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=21, help="rounds of single passes")
    parser.add_argument("--repeat", type=int, default=5, help="rounds of the homework's loop")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    print_rows("network", measure_networks(options.passes, options.repeat), options.write)


def measure_networks(passes: int, repeat: int) -> Iterator[Row]:
    """All rows, one after the other.

    Args:
        passes: Rounds of single passes.
        repeat: Rounds of loops over the layers.
    """
    network = load_network("vgg16")
    homework = build_homework_network(network)
    photo = read_image(PHOTO.read_bytes())
    for framing in ("squash", "whole"):  # 224 × 224, and the page's default
        batch = network.to_batch(frame_image(photo, framing))
        yield measure_one_pass("VGG16", network, batch, passes, ONE_PASS_LIMIT)
        yield measure_loop(network, homework, batch, repeat)
    for key, limit in OTHERS.items():
        other = load_network(key)
        batch = other.to_batch(frame_image(photo, "squash"))
        yield measure_one_pass(find_network(key.removeprefix(UNTRAINED)).title, other, batch, passes, limit)
        if key == "efficientnet_lite0":
            yield from measure_class_maps(other, batch, passes, repeat)


def name_size(batch: Tensor) -> str:
    """Width and height of a batch, such as "336×224"."""
    return f"{batch.shape[3]}×{batch.shape[2]}"


def measure_one_pass(title: str, network: Network, batch: Tensor, rounds: int, limit: float) -> Row:
    """Everything that is kept of one pass, against the pass alone."""
    extract = partial(extract_heatmaps, network, batch)
    seconds = measure_in_turns(partial(run_forward, network, batch), extract, rounds)
    what = f"{title}, one pass with every layer, side and aggregation, {name_size(batch)}"
    row = compare_slower(what, "bare forward of the same network", seconds, limit)
    bar = f"{row.bar}, and below {LONGEST_S:g} s"
    return replace(row, bar=bar, met=row.met and seconds[1] < LONGEST_S)


def measure_loop(network: Network, homework: nn.Sequential, batch: Tensor, rounds: int) -> Row:
    """All 13 layers in one pass, against the homework's pass for each of them."""
    # The homework's picture comes from ToTensor, whose memory is not channels-last.
    picture = batch.contiguous().to(network.device)
    indices = [int(layer.path.rpartition(".")[2]) for layer in network.layers]
    loop = partial(run_homework, homework, indices, picture)
    seconds = measure_in_turns(loop, partial(extract_heatmaps, network, batch), rounds)
    what = f"13 layers, {name_size(batch)}"
    return compare_faster(what, "the homework's loop over the 13 layers", seconds, LOOP_LIMIT)


def measure_class_maps(network: Network, batch: Tensor, rounds: int, repeat: int) -> tuple[Row, Row]:
    """All class maps of one class, against the least that a gradient costs, and against captum's loop."""
    pixels = batch.to(network.device, memory_format=torch.channels_last)
    compute = partial(compute_class_maps, network, batch, CLASS)
    what = f"EfficientNet-Lite0, class maps of all layers by all methods, {name_size(batch)}"
    reference = "bare forward and the gradient of one logit at the input"
    seconds = measure_in_turns(partial(differentiate_pixels, network.module, pixels), compute, rounds)
    bare = compare_slower(what, reference, seconds, CLASS_MAPS_LIMIT)
    # captum hooks what it gets, and fails where an activation in place overwrites what it kept.
    module = copy.deepcopy(network.module)
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = False  # type: ignore[assignment]
    parts = [module.get_submodule((layer.activation or layer).path) for layer in network.layers]
    seconds = measure_in_turns(partial(run_captum, module, parts, pixels), compute, repeat)
    return bare, compare_faster(what, "captum's LayerGradCam, layer after layer", seconds, CAPTUM_LIMIT)


def differentiate_pixels(module: nn.Module, pixels: Tensor) -> Tensor:
    """One pass forward, and one backward from a class to the pixels."""
    leaf = pixels.detach().clone().requires_grad_()
    return torch.autograd.grad(module(leaf)[0, CLASS], leaf)[0].cpu()


def run_captum(module: nn.Module, parts: list[nn.Module], pixels: Tensor) -> list[Tensor]:
    """Grad-CAM of each layer, by passes of its own."""
    leaf = pixels.detach().clone().requires_grad_()
    return [
        LayerGradCam(module, part).attribute(leaf, target=CLASS, relu_attributions=True).cpu()
        for part in parts
    ]


def measure_in_turns(
    reference: Callable[[], object], subject: Callable[[], object], rounds: int
) -> list[float]:
    """Median seconds of the reference and of the subject; the first round of each is not counted."""
    measures = [partial(time_call, reference), partial(time_call, subject)]
    alternate(measures, 1)
    return alternate(measures, rounds)


def run_forward(network: Network, batch: Tensor) -> Tensor:
    """The network and nothing else."""
    with torch.inference_mode():
        result: Tensor = network.module(batch.to(network.device, memory_format=torch.channels_last))
        return result.cpu()  # an accelerator's work is done only when its result is here


def build_homework_network(network: Network) -> nn.Sequential:
    """The homework's network: torchvision's, with ReLUs in place, and the same weights."""
    homework: nn.Sequential = torchvision.models.vgg16().features.eval()
    homework.load_state_dict(network.module.get_submodule("features").state_dict())
    return homework.to(network.device)


def run_homework(homework: nn.Sequential, indices: list[int], picture: Tensor) -> list[NDArray[np.float32]]:
    """The homework's method: for each layer a hook, a full pass, the mean over channels, min-max.

    Args:
        homework: See `build_homework_network`.
        indices: Places of its convolutions.
        picture: One picture, [1, 3, H, W].

    Returns:
        A map [h, w] in 0..1 for each of them.
    """
    return [map_layer(homework, index, picture) for index in indices]


def map_layer(homework: nn.Sequential, index: int, picture: Tensor) -> NDArray[np.float32]:
    """One layer's map, by a pass of its own."""
    seen: list[Tensor] = []

    def keep(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append(output.detach())

    handle = homework[index].register_forward_hook(keep)
    # The homework records gradients in vain; without them its loop is a little faster than it is there.
    with torch.no_grad():
        homework(picture)
    handle.remove()
    heatmap: NDArray[np.float32] = np.mean(seen[0].squeeze(0).cpu().numpy(), axis=0)
    low, high = heatmap.min(), heatmap.max()
    scaled: NDArray[np.float32] = (heatmap - low) / (high - low + 1e-8)
    return scaled


if __name__ == "__main__":
    main()
