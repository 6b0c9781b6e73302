"""One's own network: the builder that whoever starts the server named, and a file of weights for it."""

import importlib
import os
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from viz.networks.calibrate import calibrate
from viz.networks.catalogue import NetworkInfo
from viz.networks.errors import NetworkError
from viz.networks.network import Network, randomize
from viz.networks.own import OwnNetwork
from viz.networks.sources.source import Source
from viz.networks.trial import shorten_error
from viz.networks.wrap import copy_module, wrap_network

# What people save a state in, and what torch puts before all of its names.
WRAPPINGS = ("state_dict", "model_state_dict", "model")
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of torch.compile

SHOWN = 3  # differences between weights and network that a sentence names


class Own(Source):
    """The network of whoever starts the server.

    Nothing is executed but the builder, and the import of its module.
    """

    def load(self, info: NetworkInfo, classifier: bool = True) -> Network:
        """Build it with the file's weights, or the builder's own where there is no file."""
        assert isinstance(info, OwnNetwork)
        module = _build(info)
        if info.weights is not None:
            load_weights(module, info.weights)
        return _wrap(info, module)

    def load_untrained(self, info: NetworkInfo, seed: int) -> Network:
        """Build it with random weights, calibrated where they can be."""
        assert isinstance(info, OwnNetwork)
        module = _build(info)
        randomize(module, seed)
        network = _wrap(info, module)
        with suppress(Exception):  # a stranger's module may take one picture at a time
            return calibrate(network)
        return network


def _build(own: OwnNetwork) -> nn.Module:
    # The builder may give the same module at each call, so that a copy gets the weights.
    return copy_module(build_module(own.builder))


def _wrap(own: OwnNetwork, module: nn.Module) -> Network:
    classes = None if own.classes is None else read_classes(own.classes)
    return wrap_network(module, own.mean, own.std, own.size, classes)


def build_module(builder: str) -> Any:
    """What a builder returns, unchecked; its package may stand in the working directory."""
    name, _, attribute = builder.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # Streamlit has put the page's folder there, which may be another one
    try:
        home = importlib.import_module(name)
    # A stranger's code runs here and below, which may raise anything; a training script often exits.
    except (Exception, SystemExit) as error:
        raise NetworkError("no_import", module=name, error=shorten_error(error)) from error
    if not hasattr(home, attribute):
        raise NetworkError("no_builder", module=name, attribute=attribute)
    try:
        return getattr(home, attribute)()
    except (Exception, SystemExit) as error:
        raise NetworkError("builder_failed", builder=builder, error=shorten_error(error)) from error


def read_classes(path: Path) -> tuple[str, ...]:
    """The names of classes by index, of a file in UTF-8 with one a line."""
    try:
        text = path.read_text(encoding="utf-8-sig").rstrip()
    except (OSError, UnicodeDecodeError) as error:
        raise NetworkError("no_classes", file=path, error=shorten_error(error)) from error
    if not text:
        raise NetworkError("empty_classes", file=path)
    return tuple(line.strip() for line in text.split("\n"))


def load_weights(module: nn.Module, path: Path) -> None:
    """Give a module, in place, the weights of a file, and only when all of them fit."""
    state = unwrap_state(_read_file(path), set(module.state_dict()))
    if state is None:
        raise NetworkError("no_state", file=path.name)
    differences = _list_differences(module, state)
    if differences:
        first = "; ".join(differences[:SHOWN])
        raise NetworkError("unfit_weights", file=path.name, count=len(differences), first=first)
    module.load_state_dict(state, strict=False)


def _read_file(path: Path) -> Any:
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        if path.suffix.lower() in (".pth", ".pt"):
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise NetworkError("no_weights", file=path, error=shorten_error(error)) from error
    except pickle.UnpicklingError as error:
        raise NetworkError("refused_pickle", file=path.name) from error
    except Exception as error:  # for damaged files torch raises a dozen kinds, by where the damage is
        raise NetworkError("damaged_weights", file=path.name, error=shorten_error(error)) from error
    raise NetworkError("weights_kind", file=path.name)


def unwrap_state(saved: Any, names: set[str]) -> dict[str, Tensor] | None:
    """Tensors by name out of what people save them in; None where a file holds no such thing.

    They lose a prefix that all names have and those of the module's own state have not.
    """
    for key in WRAPPINGS:
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    if not isinstance(saved, dict) or not all(isinstance(value, Tensor) for value in saved.values()):
        return None
    state = {str(name): value for name, value in saved.items()}
    while prefix := _find_prefix(set(state), names):  # they can stand before each other
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def _find_prefix(found: set[str], names: set[str]) -> str | None:
    for prefix in PREFIXES:
        has_it = bool(found) and all(name.startswith(prefix) for name in found)
        if has_it and not any(name.startswith(prefix) for name in names):
            return prefix
    return None


def _list_differences(module: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """A phrase for each missing, unexpected or misshapen tensor of a module's state, in this order.

    Counters of batches may be missing, which only training uses, and second names of a tensor that is there
    under its first: safetensors leaves both out.
    """
    expected = module.state_dict()
    there = {value.data_ptr() for name, value in expected.items() if name in state}
    differences = [
        f"missing: {name}"
        for name, value in expected.items()
        if not (name in state or name.endswith("num_batches_tracked") or value.data_ptr() in there)
    ]
    differences += [f"unexpected: {name}" for name in state if name not in expected]
    differences += [
        f"shape of {name}: {list(state[name].shape)} in the file, {list(value.shape)} in the module"
        for name, value in expected.items()
        if name in state and state[name].shape != value.shape
    ]
    return differences


SOURCE = Own()
