"""One's own network: the builder that whoever starts the server named, and a file of weights for it."""

import importlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from viz.networks.calibrate import calibrate
from viz.networks.catalogue import NetworkInfo
from viz.networks.errors import NetworkError, explain_failure, shorten_error
from viz.networks.network import Network, Taken, randomize
from viz.networks.own import OwnNetwork
from viz.networks.placement import place_layers
from viz.networks.sources.source import Source
from viz.networks.sources.state import KEYS, list_states, read_file, shorten_name
from viz.networks.wrap import copy_own, wrap_network

# What a stranger's code may raise: anything. A training script often exits.
STRANGERS = (Exception, SystemExit, KeyboardInterrupt)
SHOWN = 3  # differences between weights and network that a sentence names

# What load_state_dict cannot copy, or would copy without a word; of the file's tensor and the module's own.
UNFIT_KINDS: dict[str, Callable[[Tensor, Tensor], bool]] = {
    "quantised_weights": lambda value, own: value.is_quantized,
    "meta_weights": lambda value, own: value.is_meta,
    "sparse_weights": lambda value, own: value.layout is not torch.strided,
    "boolean_weights": lambda value, own: own.is_floating_point() and value.dtype is torch.bool,
    "complex_weights": lambda value, own: own.is_floating_point() and value.is_complex(),
    "integer_weights": lambda value, own: own.is_floating_point() and not value.is_floating_point(),
}


class Own(Source):
    """The network of whoever starts the server.

    Nothing is executed but the builder, and the import of its module.
    """

    def load(self, info: NetworkInfo, classifier: bool = True) -> Network:
        """Build it with the file's weights, or the builder's own where there is no file."""
        assert isinstance(info, OwnNetwork)
        module = _build(info)
        taken = None if info.weights is None else load_weights(module, info.weights)
        return replace(_wrap(info, module), taken=taken)

    def load_untrained(self, info: NetworkInfo, seed: int) -> Network:
        """Build it with random weights, calibrated where they can be."""
        assert isinstance(info, OwnNetwork)
        module = _build(info)
        randomize(module, seed)
        network = _wrap(info, module)
        with suppress(Exception):  # a stranger's module may take one picture at a time
            return place_layers(calibrate(network))
        return network


def _build(own: OwnNetwork) -> nn.Module:
    # The builder may give the same module at each call, so that a copy gets the weights.
    return copy_own(build_module(own.builder))


def _wrap(own: OwnNetwork, module: nn.Module) -> Network:
    classes = None if own.classes is None else read_classes(own.classes)
    return wrap_network(module, own.mean, own.std, own.size, classes, own.output)


def build_module(builder: str) -> Any:
    """What a builder returns, unchecked; its package may stand in the working directory."""
    name, _, attribute = builder.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # Streamlit has put the page's folder there, which may be another one
    try:
        home = importlib.import_module(name)
    except STRANGERS as error:
        raise explain_failure("no_import", error, module=name) from error
    if not hasattr(home, attribute):
        raise NetworkError("no_builder", module=name, attribute=attribute)
    try:
        return getattr(home, attribute)()
    except STRANGERS as error:
        raise explain_failure("builder_failed", error, builder=builder) from error


def read_classes(path: Path) -> tuple[str, ...]:
    """The names of classes by index, of a file in UTF-8 with one a line."""
    try:
        text = path.read_text(encoding="utf-8-sig").rstrip()
    except (OSError, UnicodeDecodeError) as error:
        raise NetworkError("no_classes", file=path, error=shorten_error(error)) from error
    if not text:
        raise NetworkError("empty_classes", file=path)
    return tuple(line.strip() for line in text.split("\n"))


def load_weights(module: nn.Module, path: Path) -> Taken:
    """Give a module, in place, the weights of a file, and only when all of its own are there and fit."""
    expected = {name: value for name, value in module.state_dict().items() if isinstance(value, Tensor)}
    states = list_states(read_file(path), set(expected))
    if not states:
        raise NetworkError("no_state", file=path.name, keys=", ".join(KEYS))
    faults = {key: _find_fault(expected, state, path.name) for key, state in states.items()}
    fitting = [key for key, fault in faults.items() if fault is None]
    nearest = max(states, key=lambda key: len(expected.keys() & states[key].keys()))
    key, *others = fitting or [nearest]
    if fault := faults[key]:
        raise fault
    state = states[key]
    module.load_state_dict({name: state[name] for name in expected if name in state}, strict=False)
    surplus = tuple(shorten_name(name) for name in state if name not in expected)
    return Taken(key, tuple(others), surplus)


def _find_fault(expected: dict[str, Tensor], state: dict[str, Tensor], file: str) -> NetworkError | None:
    """Why a state does not fit; None where it does. Tensors that the module has not are no reason."""
    there = [name for name in expected if name in state]
    for reason, is_unfit in UNFIT_KINDS.items():
        names = [shorten_name(name) for name in there if is_unfit(state[name], expected[name])]
        if names:
            return NetworkError(reason, file=file, count=len(names), first=", ".join(names[:SHOWN]))
    missing, unexpected, misshapen = _list_differences(expected, state)
    if not missing and not misshapen:
        return None
    differences = [*missing, *unexpected, *misshapen]
    first = "; ".join(differences[:SHOWN])
    return NetworkError("unfit_weights", file=file, count=len(differences), first=first)


def _list_differences(expected: dict[str, Tensor], state: dict[str, Tensor]) -> tuple[list[str], ...]:
    """A phrase for each missing, unexpected and misshapen tensor of a module's state, in this order.

    Counters of batches may be missing, which only training uses, and second names of a tensor that is there
    under its first: safetensors leaves both out.
    """
    there = {value.data_ptr() for name, value in expected.items() if name in state}
    missing = [
        f"missing: {shorten_name(name)}"
        for name, value in expected.items()
        if not (name in state or name.endswith("num_batches_tracked") or value.data_ptr() in there)
    ]
    unexpected = [f"unexpected: {shorten_name(name)}" for name in state if name not in expected]
    misshapen = [
        f"shape of {shorten_name(name)}: {list(state[name].shape)} in the file, "
        f"{list(value.shape)} in the module"
        for name, value in expected.items()
        if name in state and state[name].shape != value.shape
    ]
    return missing, unexpected, misshapen


SOURCE = Own()
