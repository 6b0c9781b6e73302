"""Every choice of the sidebar in the page's address, and back.

Streamlit's own `bind="query-params"` writes the widgets' labels, and these are translated here: a link
would break with the language, and so does the widget. This module writes plain values instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from views.texts import LANGUAGES
from viz.aggregate import AGGREGATIONS
from viz.channels import RANKINGS
from viz.images import FRAMINGS, MAX_ASPECT, MAX_SIZE, MIN_SIZE, NORMALIZATION
from viz.layers import CONV_LAYERS, LAYER_NAMES, SIDES
from viz.metrics import DEFAULT_THRESHOLD
from viz.scales import RANGES
from viz.specs import COLOR_SCALES

SAMPLES = {
    "cat": "cat.png",
    "coffee": "coffee.png",
    "astronaut": "astronaut.png",
    "rocket": "rocket.jpg",
    "brick": "brick.png",
}
OWN_PHOTOS = ("upload", "camera")
VIEWS = ("compare", "depth", "measure", "probe")
SHOWS = ("maps", "alike", "channels")  # what the view "probe" shows
NO_SECOND = "none"
THUMB_SCALES = ("own", "shared")
CONTROLS = ("untrained", "coarse", "noise")
SIZE_STEP = 32
MOST_CHANNELS = max(layer.channels for layer in CONV_LAYERS)
THUMBS = 16  # channels a page
LEAST_THRESHOLD = 0.05
MOST_THRESHOLD = 0.95
LONGEST_SIDE = MAX_SIZE * MAX_ASPECT  # of any framed photograph, in pixels

DEFAULT_LAYERS = ("conv1_2", "conv3_1", "conv4_3", "conv5_3")  # one a stage and the deepest
HOMEWORK_LAYERS = ("conv1_1", "conv3_1", "conv4_2")
HOMEWORK_VIEW: dict[str, Any] = {
    "view": "compare",
    "layers": list(HOMEWORK_LAYERS),
    "aggregation": "mean",
    "side": "post",
    "framing": "squash",
    "size": MIN_SIZE,
    "colors": "jet",
    "range": "own",
    "overlay": False,
    "smooth": False,
}


@dataclass(frozen=True)
class Setting:
    """One choice of the visitor, which is also one parameter of the address.

    Attributes:
        default: The value that is not written into the address.
        read: From the parameter's texts to a value; raises ValueError on anything invalid.
        write: From a value to the parameter's texts.
    """

    default: Any
    read: Callable[[Sequence[str]], Any]
    write: Callable[[Any], list[str]] = lambda value: [str(value)]


def _choice(default: str, options: Sequence[str]) -> Setting:
    def read(texts: Sequence[str]) -> str:
        return _one_of(texts[-1], options)

    return Setting(default, read)


def _switch() -> Setting:
    def read(texts: Sequence[str]) -> bool:
        return _one_of(texts[-1], ("false", "true")) == "true"

    return Setting(False, read, lambda value: [str(value).lower()])


def _one_of(text: str, options: Sequence[str]) -> str:
    if text not in options:
        raise ValueError(f"expected one of {', '.join(options)}, got {text!r}")
    return text


def _read_layers(texts: Sequence[str]) -> list[str]:
    """Repeated parameters and commas are both understood; an empty text is an empty selection."""
    names = [name for text in texts for name in text.split(",") if name]
    return [name for name in LAYER_NAMES if name in {_one_of(name, LAYER_NAMES) for name in names}]


def _read_size(texts: Sequence[str]) -> int:
    size = int(texts[-1])
    if not MIN_SIZE <= size <= MAX_SIZE or size % SIZE_STEP:
        raise ValueError(f"expected a multiple of {SIZE_STEP} from {MIN_SIZE} to {MAX_SIZE}, got {size}")
    return size


def _read_opacity(texts: Sequence[str]) -> float:
    opacity = round(float(texts[-1]), 2)
    if not 0 <= opacity <= 1:
        raise ValueError(f"expected 0 to 1, got {opacity}")
    return opacity


def _read_threshold(texts: Sequence[str]) -> float:
    threshold = _read_opacity(texts)
    if not LEAST_THRESHOLD <= threshold <= MOST_THRESHOLD:
        raise ValueError(f"expected {LEAST_THRESHOLD} to {MOST_THRESHOLD}, got {threshold}")
    return threshold


def _read_controls(texts: Sequence[str]) -> list[str]:
    names = {_one_of(name, CONTROLS) for text in texts for name in text.split(",") if name}
    return [name for name in CONTROLS if name in names]


def _read_box(texts: Sequence[str]) -> tuple[int, ...]:
    left, top, right, bottom = (int(text) for text in texts[-1].split(","))
    if not (0 <= left < right <= LONGEST_SIDE and 0 <= top < bottom <= LONGEST_SIDE):
        raise ValueError(f"expected left, top, right, bottom in input pixels, got {texts[-1]!r}")
    return left, top, right, bottom


def _read_point(texts: Sequence[str]) -> tuple[int, ...]:
    x, y = (int(text) for text in texts[-1].split(","))
    if not (0 <= x < LONGEST_SIDE and 0 <= y < LONGEST_SIDE):
        raise ValueError(f"expected x, y in input pixels, got {texts[-1]!r}")
    return x, y


def _read_number(least: int, most: int) -> Callable[[Sequence[str]], int]:
    def read(texts: Sequence[str]) -> int:
        number = int(texts[-1])
        if not least <= number <= most:
            raise ValueError(f"expected {least} to {most}, got {number}")
        return number

    return read


def _write_pixels(values: Sequence[int]) -> list[str]:
    return [",".join(map(str, values))]


SETTINGS: dict[str, Setting] = {
    "view": _choice("compare", VIEWS),
    "photo": _choice("cat", tuple(SAMPLES)),
    "layers": Setting(list(DEFAULT_LAYERS), _read_layers, lambda names: list(names) or [""]),
    "aggregation": _choice("mean", tuple(AGGREGATIONS)),
    "side": _choice("post", SIDES),
    "colors": _choice("turbo", tuple(COLOR_SCALES)),
    "range": _choice("own", RANGES),
    "overlay": _switch(),
    "opacity": Setting(0.6, _read_opacity),
    "smooth": _switch(),
    "framing": _choice("whole", FRAMINGS),
    "size": Setting(MIN_SIZE, _read_size),
    "weights": _choice("bundled", tuple(NORMALIZATION)),
    "lang": _choice("en", tuple(LANGUAGES)),
    "controls": Setting(["untrained"], _read_controls, lambda names: list(names) or [""]),
    "threshold": Setting(DEFAULT_THRESHOLD, _read_threshold),
    "box": Setting(None, _read_box, _write_pixels),
    "show": _choice("maps", SHOWS),
    "point": Setting(None, _read_point, _write_pixels),
    "layer": _choice(LAYER_NAMES[-1], LAYER_NAMES),
    "field": _switch(),
    "second": _choice(NO_SECOND, (NO_SECOND, *SAMPLES)),
    "channel": Setting(None, _read_number(0, MOST_CHANNELS - 1)),
    "rank": _choice("mean", RANKINGS),
    "thumbs": _choice("own", THUMB_SCALES),
    "thumb_page": Setting(1, _read_number(1, -(-MOST_CHANNELS // THUMBS))),
    "patches": _switch(),
}
LISTS = ("layers", "controls")

# Their widgets stand in one view only; Streamlit forgets a widget that is not drawn.
VIEW_SETTINGS = (
    *("controls", "threshold"),
    *("show", "layer", "field", "second", "rank", "thumbs", "thumb_page", "patches"),
)


def read_settings(parameters: dict[str, list[str]]) -> dict[str, Any]:
    """Values of all settings; what is missing or invalid gets its default, without an error.

    Args:
        parameters: The address's parameters, each with all its texts.

    Example:
        >>> read_settings({"photo": ["rocket"], "side": ["above"]})["side"]
        'post'
    """
    return {name: _read_setting(setting, parameters.get(name)) for name, setting in SETTINGS.items()}


def _read_setting(setting: Setting, texts: list[str] | None) -> Any:
    if texts:
        try:
            return setting.read(texts)
        except ValueError:
            pass  # an old or mistyped link still opens
    return list(setting.default) if isinstance(setting.default, list) else setting.default


def write_settings(values: dict[str, Any]) -> dict[str, list[str]]:
    """The address's parameters: what differs from its default and can travel.

    Example:
        >>> write_settings({"photo": "rocket", "side": "post"})
        {'photo': ['rocket']}
    """
    return {
        name: SETTINGS[name].write(value)
        for name, value in values.items()
        if value != SETTINGS[name].default and value not in OWN_PHOTOS
    }


def open_address() -> None:
    """At the start of a run: fill the widgets' state from the address, when that is news.

    It is news in a session's first run, and when the visitor went back or forward in the browser: then
    the address is not what was written last, though no widget has changed.
    """
    state = st.session_state
    address = _current_address()
    if "_address" not in state:
        state.update(_read_first(address))
    elif address != state["_address"] and current_settings() == state.get("_settings"):
        state.update(read_settings(address))
    state["_address"] = address
    state.update({name: state[name] for name in VIEW_SETTINGS})  # written anew, they are not forgotten


def _read_first(address: dict[str, list[str]]) -> dict[str, Any]:
    values = read_settings(address)
    if "lang" not in address:
        values["lang"] = _browser_language()
    return values


def _browser_language() -> str:
    return "zh" if (st.context.locale or "").lower().startswith("zh") else SETTINGS["lang"].default


def close_address() -> None:
    """At the end of a run: write the address that leads back to what is on the page."""
    settings = current_settings()
    address = write_settings(settings)
    if _browser_language() != SETTINGS["lang"].default:
        address["lang"] = [settings["lang"]]  # here English is a choice, too
    if address != _current_address():
        st.query_params.from_dict(address)
    st.session_state["_address"] = address
    st.session_state["_settings"] = settings


def current_settings() -> dict[str, Any]:
    """The settings as they stand in the session, each a value of its own."""
    state = st.session_state
    return {name: list(state[name]) if name in LISTS else state[name] for name in SETTINGS}


def _current_address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}
