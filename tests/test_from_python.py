"""docs/from-python.md names all that `viz` offers, as it is, and its examples give what they say."""

import doctest
import inspect
import re

from conftest import ROOT

import viz

TEXT = (ROOT / "docs" / "from-python.md").read_text(encoding="utf-8")
# Whose heading tells no parameters: they are given, or raised.
GIVEN = {"AGGREGATIONS", "Heatmaps", "Layer", "Network", "Prediction"}
GIVEN |= {"ImageError", "NetworkError", "WeightsError"}


def describe(name: str) -> str:
    """A name with its parameters and their defaults, as Python has them."""
    if name in GIVEN:
        return name
    signature = inspect.signature(getattr(viz, name))
    plain = [part.replace(annotation=part.empty) for part in signature.parameters.values()]
    return f"{name}{signature.replace(parameters=plain, return_annotation=signature.empty)}"


def test_each_name_has_its_heading_and_an_example():
    sections = re.findall("^### `(.*?)`$(.*?)(?=^##)", TEXT, re.MULTILINE | re.DOTALL)
    assert sorted(heading for heading, _ in sections) == sorted(map(describe, viz.__all__))
    assert all(">>> " in text for _, text in sections)


def test_the_examples_give_what_they_say():
    code = re.sub("^```.*$", "", TEXT, flags=re.MULTILINE)
    example = doctest.DocTestParser().get_doctest(code, {}, "from-python.md", None, 0)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    said: list[str] = []
    doctest.DocTestRunner(optionflags=flags).run(example, out=said.append)
    assert not said, "".join(said)
