"""Every choice in the page's address, and back.

Streamlit's own `bind="query-params"` writes the widgets' labels, and these are translated here: a link
would break with the language, and so does the widget. This module writes plain values instead.
"""

from typing import Any

import streamlit as st

from page.beside import beside_defaults
from page.networks import network_defaults
from page.settings import SETTINGS, VIEW_SETTINGS, Setting, current_settings

# Before there were networks there were weights; links of that time still open.
NETWORKS_OF_WEIGHTS = {"bundled": "vgg16", "imagenet1k_v1": "torchvision:vgg16"}


def read_settings(parameters: dict[str, list[str]]) -> dict[str, Any]:
    """Values of all settings; what is missing or invalid gets its default, without an error.

    Args:
        parameters: The address's parameters, each with all its texts.
    """
    if "weights" in parameters and "network" not in parameters:
        networks = [NETWORKS_OF_WEIGHTS.get(text, "") for text in parameters["weights"]]
        parameters = parameters | {"network": networks}
    return {name: _read_setting(setting, parameters.get(name)) for name, setting in SETTINGS.items()}


def _read_setting(setting: Setting, texts: list[str] | None) -> Any:
    if texts:
        try:
            return setting.read(texts)
        except ValueError:
            pass  # an old or mistyped link still opens
    return list(setting.default) if isinstance(setting.default, list) else setting.default


def write_settings(values: dict[str, Any]) -> dict[str, list[str]]:
    """The address's parameters: what differs from its default.

    A photograph of one's own cannot travel, but that it was chosen can: no photograph in the address is the
    default one.
    """
    return {
        name: SETTINGS[name].write(value) for name, value in values.items() if value != SETTINGS[name].default
    }


def open_address() -> None:
    """At the start of a run: fill the widgets' state from the address, when that is news.

    It is news in a session's first run, and when the visitor went back or forward in the browser: then
    the address is not what was written last, though no widget has changed.
    """
    state = st.session_state
    address = _current_address()
    if "_address" not in state:
        state.update(_read_all(address))
    elif address != state["_address"] and current_settings() == state.get("_settings"):
        state.update(_read_all(address))
        state.pop("_names_before", None)  # the layers of this address belong to its network
        state.pop("_picture", None)  # the box and the point of this address belong to its picture
    state["_address"] = address
    undrawn = SETTINGS if state["view"] == "lesson" else VIEW_SETTINGS
    state.update({name: state[name] for name in undrawn})  # written anew, they are not forgotten


def close_address() -> None:
    """At the end of a run: write the address that leads back to what is on the page."""
    settings = current_settings()
    defaults = network_defaults() | beside_defaults()
    chosen = {name: None if defaults.get(name, ()) == value else value for name, value in settings.items()}
    address = write_settings(chosen)
    if _browser_language() != SETTINGS["lang"].default:
        address["lang"] = [settings["lang"]]  # here English is a choice, too
    if address != _current_address():
        st.query_params.from_dict(address)
    st.session_state["_address"] = address
    note_settings()


def note_settings() -> None:
    """Remember what the page shows: where it shows this still, another address is the visitor's wish."""
    st.session_state["_settings"] = current_settings()


def _read_all(address: dict[str, list[str]]) -> dict[str, Any]:
    values = read_settings(address)
    if "lang" not in address:
        values["lang"] = _browser_language()
    return values


def _browser_language() -> str:
    return "zh" if (st.context.locale or "").lower().startswith("zh") else SETTINGS["lang"].default


def _current_address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}
