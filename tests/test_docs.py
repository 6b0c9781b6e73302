"""The documents lead where they say, figures are the benchmarks', and README.md stays short."""

import ast
import re
import textwrap
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT

TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "llms.txt")
DOCUMENTS = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").glob("*.md"))]
LONGEST_README = 150  # lines
MEASUREMENTS = ROOT / "docs" / "measurements.md"

CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


PLACE = re.compile(r"^<!-- (?P<name>[\w ]+) -->\n(.*?)\n\n<!-- /(?P=name) -->$", re.DOTALL | re.MULTILINE)


RECIPE = re.compile(
    r"^ *<!-- recipe: (?P<name>.+?) -->\n *```(?P<kind>\w+)\n(?P<code>.*?)^ *```$", re.DOTALL | re.MULTILINE
)
ADDED = ("aggregation", "metric", "method", "source", "view", "language")  # a row of a table each


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def list_links(path: Path) -> list[str]:
    """Targets of all links that stay in the repository."""
    targets = LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
    return [target for target in targets if "://" not in target]


def list_anchors(path: Path) -> set[str]:
    """What GitHub makes of a document's headings: lower case, hyphens for spaces, no punctuation."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    seen: Counter[str] = Counter()
    anchors = set()
    for heading in HEADING.findall(text):
        slug = re.sub(r"[^\w\- ]", "", LINK.sub("", heading).lower()).replace(" ", "-")
        anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return anchors


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(path):
    for target in list_links(path):
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.is_relative_to(ROOT.resolve()) and found.exists(), target
        assert not anchor or anchor in list_anchors(found), target


def test_the_readme_names_every_document():
    assert {path for path in DOCUMENTS if path.name != "README.md"} <= {
        ROOT / target for target in list_links(ROOT / "README.md")
    }


def test_models_are_told_of_every_document_in_english():
    told = {ROOT / target for target in list_links(ROOT / "llms.txt")}
    assert {path for path in DOCUMENTS if path.suffixes == [".md"]} <= told


def test_the_citation_has_what_the_format_requires_and_the_version():
    lines = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines if not line.startswith(" "))
    assert {"cff-version", "message", "title", "authors"} <= fields.keys()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [fields[name].strip() for name in ("version", "license")] == [
        project["version"],
        project["license"],
    ]


def test_every_table_of_the_measurements_is_a_benchmarks():
    scripts = [path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").glob("*.py")]
    printed = re.findall(r' print_(?:table|rows)\(\s*"([\w ]+)"', "\n".join(scripts))
    pages = [MEASUREMENTS, MEASUREMENTS.with_name("networks.md")]
    written = [place["name"] for page in pages for place in PLACE.finditer(page.read_text(encoding="utf-8"))]
    assert sorted(written) == sorted(set(printed))


def test_between_the_tables_stands_no_figure():
    text = PLACE.sub("", MEASUREMENTS.read_text(encoding="utf-8")).split("## Seen by hand")[0]
    assert re.findall(r"(?<![\w.])\d.*", CODE.sub("", text)) == []


def test_a_benchmark_replaces_its_own_table(tmp_path, monkeypatch, capsys):
    from benchmarks import common

    text = "before\n\n<!-- crowd -->\nold\n\n<!-- /crowd -->\n\n<!-- views -->\nkept\n\n<!-- /views -->\n"
    path = tmp_path / "measurements.md"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(common, "MEASUREMENTS", path)
    for write in (False, True):
        assert path.read_text(encoding="utf-8") == text
        with common.print_table("crowd", write, ("what", "figure")) as add:
            add(("maps", "990"))
    table = f"_{common.describe_run()}_\n\n| what | figure |\n| --- | --- |\n| maps | 990 |\n"
    assert path.read_text(encoding="utf-8") == text.replace("old\n", table)
    assert capsys.readouterr().out == 2 * f"{table}\n"


def test_a_table_that_was_cut_short_or_has_no_place_is_not_written(tmp_path, monkeypatch):
    from benchmarks import common

    path = tmp_path / "measurements.md"
    path.write_text("<!-- crowd -->\nold\n<!-- /crowd -->\n", encoding="utf-8")
    monkeypatch.setattr(common, "MEASUREMENTS", path)
    with pytest.raises(RuntimeError), common.print_table("crowd", True) as add:
        add(("maps", "990"))
        raise RuntimeError("the server did not start")
    with pytest.raises(ValueError, match="no place between <!-- views --> and <!-- /views -->"):
        common.print_table("views", True).__enter__()
    assert path.read_text(encoding="utf-8") == "<!-- crowd -->\nold\n<!-- /crowd -->\n"


def test_a_table_says_when_and_where_it_was_measured():
    from benchmarks.common import describe_run

    pattern = r"\d{4}-\d\d-\d\d, torch \d[\w.+]*, streamlit \d[\w.+]*, NVIDIA H200, .+, \d+ cores?"
    assert re.fullmatch(pattern, describe_run("NVIDIA H200"))


def read_recipes() -> dict[str, tuple[str, str]]:
    """The language and the text of each block of a recipe, by its name."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {found["name"]: (found["kind"], textwrap.dedent(found["code"])) for found in RECIPE.finditer(text)}


def list_keys(code: str) -> dict[str, list[str]]:
    """The keys of a catalogue's words, by their section."""
    return {section: list(words) for section, words in tomllib.loads(code).items()}


def test_each_recipe_has_its_row():
    recipes = read_recipes()
    assert {recipe.partition(",")[0] for recipe in recipes} == set(ADDED)
    assert [kind for kind, _ in map(recipes.__getitem__, ADDED)] == ["python"] * len(ADDED)


def test_the_recipes_can_be_read():
    recipes = read_recipes()
    for recipe, (kind, code) in recipes.items():
        if kind == "python":
            ast.parse(code, recipe)
        elif kind == "toml":
            what, _, language = recipe.partition(", ")
            other = recipes[f"{what}, {'zh' if language == 'en' else 'en'}"][1]
            assert list_keys(code) == list_keys(other)


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_README
