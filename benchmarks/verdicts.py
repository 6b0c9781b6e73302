"""The page's verdicts on the five sample photographs, as a table.

Run it from the project's folder: `python benchmarks/verdicts.py`. It opens the page without a browser.
"""

import argparse
import re
import sys
from pathlib import Path

from common import WRITE_HELP, print_table
from streamlit.testing.v1 import AppTest

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.measures.claims import RULES
from viz.pictures.samples import SAMPLES
from viz.texts import Translate

# Left, top, right and bottom edge of the object in the framed photograph, in pixels, drawn by hand: the cat's
# head, cup and saucer, the astronaut without her helmet, the rocket. The brick wall has none.
BOXES = {
    "cat": "18,0,273,214",
    "coffee": "44,9,269,218",
    "astronaut": "9,6,160,224",
    "rocket": "158,65,181,214",
}
PAGE = Path(__file__).parent.parent / "app.py"
TIMEOUT_S = 600
BADGE = re.compile(r":\w+-badge\[(.+?)\]")

translate = Translate("en")


def main() -> None:
    """Print one row a photograph and one column a claim, each with both answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--numbers", action="store_true", help="with the sentences that name the numbers")
    which.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    claims = [translate(f"claim.{claim}").removesuffix(".") for claim in RULES]
    with print_table("verdicts", options.write, ("photograph", *claims)) as add:
        for photo in SAMPLES:
            verdicts = read_verdicts(photo)
            cells = [f"{answers}: {numbers}" if options.numbers else answers for answers, numbers in verdicts]
            add((translate(f"picture.{photo}"), *cells))


def read_verdicts(photo: str) -> list[tuple[str, str]]:
    """Both answers and the sentences of each claim, as they stand on the page.

    Args:
        photo: Key of `SAMPLES`.
    """
    page = AppTest.from_file(str(PAGE), default_timeout=TIMEOUT_S)
    page.query_params.update({"view": "measure", "photo": photo, "lang": "en"})
    if photo in BOXES:
        page.query_params["box"] = BOXES[photo]
    page.run()
    if photo in BOXES:  # else its numbers come along
        page.button(key="compare").click().run()
    verdicts = {}
    for text in (element.value for element in page.markdown):
        if answers := BADGE.findall(text):
            claim, _, numbers = text.partition("\n")
            verdicts[claim.strip(" *")] = (", ".join(answers), " ".join(numbers.split("\n")[1:]))
    return [verdicts[translate(f"claim.{claim}")] for claim in RULES]


if __name__ == "__main__":
    main()
