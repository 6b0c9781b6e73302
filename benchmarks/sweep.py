"""What is found of timm's and torchvision's architectures, held against hooks on their modules.

Run it from the project's folder: `python benchmarks/sweep.py`. Weights are random, and none are fetched.
"""

import argparse
import copy
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from itertools import compress, groupby, islice
from math import isqrt
from pathlib import Path
from typing import Any, cast

import numpy as np
import timm
import torch
import torchvision
from common import NETWORKS, print_table
from torch import Tensor, nn

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.heatmaps import Heatmaps
from viz.maps.one_pass import extract_heatmaps
from viz.networks.errors import NetworkError
from viz.networks.layers import Layer
from viz.networks.network import Network
from viz.networks.wrap import wrap_network

HEADER = (
    *("family", "networks", "refused", "layers", "with an activation", "that is no module", "not compared"),
    *("maps", "wrong maps", "wrong activations", "lost activations", "activations of no layer"),
)
SIZES = (64, 128, 224, 240, 256, 299, 320, 384, 448, 512)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
HOMES = ("torch.nn.modules.activation", "timm.layers.activations", "timm.layers.activations_me")
NO_ACTIVATIONS = ("Softmax", "Softmax2d", "LogSoftmax", "Softmin", "MultiheadAttention", "GLU")
TOLERANCE = 1e-4  # of a map's largest value


def main() -> None:
    """Look at all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="how many networks; all without it")
    parser.add_argument("--match", default="*", help="their names, such as torchvision/*/resnet*")
    parser.add_argument("--write", action="store_true", help="also replace the table in docs/networks.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen, total = islice(choose_models(options.match), options.limit), Count()
    with print_table("sweep", options.write, HEADER, page=NETWORKS) as add:
        for family, models in groupby(chosen, lambda model: model[0].rpartition("/")[0]):
            count = Count()
            for name, build in models:
                count.numbers += (found := look_at(build)).numbers
                for note in found.notes:
                    print(f"{name}: {note}", file=sys.stderr, flush=True)
            total.numbers += count.numbers
            add((family, *(str(count.numbers[name]) for name in HEADER[1:])))
        add(("all", *(str(total.numbers[name]) for name in HEADER[1:])))
    print({name: number for name, number in total.numbers.items() if name not in HEADER})


@dataclass
class Count:
    """What is counted of one network or of several; `notes` say what is not as it should be."""

    numbers: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def note(self, what: str, detail: str) -> None:
        """Count something and remember what it was."""
        self.numbers[what] += 1
        self.notes.append(f"{what}: {detail}")


def choose_models(match: str) -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """All of torchvision's that are not too large, and a few of each of timm's families."""
    for kind in ("classification", "segmentation", "detection"):
        home = getattr(torchvision.models, kind, torchvision.models)
        for name in torchvision.models.list_models(module=home):
            full = f"torchvision/{kind}/{name}"
            if fnmatch(full, match) and fits(build := partial(build_torchvision, kind, name), 150):
                yield full, build
    for family in timm.list_modules():
        names = timm.list_models(module=family)
        random.Random(0).shuffle(names)  # its variants stand side by side otherwise
        wanted = [name for name in names if fnmatch(f"timm/{family}/{name}", match)]
        builds = ((f"timm/{family}/{name}", partial(build_timm, name)) for name in wanted)
        yield from islice((one for one in builds if fits(one[1], 60)), isqrt(len(names)))


def build_timm(name: str) -> nn.Module:
    """One of timm's, without weights; for small pictures where it can be."""
    given = timm.models.get_pretrained_cfg(name)
    build = partial(timm.create_model, name, pretrained=False)
    for size in SIZES[:2] if given and given.fixed_input_size else ():
        with suppress(Exception):  # it takes no size, or not this one
            module: nn.Module = build(img_size=size).eval()
            if find_size(module, [size]):
                return module
    return build().eval()


def build_torchvision(kind: str, name: str) -> nn.Module:
    """One of torchvision's, without weights; detectors leave the picture as it is."""
    resized = any(part in name for part in ("rcnn", "retinanet", "fcos"))
    options: dict[str, Any] = {"min_size": SIZES[0], "max_size": SIZES[0]} if resized else {}
    options |= {} if kind == "classification" else {"weights_backbone": None}
    return cast(nn.Module, torchvision.models.get_model(name, weights=None, **options)).eval()


