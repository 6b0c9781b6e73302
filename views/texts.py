"""Every word that a visitor reads, from one catalogue a language in `assets/locales/`."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "zh": "简体中文"}
FOLDER = Path(__file__).parent.parent / "assets" / "locales"

Translate = Callable[..., str]


@cache
def load_catalogue(language: str) -> dict[str, str]:
    """All sentences of one language by their dotted keys, such as "picture.title".

    Args:
        language: A key of `LANGUAGES`.

    Returns:
        Sentences, with `{placeholders}` in `str.format`'s form.

    Raises:
        ValueError: The language is unknown; the message lists the valid ones.
    """
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; expected one of {', '.join(LANGUAGES)}")
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return dict(_flatten(tables, ""))


def _flatten(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        pairs += _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return pairs


def make_translate(language: str) -> Translate:
    """A function from a key and the values of its placeholders to a sentence in `language`."""
    catalogue = load_catalogue(language)

    def translate(key: str, **values: object) -> str:
        return catalogue[key].format(**values)

    return translate
