"""How large the page's code is: `python benchmarks/lines.py`, from the project's folder.

Each figure is held against the code before `page/` was rebuilt.
"""

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

from common import WRITE_HELP, Row, print_rows

ROOT = Path(__file__).parent.parent
ENDINGS = (".py", ".js", ".css")
STATE = {"session_state", "query_params"}  # Streamlit's names of what belongs to one visitor

# What it was before, and what it may be at most.
REFERENCE = "the code before `page/` was rebuilt"
LINES = (11_141, 10_300)
LONGEST_FILE = (365, 300)
LONGEST_FUNCTION = (46, 45)
STATE_MODULES = (32, 1)


def main() -> None:
    """Count, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    print_rows("lines", count_all(), options.write)


def count_all() -> Iterator[Row]:
    """All rows."""
    paths = [ROOT / "app.py", *(ROOT / "page").rglob("*"), *(ROOT / "viz").rglob("*")]
    files = {path: path.read_text(encoding="utf-8") for path in paths if path.suffix in ENDINGS}
    lengths = {name_file(path): len(text.splitlines()) for path, text in files.items()}
    trees = {name_file(path): ast.parse(text) for path, text in files.items() if path.suffix == ".py"}
    functions = {
        f"{name}, {node.name}": measure_length(node)
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    state = [name for name, tree in trees.items() if name.startswith("page/") and names_state(tree)]
    yield compare_count(
        f"lines of app.py, page/ and viz/ ({', '.join(ENDINGS)})", sum(lengths.values()), LINES
    )
    yield compare_longest("longest file", lengths, LONGEST_FILE)
    yield compare_longest("longest function", functions, LONGEST_FUNCTION)
    yield compare_count(
        "modules of page/ that name `session_state` or `query_params`", len(state), STATE_MODULES
    )


def name_file(path: Path) -> str:
    """Its path from the project's folder."""
    return path.relative_to(ROOT).as_posix()


def measure_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from a function's `def` to its end, docstring included and decorators left out."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def names_state(tree: ast.Module) -> bool:
    """Whether a module names what Streamlit keeps for a visitor, as an attribute, a variable or an import."""
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    return bool(names & STATE)


def compare_longest(what: str, lengths: dict[str, int], bounds: tuple[int, int]) -> Row:
    """A row for the longest of several, which it names."""
    longest = max(lengths, key=lengths.__getitem__)
    return compare_count(f"lines of the {what}, `{longest}`", lengths[longest], bounds)


def compare_count(what: str, count: int, bounds: tuple[int, int]) -> Row:
    """A row for something that is counted.

    Args:
        what: Is counted.
        count: How many there are.
        bounds: How many there were before, and may be at most.
    """
    before, limit = bounds
    cells = (f"{count:,}", f"{before:,}", f"{count / before:.2f}", f"at most {limit:,}")
    return Row(what, REFERENCE, *cells, count <= limit)


if __name__ == "__main__":
    main()
