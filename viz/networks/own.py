"""One's own network, as whoever starts the server names it on the command line. It needs no torch."""

import argparse
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from viz.networks.catalogue import NetworkInfo
from viz.networks.errors import NetworkError
from viz.pictures.frame import MAX_SIZE, SMALLEST_SIZE

# ImageNet's, with which most networks are trained; of red, green and blue in 0..1.
MEAN = "0.485,0.456,0.406"
STD = "0.229,0.224,0.225"
SIZE = "224"
OWN = "own"  # the network's key
# A few photographs differ from those of a training by about two in the spread of the first layer's values;
# larger factors come from another mean or std.
USUAL_FACTOR = 3.0
SIZES = range(SMALLEST_SIZE, MAX_SIZE + 1)


@dataclass(frozen=True, kw_only=True)
class OwnNetwork(NetworkInfo):
    """One's own network, an entry of the catalogue like the others, and what is needed to build it."""

    key: str = OWN
    megabytes: int = 0
    licence: str = ""
    source: str = "own"
    only_squares: bool = True
    builder: str  # "package.module:build", a function or class that is called without arguments
    weights: Path | None = None  # a file of safetensors or torch.save; None leaves the builder's own weights
    classes: Path | None = None  # a file with the name of a class a line; None where there is no classifier
    mean: tuple[float, float, float]  # of red, green and blue in 0..1, as in the network's training
    std: tuple[float, float, float]  # standard deviation of the same
    output: Literal["logits", "probabilities"] | None = None  # what it gives; None: what a trial shows


class _Parser(argparse.ArgumentParser):
    """Raises a sentence where argparse would end the program."""

    def error(self, message: str) -> NoReturn:
        raise NetworkError("arguments", error=message)


def read_arguments(arguments: Sequence[str]) -> OwnNetwork | None:
    """The network that stands as "--network" behind `streamlit run app.py --`; None without that argument.

    Arguments that are not understood are a NetworkError.
    """
    parser = _make_parser()
    known, unknown = parser.parse_known_args(arguments)
    if known.network is None:
        if known.weights or known.classes or known.output or known.title:
            parser.error("--network is missing")
        return None
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if not re.fullmatch(r"\w+(\.\w+)*:\w+", known.network):
        raise NetworkError("builder_name", got=known.network)
    mean, std = _read_color("--mean", known.mean), _read_color("--std", known.std)
    if min(std) == 0:
        raise NetworkError("zero_std", got=_join(known.std))
    if not (known.size.isdecimal() and int(known.size) in SIZES):
        raise NetworkError("size_value", got=known.size, low=SIZES[0], high=SIZES[-1])
    if known.output not in (None, "logits", "probabilities"):
        raise NetworkError("output_value", got=known.output)
    return OwnNetwork(
        title=_choose_title(known),
        has_classes=known.classes is not None,
        size=int(known.size),
        builder=known.network,
        weights=known.weights,
        classes=known.classes,
        mean=mean,
        std=std,
        output=known.output,
    )


def _make_parser() -> _Parser:
    parser = _Parser(prog="streamlit run app.py --", allow_abbrev=False, add_help=False)
    parser.add_argument("--network", metavar="package.module:build", help="what builds your own network")
    parser.add_argument(
        "--title", help="what the page calls it; the name of the weights file, or the builder"
    )
    parser.add_argument("--weights", type=Path, help="a state_dict, as safetensors or torch.save writes it")
    parser.add_argument("--classes", type=Path, help="a text file with the name of a class a line")
    parser.add_argument(
        "--mean", nargs="+", default=[MEAN], help=f"red, green, blue in 0..1, or one for all; {MEAN}"
    )
    parser.add_argument("--std", nargs="+", default=[STD], help=f"of the same; {STD}")
    parser.add_argument("--size", default=SIZE, help=f"side of its square picture, in pixels; {SIZE}")
    parser.add_argument("--output", help="logits or probabilities; what a trial shows")
    return parser


def _choose_title(known: argparse.Namespace) -> str:
    """What the page calls the network: its title, else the weights' name, else the builder's."""
    given = " ".join((known.title or "").split()) or (known.weights and known.weights.stem)
    return given or str(known.network).partition(":")[2]


def _read_color(option: str, values: Sequence[str]) -> tuple[float, float, float]:
    """Three numbers, whether commas or spaces stand between them, or one that stands for all."""
    try:
        numbers = [float(value) for value in _join(values).split(",")]
        red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    except ValueError:
        red = green = blue = math.nan
    if not all(0 <= value <= 1 for value in (red, green, blue)):
        raise NetworkError("color_values", option=option, got=_join(values))
    return red, green, blue


def _join(values: Sequence[str]) -> str:
    return ",".join(value.strip(", ") for value in values)