def fits(build: Callable[[], nn.Module], limit: float) -> bool:
    """Whether a network has no more parameters, in millions."""
    try:
        with torch.device("meta"):
            module = build()
    except (RuntimeError, NotImplementedError, TypeError):  # it computes something where it is built
        module = build()
    return sum(parameter.numel() for parameter in module.parameters()) <= limit * 1e6


def find_size(module: nn.Module, sizes: Iterable[int]) -> int | None:
    """The first of some sizes on which a network runs by itself."""
    device = next(module.parameters()).device
    for size in sizes:
        with suppress(Exception), torch.no_grad():  # whatever it raises
            module(torch.rand(1, 3, size, size, device=device))
            return size
    return None


def stir(module: nn.Module) -> None:
    """Give what begins as zeros or ones other values: they would hide what is multiplied by them."""
    generator = torch.Generator().manual_seed(0)
    for name, parameter in module.named_parameters():
        if parameter.ndim < 2:
            parameter.data = torch.rand(parameter.shape, generator=generator)
            parameter.data += -0.3 if "bias" in name else 0.5


def look_at(build: Callable[[], nn.Module]) -> Count:
    """Wrap one network and hold what is found against its modules."""
    torch.manual_seed(0)
    count, module = Count(), build()
    stir(module)
    if not (size := find_size(module, SIZES)):
        count.notes.append("does not run by itself, and is not counted")
        return count
    count.numbers["networks"] += 1
    try:
        network = wrap_network(module, (0.5,), (0.25,), size)
        batch = torch.randn(1, network.behaviour.channels, size, size)
        heatmaps = extract_heatmaps(network, batch)
    except NetworkError as error:
        count.note("refused", str(error))
        return count
    oracle = Oracle(network, batch)
    for layer in network.layers:
        check_layer(layer, heatmaps, oracle, count)
    named = {layer.activation.path for layer in network.layers if layer.activation}
    for path in oracle.list_reached() - named:
        kind = type(oracle.parts[path]).__name__
        count.note("activations of no layer", f"{path} ({kind})")
        count.numbers[f"{kind} of no layer"] += 1
    return count


@dataclass(eq=False)
class Ran:
    """A convolution or an activation as it ran in a copy with hooks."""

    path: str
    output: Tensor
    reached: tuple["Ran", ...] = ()  # convolutions that an activation's input depends on


