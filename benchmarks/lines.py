"""How many lines the page's code has: `python benchmarks/lines.py`, from the project's folder."""

import argparse
from pathlib import Path

from common import WRITE_HELP, Row, print_table

ROOT = Path(__file__).parent.parent
ENDINGS = (".py", ".js", ".css")
BEFORE = 6900
LIMIT = 5600


def main() -> None:
    """Count, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    files = [ROOT / "app.py", *(ROOT / "page").rglob("*"), *(ROOT / "viz").rglob("*")]
    count = sum(len(file.read_text().splitlines()) for file in files if file.suffix in ENDINGS)
    what = f"lines of app.py, page/ and viz/ ({', '.join(ENDINGS)})"
    cells = (f"{count:,}", f"{BEFORE:,}", f"{count / BEFORE:.2f}", f"at most {LIMIT:,} lines")
    with print_table("lines", options.write) as add:
        add(Row(what, "the code before", *cells, count <= LIMIT).to_cells())


if __name__ == "__main__":
    main()
