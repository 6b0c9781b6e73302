"""A file of one's own weights, and the tensors by name that stand in it. Nothing in it is executed."""

import pickle
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from viz.networks.errors import NetworkError, is_memory_error, shorten_error

# What people save a state in. Of several states the first that fits is taken: in this order, the outer key
# before the inner one, and moving averages behind all others.
AVERAGES = ("state_dict_ema", "ema")
KEYS = (*("state_dict", "model_state_dict", "model_state", "model", "net", "network", "params"), *AVERAGES)
DEEPEST = 3  # keys above a state; a file can hold itself

# What DataParallel, torch.compile, Lightning and the like put before all names.
PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "net.")
COUNTER = "n_averaged"  # AveragedModel's own, beside names that have its prefix

# Kinds of files by their first bytes; the first that matches is taken. All but two are reasons to refuse.
KINDS = {
    "safetensors": rb".{4}\x00{4}\{",  # the header's length, which is less than 4 GB, and the header
    "torch": rb"PK\x03\x04|\x80",  # the archive that torch.save writes, and the pickle that it wrote before
    "empty_weights": rb"\Z",
    "lfs_weights": rb"version https://git-lfs",
    "html_weights": rb"(\xef\xbb\xbf)?\s*<",
    "text_weights": rb"[^\x00-\x08\x0e-\x1f]*\Z",
    "weights_kind": rb"",
}
FIRST_BYTES = 512

# What NumPy's numbers, such as an accuracy beside the state, are pickled with, also by NumPy 1.
_SCALAR: Any = np.float64().__reduce__()[0]
_NUMBERS = np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"
NUMPY = [np.dtype, _SCALAR, (_SCALAR, "numpy.core.multiarray.scalar")]
NUMPY += sorted({type(np.dtype(code)) for code in _NUMBERS}, key=str)

LONGEST_NAME = 60  # characters of a tensor's name in a sentence


def read_file(path: Path) -> Any:
    """What a file holds, whatever its name ends in, or a NetworkError."""
    try:
        with path.open("rb") as file:
            first = file.read(FIRST_BYTES)
            kind = next(kind for kind, start in KINDS.items() if re.match(start, first, re.DOTALL))
            if kind == "safetensors":
                return load_file(path)
            if kind == "torch" and not (first.startswith(b"PK") and _is_script(file)):
                file.seek(0)
                with torch.serialization.safe_globals(NUMPY):  # of a path torch would look at the suffix
                    return torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise NetworkError("no_weights", file=path, error=shorten_error(error)) from error
    except pickle.UnpicklingError as error:
        raise NetworkError("refused_pickle", file=path.name) from error
    # For damaged files torch raises a dozen kinds, by where the damage is; messages may quote the file.
    except Exception as error:
        if is_memory_error(error):
            raise NetworkError("memory") from error
        raise NetworkError("damaged_weights", file=path.name, error=type(error).__name__) from error
    raise NetworkError("scripted_weights" if kind == "torch" else kind, file=path.name)


def _is_script(file: BinaryIO) -> bool:
    names = zipfile.ZipFile(file).namelist()
    return any(name.endswith("/constants.pkl") or "/code/" in name for name in names)


def list_states(saved: Any, names: set[str]) -> dict[str, dict[str, Tensor]]:
    """All dictionaries of tensors in what people save, by their keys, such as "state_dict.model".

    What else stands in them is left out. Their names lose the prefixes that all of them have and those of the
    module's own state, `names`, have not.
    """
    found = sorted(_walk(saved, ()), key=lambda place: any(key in AVERAGES for key in place[0]))
    return {".".join(keys): _strip_prefixes(state, names) for keys, state in found}


def _walk(saved: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Tensor]]]:
    if not isinstance(saved, dict) or len(keys) > DEEPEST:
        return
    for key in KEYS:
        yield from _walk(saved.get(key), (*keys, key))
    state = {
        name: value for name, value in saved.items() if isinstance(name, str) and isinstance(value, Tensor)
    }
    if state:
        yield keys, state


def _strip_prefixes(state: dict[str, Tensor], names: set[str]) -> dict[str, Tensor]:
    while prefix := _find_prefix(state.keys() - {COUNTER}, names):  # they can stand before each other
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return {name: value for name, value in state.items() if name != COUNTER or name in names}


def _find_prefix(found: set[str], names: set[str]) -> str | None:
    for prefix in PREFIXES:
        has_it = any(name.startswith(prefix) for name in found)
        if has_it and not found & names and not any(name.startswith(prefix) for name in names):
            return prefix
    return None


def shorten_name(name: str) -> str:
    """A tensor's name as a sentence can show it: short, and without what a page would take for markup."""
    plain = re.sub(r"[^\w./-]", "?", name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"
