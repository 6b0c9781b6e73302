"""Every choice of a visitor: its options, its default and its parameter in the address, in one place."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from viz.evidence.methods import METHODS
from viz.figures.pieces import COLOR_SCALES
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.channels import RANKINGS
from viz.maps.ranges import RANGES
from viz.measures.curves import THRESHOLDS
from viz.measures.metrics import DEFAULT_THRESHOLD
from viz.networks.catalogue import list_networks
from viz.networks.layers import SIDES
from viz.pictures.decode import MAX_ASPECT
from viz.pictures.frame import FRAMINGS, MAX_SIZE, MIN_SIZE
from viz.pictures.samples import SAMPLES
from viz.texts import LANGUAGES

OWN_PHOTOS = ("upload", "camera")
NO_SECOND = "none"
COMPARISONS = (NO_SECOND, "photo", "network", "untrained", "aggregation", "side")
CONTROLS = ("untrained", "coarse", "noise")
THUMBS = 16  # channels a page
STEPS = 8  # of the lesson
LONGEST_SIDE = MAX_SIZE * MAX_ASPECT  # of any framed photograph, in pixels

OWN_NETWORK = "own"  # that of whoever started the server
NETWORKS = (OWN_NETWORK, *(info.key for info in list_networks()))
MOST_CHANNELS = 16384  # of a layer; what a network does not have is given up when it is loaded
MOST_LAYERS = 1000
MOST_CLASSES = 100_000  # of a network
HOMEWORK_LAYERS = ["conv1_1", "conv3_1", "conv4_2"]
HOMEWORK_NETWORK = "torchvision:vgg16"  # its own; the preset takes the weights that are there already
HOMEWORK_VIEW: dict[str, Any] = {
    "view": "compare",
    "network": "vgg16",
    "layers": HOMEWORK_LAYERS,
    "aggregation": "mean",
    "side": "post",
    "framing": "squash",
    "size": MIN_SIZE,
    "colors": "jet",
    "range": "own",
    "overlay": False,
    "smooth": False,
    "beside": NO_SECOND,
}


@dataclass(frozen=True)
class Setting:
    """One choice of the visitor, which is also one parameter of the address.

    Attributes:
        default: The value that is not written into the address.
        read: From the parameter's texts to a value; raises ValueError on anything invalid.
        write: From a value to the parameter's texts.
        options: What can be chosen, of a choice.
        limits: The least and the largest value and the step between two, of a number.
    """

    default: Any
    read: Callable[[Sequence[str]], Any]
    write: Callable[[Any], list[str]] = lambda value: [str(value)]
    options: Collection[str] = ()
    limits: tuple[Any, Any, Any] = (0, 0, 0)


def _choice(default: str | None, options: Collection[str]) -> Setting:
    """One of `options`; without a default it is that which the other choices leave as the first."""
    return Setting(default, lambda texts: _one_of(texts[-1], options), options=options)


def _choices(default: list[str], options: Collection[str]) -> Setting:
    """Several of `options`, in their order; repeated parameters and commas are both understood."""

    def read(texts: Sequence[str]) -> list[str]:
        names = {_one_of(name, options) for text in texts for name in text.split(",") if name}
        return [name for name in options if name in names]

    return Setting(default, read, lambda names: list(names) or [""], options)


def _names() -> Setting:
    """Names of layers, in any order; by default those that the network's default is."""

    def read(texts: Sequence[str]) -> list[str]:
        names = [name for text in texts for name in text.split(",") if name]
        if len(names) > MOST_LAYERS:
            raise ValueError(f"expected at most {MOST_LAYERS} layers, got {len(names)}")
        return list(dict.fromkeys(names))

    return Setting(None, read, lambda names: list(names) or [""])


def _one_of(text: str, options: Collection[str]) -> str:
    if text not in options:
        raise ValueError(f"expected one of {', '.join(options)}, got {text!r}")
    return text


def _switch() -> Setting:
    def read(texts: Sequence[str]) -> bool:
        return _one_of(texts[-1], ("false", "true")) == "true"

    return Setting(False, read, lambda value: [str(value).lower()])


def _number(default: int | None, least: int, most: int, step: int = 1) -> Setting:
    def read(texts: Sequence[str]) -> int:
        number = int(texts[-1])
        if not least <= number <= most or (number - least) % step:
            raise ValueError(f"expected {least} to {most} in steps of {step}, got {number}")
        return number

    return Setting(default, read, limits=(least, most, step))


