"""A choice to the page's address, and back.

Streamlit's own `bind="query-params"` writes the widgets' labels, and these are translated here: a link
would break with the language, and so does the widget. This module writes plain values instead.
"""

from collections.abc import Mapping

from page.choice.choice import DEFAULT, SETTINGS, Choice
from page.choice.setting import Value

Address = dict[str, list[str]]

# Before there were networks there were weights; links of that time still open.
NETWORKS_OF_WEIGHTS = {"bundled": "vgg16", "imagenet1k_v1": "torchvision:vgg16"}


def read_address(address: Address) -> tuple[Choice, list[str]]:
    """The choice that an address names, and the keys of the settings whose values it does not name rightly.

    What is missing or invalid gets its default.
    """
    if "weights" in address and "network" not in address:
        address = address | {"network": [NETWORKS_OF_WEIGHTS.get(text, text) for text in address["weights"]]}
    values: dict[str, Value] = {}
    unreadable: list[str] = []
    for key, setting in SETTINGS.items():
        if address.get(key):
            try:
                values[key] = setting.read(address[key])
            except ValueError:
                unreadable.append(key)
    return DEFAULT.change(values), unreadable


def list_moved(address: Address, choice: Choice) -> list[str]:
    """Keys of the settings of which the address, read as this choice, names a number between two steps."""
    numbers = {key: value for key, value in choice.values.items() if isinstance(value, float)}
    return [key for key, value in numbers.items() if address.get(key) and not _names(address[key][-1], value)]


def _names(text: str, value: float) -> bool:
    """Whether a text is this number; what is no number is told as unreadable."""
    try:
        return float(text) == value
    except ValueError:
        return True


def write_address(values: Mapping[str, Value], defaults: Mapping[str, Value]) -> Address:
    """The parameters of what differs from its default.

    A photograph of one's own cannot travel, but that it was chosen can: no photograph in the address is the
    default one.

    Args:
        values: Of a choice, by their keys.
        defaults: Of the settings whose defaults depend on other choices, such as a network's layers.
    """
    plain = DEFAULT.values
    return {
        key: SETTINGS[key].write(value)
        for key, value in values.items()
        if value not in (plain[key], defaults.get(key, plain[key]))
    }
