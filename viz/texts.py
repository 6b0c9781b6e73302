"""Every sentence that a visitor reads, from one catalogue a language in `assets/locales/`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from viz.bundled import ASSETS

LANGUAGES = {"en": "English", "zh": "简体中文"}
FOLDER = ASSETS / "locales"


class Translate:
    """Gives the sentences of one language by their dotted keys."""

    def __init__(self, language: str) -> None:
        """Read the catalogue of a key of `LANGUAGES`, once for all."""
        self.language = language
        self._sentences = load_catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """The sentence, with the values in place of its `{placeholders}`."""
        return self._sentences[key].format(**values)

    def find(self, key: str) -> str | None:
        """The sentence as it stands, or None where the catalogue has no such key."""
        return self._sentences.get(key)


class SentenceError(Exception):
    """An error that a person can do something about. Its message is a sentence in English.

    Attributes:
        key: Of the sentence in the catalogues: the class's `section`, then the reason.
        details: The values of the sentence's placeholders.
    """

    section = ""

    def __init__(self, reason: str, **details: object) -> None:
        self.reason = reason
        self.key = f"{self.section}.{reason}"
        self.details = details
        super().__init__(Translate("en")(self.key, **details))


@cache
def load_catalogue(language: str) -> dict[str, str]:
    """All sentences of one language by their dotted keys, such as "picture.title"; not to be changed."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; expected one of {', '.join(LANGUAGES)}")
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return dict(_flatten(tables, ""))


def _flatten(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        pairs += _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return pairs