class Oracle:
    """A pass of a private copy, in which nothing is written in place and each module's result is a leaf.

    So a gradient tells which convolutions a signal depends on with no other one, and no activation, between.
    """

    def __init__(self, network: Network, batch: Tensor) -> None:
        self.convolutions: list[Ran] = []
        self.activations: list[Ran] = []
        self.outputs: dict[str, list[Tensor]] = {}
        module = copy.deepcopy(network.module)
        self.parts = dict(module.named_modules())
        for path, part in self.parts.items():
            if hasattr(part, "inplace"):
                part.inplace = False
            hook: Callable[..., Any] = self._convolve if isinstance(part, CONVOLUTIONS) else self._keep
            hook = self._activate if is_activation(part) else hook
            part.register_forward_hook(partial(hook, path))
        with torch.enable_grad(), torch.autograd.graph.allow_mutation_on_saved_tensors():
            module(network.arrange(batch).requires_grad_().clone())

    def _keep(self, path: str, _: nn.Module, __: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            self.outputs.setdefault(path, []).append(output.detach().clone())

    def _convolve(self, path: str, _: nn.Module, __: Any, output: Tensor) -> Tensor:
        leaf = output.detach().requires_grad_()
        self.convolutions.append(Ran(path, leaf))
        return leaf.clone()

    def _activate(self, path: str, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        reached: tuple[Ran, ...] = ()
        leaves = [ran.output for ran in self.convolutions]
        if leaves and inputs[0].requires_grad:
            ones = torch.ones_like(inputs[0])
            slopes = torch.autograd.grad(inputs[0], leaves, ones, retain_graph=True, allow_unused=True)
            reached = tuple(compress(self.convolutions, [slope is not None for slope in slopes]))
        self.activations.append(Ran(path, output.detach().clone(), reached))
        return output.detach().requires_grad_().clone()

    def find_convolution(self, layer: Layer) -> Ran | None:
        """What ran as a layer; None where it is no module."""
        calls = [ran for ran in self.convolutions if ran.path == layer.path]
        place = int(layer.name.rpartition("@")[2]) if "@" in layer.name else 1
        return calls[place - 1] if place <= len(calls) else None

    def find_activations(self, ran: Ran) -> list[Ran]:
        """All that a convolution reaches with nothing but functions between, of its own shape."""
        shape = ran.output.shape
        return [one for one in self.activations if ran in one.reached and one.output.shape == shape]

    def list_reached(self) -> set[str]:
        """Paths of the activations that get a map of a convolution."""
        maps = [ran for ran in self.convolutions if len(ran.output) == 1 and ran.output[0, 0].numel() > 1]
        return {activation.path for ran in maps for activation in self.find_activations(ran)}


def is_activation(part: nn.Module) -> bool:
    """Whether a module is one by its class."""
    homes = {kind.__module__ for kind in type(part).__mro__}
    return not homes.isdisjoint(HOMES) and type(part).__name__ not in NO_ACTIVATIONS


def check_layer(layer: Layer, heatmaps: Heatmaps, oracle: Oracle, count: Count) -> None:
    """Hold a layer, the activation behind it and the maps of both against the modules."""
    ran, activation = oracle.find_convolution(layer), layer.activation
    count.numbers.update({"layers": 1, "with an activation": activation is not None})
    if ran is None:
        return count.note("not compared", layer.name)
    compare_maps(layer, "pre", ran.output, heatmaps, count)
    expected = next(iter(oracle.find_activations(ran)), None)
    if activation is None:
        if expected is not None:
            count.note("lost activations", f"{layer.name} to {expected.path}")
    elif is_activation(oracle.parts[activation.path]):
        if expected is None or expected.path != activation.path:
            count.note("wrong activations", f"{layer.name} to {activation}, {expected and expected.path}")
        else:
            compare_maps(layer, "post", expected.output, heatmaps, count)
    else:
        count.numbers["that is no module"] += 1
        outputs = oracle.outputs.get(activation.path, [])
        if any(is_equal(layer, "post", output, heatmaps) for output in outputs):
            count.numbers["maps"] += len(AGGREGATIONS)
        else:
            count.note("not compared", f"{layer.name} to {activation}, {expected and expected.path}")


def compare_maps(layer: Layer, side: str, output: Tensor, heatmaps: Heatmaps, count: Count) -> None:
    """Count the maps of a layer's side, and as wrong where the output gives others."""
    count.numbers["maps"] += len(AGGREGATIONS)
    if not is_equal(layer, side, output, heatmaps):
        count.note("wrong maps", f"{layer.name}, {side}")


def is_equal(layer: Layer, side: str, output: Tensor, heatmaps: Heatmaps) -> bool:
    """Whether a layer's maps are those of an output, by NumPy and in double precision."""
    if output.ndim != 4 or len(output) != 1:
        return False
    values = output[0].double().numpy(force=True)
    size = max(float(np.abs(values).max()), 1e-30)
    close = partial(np.allclose, rtol=TOLERANCE, atol=TOLERANCE * size, equal_nan=True)
    expected = {"mean": values.mean(axis=0), "max": values.max(axis=0), "std": values.std(axis=0)}
    expected["l2"] = np.sqrt((values**2).sum(axis=0))
    found = {name: heatmaps[layer.name, side, name] for name in (*expected, "strongest")}
    means = values.mean(axis=(1, 2))  # of which rounding may choose another
    strongest = np.flatnonzero(means >= means.max() - TOLERANCE * size)
    if {heatmap.shape for heatmap in found.values()} != {values.shape[1:]}:
        return False
    alike = all(close(found[name], heatmap) for name, heatmap in expected.items())
    return alike and any(close(found["strongest"], values[channel]) for channel in strongest)


if __name__ == "__main__":
    main()
