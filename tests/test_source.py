"""The house stays plain: public interfaces, one direction of imports, no private names of others."""

import ast
import re
from pathlib import Path

import pytest
from conftest import ROOT

# benchmarks/crowd.py speaks Streamlit's protocol, which is no public interface.
EXEMPT = {"benchmarks/crowd.py"}
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (".", "page", "viz", "cloud", "benchmarks")
    for path in (ROOT / folder).glob("*.py" if folder == "." else "**/*.py")
    if path.relative_to(ROOT).as_posix() not in EXEMPT
)
SCRIPTS = sorted((ROOT / "page" / "browser").glob("*.js"))
PUBLIC = {
    "streamlit": {"streamlit", "streamlit.components.v2", "streamlit.testing.v1"},
    "plotly": {"plotly.graph_objects", "plotly.colors", "plotly.io"},
}
GLOBAL_SWITCHES = re.compile(
    r"ctypes|setswitchinterval|gc\.(freeze|disable|set_threshold)|set_num_threads|malloc|OMP_WAIT|os\.environ\["
)
# Each package of viz imports from those before it, and from its own.
ORDER = {"pictures": 0, "networks": 1, "maps": 2, "evidence": 3, "measures": 3, "figures": 4, "reports": 4}


def read_tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def list_imports(name: str) -> list[str]:
    """Names of all modules that a file imports, wherever in it."""
    found: list[str] = []
    for node in ast.walk(read_tree(name)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


@pytest.mark.parametrize("name", SOURCES)
def test_only_public_interfaces_are_used(name):
    for module in list_imports(name):
        library = module.split(".")[0]
        assert library not in PUBLIC or module in PUBLIC[library], module
    for node in ast.walk(read_tree(name)):
        if isinstance(node, ast.ImportFrom):
            assert not [alias.name for alias in node.names if re.match(r"_[^_]", alias.name)]
        if isinstance(node, ast.Attribute) and re.match(r"_[^_]", node.attr):
            assert isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"), ast.unparse(node)


@pytest.mark.parametrize("name", [name for name in SOURCES if not name.startswith("benchmarks/")])
def test_nothing_global_is_switched(name):
    assert not GLOBAL_SWITCHES.findall((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_use_nothing_private(path: Path):
    assert not re.findall(r"\._\w+|_full|__\w+", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith(("page/", "viz/"))])
def test_each_room_imports_what_it_may(name):
    package = name.split("/")[1] if name.startswith("viz/") else ""
    for module in list_imports(name):
        library, *rest = module.split(".")
        assert library != "streamlit" or name.startswith("page/"), module
        assert library != "plotly" or name.startswith("viz/figures/"), module
        if name.startswith("viz/"):
            assert library not in ("page", "survey"), module
            if library == "viz" and rest and rest[0] in ORDER and package in ORDER:
                allowed = rest[0] == package or ORDER[rest[0]] < ORDER[package]
                assert allowed, module


def test_the_page_knows_nothing_of_tensors():
    assert not [name for name in SOURCES if name.startswith("page/") and "torch" in list_imports(name)]


def test_viz_keeps_no_state():
    for name in SOURCES:
        if name.startswith("viz/"):
            assert not [node for node in ast.walk(read_tree(name)) if isinstance(node, ast.Global)], name
