"""The kinds of settings: how one is read from an address or a widget, written, and offered.

Each function below declares a field of `page.choice.choice.Choice` and is typed as the field's value.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Value = str | int | float | bool | tuple[str, ...] | tuple[int, ...] | None
T = TypeVar("T", bound=Value)
MOST_NAMES = 1000  # in a list


@dataclass(frozen=True)
class Setting:
    """What is known of one setting beside its value.

    Attributes:
        default: The value that is not written into the address; None: other choices decide.
        parse: From the parameter's texts to a value; raises ValueError where they are none.
        accepts: Whether a value is one of the setting's.
        write: From a value to the parameter's texts.
        options: What can be chosen, of a choice.
        limits: The least and the largest value and the step between two, of a number.
        key: Of its widget and of its parameter in the address; "": the field's name.
        is_list: Whether its widget's value is a list.
    """

    default: Value
    parse: Callable[[Sequence[str]], Value]
    accepts: Callable[[object], bool]
    write: Callable[[Value], list[str]]
    options: Collection[str]
    limits: tuple[float, float, float]
    key: str
    is_list: bool

    def read(self, texts: Sequence[str]) -> Value:
        """The value that an address names.

        Raises:
            ValueError: It names none.
        """
        value = self.parse(texts)
        if not self.accepts(value):
            raise ValueError(f"{texts[-1]!r} is no value of this setting")
        return value


METADATA = "setting"  # under which a field carries its setting


def one_of(default: str, options: Collection[str]) -> str:
    """One of some options."""
    return _declare(default, _last, options.__contains__, options=options)


def one_of_or_first(options: Collection[str]) -> str | None:
    """One of some options; None: the first that can be."""
    return _declare(None, _last, options.__contains__, options=options)


def some_of(options: Collection[str]) -> tuple[str, ...]:
    """Several of some options, in their order."""

    def parse(texts: Sequence[str]) -> tuple[str, ...]:
        wanted, known = _split(texts), list(options)
        return tuple(sorted(wanted, key=lambda name: known.index(name) if name in known else len(known)))

    def accepts(value: object) -> bool:
        return isinstance(value, tuple) and all(name in options for name in value)

    return _declare((), parse, accepts, _write_list, options=options, is_list=True)


def names() -> tuple[str, ...] | None:
    """Names in any order; None: those that are shown at first."""

    def accepts(value: object) -> bool:
        return isinstance(value, tuple) and len(value) <= MOST_NAMES

    return _declare(None, _split, accepts, _write_list, is_list=True)


def name() -> str | None:
    """A name of which others know whether it is one; None: the first or the last that there is."""
    return _declare(None, _last, _is_name)


def name_or(default: str) -> str:
    """The same, with a default."""
    return _declare(default, _last, _is_name)


def switch() -> bool:
    """On or off; off at first."""

    def parse(texts: Sequence[str]) -> bool | None:
        return {"false": False, "true": True}.get(texts[-1])

    return _declare(False, parse, lambda value: isinstance(value, bool), lambda value: [str(value).lower()])


def number(default: int, least: int, most: int, step: int = 1) -> int:
    """A whole number."""

    def accepts(value: object) -> bool:
        return isinstance(value, int) and least <= value <= most and (value - least) % step == 0

    return _declare(default, _parse_int, accepts, limits=(least, most, step))


def number_or_none(most: int, key: str = "") -> int | None:
    """A whole number from 0 on, or none."""
    inside = range(most + 1)
    return _declare(None, _parse_int, lambda value: value is None or value in inside, key=key)


def fraction(default: float, least: float, most: float, step: float) -> float:
    """A number between two; the finer ones of old links are rounded to the steps."""

    def parse(texts: Sequence[str]) -> float:
        value = float(texts[-1])
        if not least <= value <= most:
            raise ValueError(f"expected {least} to {most}, got {value}")
        return round(least + step * round((value - least) / step), 2)

    def accepts(value: object) -> bool:
        return isinstance(value, int | float) and least <= value <= most

    return _declare(default, parse, accepts, limits=(least, most, step))


def pixels(count: int, most: int) -> tuple[int, ...] | None:
    """So many places in input pixels with commas between, or none; four are left, top, right and bottom."""

    def accepts(value: object) -> bool:
        if not isinstance(value, tuple):
            return value is None
        inside = len(value) == count and all(0 <= place <= most for place in value)
        return inside and (count != 4 or (value[0] < value[2] and value[1] < value[3]))

    def parse(texts: Sequence[str]) -> tuple[int, ...]:
        return tuple(int(text) for text in texts[-1].split(","))

    return _declare(None, parse, accepts, lambda value: [",".join(map(str, _list(value)))])


def _declare(
    default: T,
    parse: Callable[[Sequence[str]], Value],
    accepts: Callable[[object], bool],
    write: Callable[[Value], list[str]] = lambda value: [str(value)],
    *,
    options: Collection[str] = (),
    limits: tuple[float, float, float] = (0, 0, 0),
    key: str = "",
    is_list: bool = False,
) -> T:
    setting = Setting(default, parse, accepts, write, options, limits, key, is_list)
    return field(default=default, metadata={METADATA: setting})


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _last(texts: Sequence[str]) -> str:
    return texts[-1]


def _parse_int(texts: Sequence[str]) -> int:
    return int(texts[-1])


def _split(texts: Sequence[str]) -> tuple[str, ...]:
    """Repeated parameters and commas are both understood."""
    return tuple(dict.fromkeys(name for text in texts for name in text.split(",") if name))


def _write_list(value: Value) -> list[str]:
    return [str(name) for name in _list(value)] or [""]


def _list(value: Value) -> Sequence[object]:
    return value if isinstance(value, tuple) else ()
