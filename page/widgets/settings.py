"""Widgets of settings, in the visitor's language.

A widget's label stands in the catalogues; the text behind its question mark, if it has one, stands under the
same key with "_help" at its end.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from page.choice.choice import SETTINGS
from page.choice.session import choose
from page.choice.setting import Value
from viz.texts import Translate

HIDDEN: dict[str, Any] = {"required": True, "label_visibility": "collapsed"}  # a control without its label


def find_help(words: Translate, label: str) -> str | None:
    """What explains a widget, by the key of its label; None where nothing does."""
    return words.find(f"{label}_help")


def draw_choice(
    words: Translate,
    widget: Callable[..., Any],
    key: str,
    label: str,
    names: str | Mapping[str, str],
    options: Collection[str] | None = None,
    **more: Any,
) -> None:
    """A widget that offers a setting's options.

    Args:
        words: Of the visitor's language.
        widget: Such as `st.selectbox`: it takes a label and options.
        key: Of the setting.
        label: Key of the label in the catalogues.
        names: The options' names; or what the keys of these begin with in the catalogues, where an option
            without a name shows itself.
        options: What is offered; None: all options of the setting, or all that have names.
        more: For the widget.
    """
    offered = list(options or (SETTINGS[key].options if isinstance(names, str) else names))
    if isinstance(names, str):
        names = {option: words.find(f"{names}{option}") or option for option in offered}
    widget(
        words(label), offered, format_func=names.__getitem__, key=key, help=find_help(words, label), **more
    )


def draw_slider(words: Translate, key: str, label: str, **more: Any) -> None:
    """A slider over a setting's limits; arguments as `draw_choice`."""
    least, most, step = SETTINGS[key].limits
    st.slider(words(label), least, most, step=step, key=key, help=find_help(words, label), **more)


def draw_switch(words: Translate, key: str, label: str) -> None:
    """A switch of a setting; arguments as `draw_choice`."""
    st.toggle(words(label), key=key, help=find_help(words, label))


def draw_preset(words: Translate, key: str, label: str, values: Mapping[str, Value], **more: Any) -> None:
    """A button that sets several settings at once; `more` are values of its words, and for `st.button`."""
    told = {name: more.pop(name) for name in ("count", "megabytes", "network") if name in more}
    how: dict[str, Any] = {"help": find_help(words, label), "on_click": choose, "args": (values,)}
    st.button(words(label, **told), key=key, **how, **more)


def draw_layers_button(words: Translate, key: str, label: str, names: Sequence[str]) -> None:
    """A button that selects layers, by their names; other arguments as `draw_preset`."""
    draw_preset(words, key, label, {"layers": tuple(names)}, count=len(names))


def draw_neighbour(words: Translate, label: str, step: int, lead: Callable[[], None] | None) -> None:
    """A button, also a key, that leads to what is before (-1) or behind (1); None: there is nothing.

    The key waits while the visitor types.
    """
    st.button(
        words(label),
        key=label.replace(".", "_"),
        on_click=lead,
        disabled=lead is None,
        shortcut="Left" if step < 0 else "Right",
    )
