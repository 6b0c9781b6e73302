"""What a visitor takes away: how long it takes, how large it is, and what thirty visitors at once need.

    python benchmarks/reports.py

The figure for print is held against pyplot's imshow of the same panels, the ZIP against its parts, each made
alone. Run it from the project's folder, on a machine that does nothing else. It needs Linux, for the memory.
"""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
from common import WRITE_HELP, Row, alternate, compare_memory, compare_slower, print_rows, time_call
from PIL import Image
from servers import read_peak, read_resident
from streamlit.testing.v1 import AppTest

sys.path.insert(0, str(Path(__file__).parent.parent))

from page.widgets import report
from page.widgets.taken import Taken
from viz.reports.print import DPI, FORMATS
from viz.reports.shown import Photo

ROUNDS = 5
PRINT_LIMIT = 1.3
ZIP_LIMIT = 1.1
ZIP_MB = 25
VISITORS = 30
LAYERS = [f"conv{block}_{place}" for block in range(1, 6) for place in range(1, 3 + (block > 2))]
CROWD_LIMIT_MB = 1000  # that docs/share.md states


def main() -> None:
    """Print the table; the exit status says whether all bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    plt.switch_backend("agg")
    rows = (measure() for measure in (measure_print, measure_zip, measure_size, measure_crowd))
    sys.exit(0 if print_rows("reports", rows, options.write) else 1)


def take(**settings: list[str]) -> Taken:
    """What the menu of "Side by side" is given on a page with these settings."""
    given: list[Taken] = []
    offer = report.offer_files
    report.offer_files = lambda taken, link: given.append(taken)
    page = AppTest.from_file(str(Path(__file__).parent.parent / "app.py"), default_timeout=600)
    for name, value in settings.items():
        page.query_params[name] = value
    page.session_state["report"] = True
    page.run()
    report.offer_files = offer
    return given[-1]


def renew(taken: Taken) -> Taken:
    """The same, of which nothing is made yet."""
    return replace(taken)


def measure_print() -> Row:
    """The figure for print, against a plain one with the same panels and size."""
    taken = take()
    pixels = Image.open(BytesIO(taken.make_print("page", "png"))).size
    size = pixels[0] / DPI, pixels[1] / DPI

    def draw_plainly() -> bytes:
        figure, axes = plt.subplots(2, 3, figsize=size)
        for axis, item in zip(axes.flat, taken.items, strict=False):
            axis.imshow(item.image if isinstance(item, Photo) else item.heatmap if item else [[0.0]])
            axis.set_axis_off()
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI)
        plt.close(figure)
        return buffer.getvalue()

    def draw() -> bytes:
        return renew(taken).make_print("page", "png")

    draw(), draw_plainly()
    seconds = alternate([partial(time_call, draw_plainly), partial(time_call, draw)], 3 * ROUNDS)
    what = "figure for print, four layers, 300 dpi"
    return compare_slower(what, "pyplot's imshow of the same five panels", seconds, PRINT_LIMIT)


def measure_zip() -> Row:
    """The ZIP of everything, against the sum of its parts."""
    taken = take()
    parts: list[Callable[[Taken], object]] = [
        partial(Taken.make_print, width="page", kind=kind) for kind in FORMATS
    ]
    parts += [Taken.make_arrays, Taken.make_html, Taken.make_script]
    parts += [partial(Taken.make_print, width="page", kind=kind) for kind in FORMATS]
    parts += [partial(make, link="") for make in (report.make_word, report.make_markdown)]

    def make_parts() -> float:
        return sum(time_call(partial(part, renew(taken))) for part in parts)

    def make_zip() -> float:
        return time_call(lambda: report.make_bundle(renew(taken), ""))

    make_zip()
    seconds = alternate([make_parts, make_zip], ROUNDS)
    return compare_slower(
        "ZIP of everything, four layers, 224 px", "its parts, each made alone", seconds, ZIP_LIMIT
    )


def measure_size() -> Row:
    """How large that ZIP is."""
    size = len(report.make_bundle(take(), "")) / 1e6
    what, bar = "size of that ZIP", f"at most {ZIP_MB} MB"
    return Row(what, "", f"{size:.1f} MB", "", "", bar, size <= ZIP_MB)


def measure_crowd() -> Row:
    """Memory while thirty visitors ask for the ZIP of thirteen layers at 512 px at the same moment."""
    taken = take(layers=LAYERS, size=["512"])
    before, process = read_resident(os.getpid()), os.getpid()
    with ThreadPoolExecutor(VISITORS) as pool:
        made = [
            pool.submit(report.make_in_turn, partial(report.make_bundle, renew(taken), ""))
            for _ in range(VISITORS)
        ]
        sizes = {len(one.result()) for one in made}
    each = f"{max(sizes) / 1e6:.0f} MB each"
    what = f"{VISITORS} ZIPs of 13 layers at 512 px, {each}, asked for at once: peak memory"
    return compare_memory(what, "before them", [before, read_peak(process)], CROWD_LIMIT_MB)


if __name__ == "__main__":
    main()
