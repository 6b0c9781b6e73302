"""The documents lead where they say, and README.md stays short."""

import re
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LONGEST_README = 150  # lines

CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def list_links(path: Path) -> list[str]:
    """Targets of all links that stay in the repository."""
    targets = LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
    return [target for target in targets if "://" not in target]


def list_anchors(path: Path) -> set[str]:
    """What GitHub makes of a document's headings: lower case, hyphens for spaces, no punctuation."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
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


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_README