def _fraction(default: float, least: float, most: float, step: float) -> Setting:
    def read(texts: Sequence[str]) -> float:
        number = float(texts[-1])
        if not least <= number <= most:
            raise ValueError(f"expected {least} to {most}, got {number}")
        return round(least + step * round((number - least) / step), 2)  # links may be finer

    return Setting(default, read, limits=(least, most, step))


def _pixels(count: int) -> Setting:
    """So many places in input pixels with commas between; nothing by default."""

    def read(texts: Sequence[str]) -> tuple[int, ...]:
        values = tuple(int(text) for text in texts[-1].split(","))
        if len(values) != count or not all(0 <= value <= LONGEST_SIDE for value in values):
            raise ValueError(f"expected {count} places in input pixels, got {texts[-1]!r}")
        if count == 4 and not (values[0] < values[2] and values[1] < values[3]):
            raise ValueError(f"expected left, top, right, bottom, got {texts[-1]!r}")
        return values

    return Setting(None, read, lambda values: [",".join(map(str, values))])


# The name of a layer; by default that which the network's default is.
LAYER_NAME = Setting(None, lambda texts: texts[-1])

SETTINGS: dict[str, Setting] = {
    "view": _choice("compare", ("compare", "depth", "measure", "probe", "classes", "lesson")),
    "photo": _choice("cat", (*SAMPLES, *OWN_PHOTOS)),
    "network": _choice(None, NETWORKS),
    "layers": _names(),
    "aggregation": _choice("mean", AGGREGATIONS),
    "side": _choice("post", SIDES[::-1]),
    "colors": _choice("viridis", COLOR_SCALES),
    "range": _choice("own", RANGES),
    "overlay": _switch(),
    "opacity": _fraction(0.6, 0.0, 1.0, 0.05),
    "smooth": _switch(),
    "framing": _choice("whole", FRAMINGS),
    "size": _number(MIN_SIZE, MIN_SIZE, MAX_SIZE, step=32),
    "lang": _choice("en", LANGUAGES),
    "present": _switch(),
    # of the view "Side by side"
    "beside": _choice(NO_SECOND, COMPARISONS),
    "beside_photo": _choice(None, (*SAMPLES, "upload")),
    "beside_network": _choice(None, NETWORKS),
    "beside_aggregation": _choice(None, AGGREGATIONS),
    "beside_range": _choice("own", ("own", "shared")),
    "difference": _switch(),
    # of the view "Layer by layer"
    "depth": LAYER_NAME,
    # of the view "Measured"
    "controls": _choices([], CONTROLS),
    "threshold": _fraction(DEFAULT_THRESHOLD, THRESHOLDS[0], THRESHOLDS[-1], 0.1),
    "box": _pixels(4),
    # of the view "Point at it"
    "show": _choice("maps", ("maps", "alike", "channels")),
    "point": _pixels(2),
    "layer": LAYER_NAME,
    "field": _switch(),
    "second": _choice(NO_SECOND, (NO_SECOND, *SAMPLES, "upload")),
    "channel": _number(None, 0, MOST_CHANNELS - 1),
    "rank": _choice("mean", RANKINGS),
    "thumbs": _choice("own", ("own", "shared")),
    "thumb_page": _number(1, 1, -(-MOST_CHANNELS // THUMBS)),
    "patches": _switch(),
    # of the view "Classes"; by default the most probable class, against none
    "class": _number(None, 0, MOST_CLASSES - 1),
    "against": _number(None, 0, MOST_CLASSES - 1),
    "method": _choice("layercam", METHODS),
    "erase": _number(20, 5, 95, step=5),  # percent
    "class_box": _switch(),
    # of the view "Lesson"
    "step": _number(1, 1, STEPS),
}

# Their widgets do not stand in every view; Streamlit forgets a widget that is not drawn.
VIEW_SETTINGS = (
    *("layers", "aggregation", "size"),
    *("colors", "range", "overlay", "opacity", "smooth"),
    *("beside", "beside_photo", "beside_network", "beside_aggregation", "beside_range", "difference"),
    "depth",
    *("controls", "threshold"),
    *("show", "layer", "field", "second", "rank", "thumbs", "thumb_page", "patches"),
    *("class", "against", "method", "erase", "class_box"),
    "step",
)


def current_settings() -> dict[str, Any]:
    """All settings as they stand in the session, each a value of its own."""
    values = {name: st.session_state[name] for name in SETTINGS}
    return {name: list(value) if isinstance(value, list) else value for name, value in values.items()}


def apply_settings(values: dict[str, Any]) -> None:
    """Set several choices at once; for callbacks, which run before the widgets are drawn."""
    for name, value in values.items():
        st.session_state[name] = list(value) if isinstance(value, list) else value
