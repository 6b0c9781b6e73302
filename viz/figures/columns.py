"""Where the panels of a comparison stand, in pixels of the screen: row under row, a column a layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from viz.figures.layout import BAR_HEIGHT, GAP, MARGIN, NARROW, TITLE_HEIGHT, Grid, Slot

LEAST_WIDTH = 150  # of a panel on a wide screen: two rows that can be seen together are worth smaller panels
GOOD_WIDTH = 220  # below which panels are not made smaller to fit on the screen
HIGHEST_SHAPE = 1.5  # height over width of what fills a phone's width; higher pictures are narrower
SHARED_BAR_HEIGHT = 56  # with its title
NO_BAR_HEIGHT = 14
FOOT_HEIGHT = 30  # of the number under a column


@dataclass(frozen=True)
class Columns:
    """Where the pictures and texts of a comparison stand."""

    grid: Grid  # with the slots of its first row: the photograph's, then a layer's each
    heads: tuple[Slot | None, ...]  # each row's photograph or text; None where a phone has no room for a text
    rows: tuple[tuple[Slot, ...], ...]  # the cells of the layers, row by row
    feet: tuple[Slot, ...]  # the number under each layer's column


def arrange_columns(
    count: int,
    aspects: Sequence[float],
    width: float,
    height: float,
    *,
    second_photo: bool = False,
    shared_bars: bool = False,
) -> Columns:
    """Put rows of pictures under each other so that each layer is a column.

    Where the columns do not fit beside each other they wrap with all of their rows; on a phone each is under
    the one before. The rows of a wide screen fit on it as long as the pictures stay readable.

    Args:
        count: Layers; at least one.
        aspects: Height of the pictures over their width, row by row.
        width: Of the figure, in pixels of the screen.
        height: Of what is left of the screen.
        second_photo: Whether the second row has a photograph of its own.
        shared_bars: Whether the first two pictures of a column share one colour bar, under the second.
    """
    if count < 1:
        raise ValueError(f"expected at least one layer, got {count}")
    inner, bars = width - 2 * MARGIN, [BAR_HEIGHT] * len(aspects)
    if shared_bars:
        bars[:2] = NO_BAR_HEIGHT, SHARED_BAR_HEIGHT
    most = 1 if width < NARROW else max(1, int((inner + GAP) // (LEAST_WIDTH + GAP)))
    across = ceil((count + 1) / ceil((count + 1) / most))
    panel_width = (inner - (across - 1) * GAP) / across
    if across == 1:  # the screen scrolls anyway
        panel_width = min(panel_width, inner * HIGHEST_SHAPE / max(aspects))
    else:
        texts = FOOT_HEIGHT + sum(TITLE_HEIGHT + bar for bar in bars)
        panel_width = min(panel_width, max(GOOD_WIDTH, (height - texts) / sum(aspects)))
    return _place(count, aspects, bars, across, panel_width, width, second_photo)


def _place(
    count: int,
    aspects: Sequence[float],
    bars: Sequence[float],
    across: int,
    panel_width: float,
    width: float,
    second_photo: bool,
) -> Columns:
    left = (width - across * (panel_width + GAP) + GAP) / 2
    heads: list[Slot | None] = []
    rows: list[list[Slot]] = [[] for _ in aspects]
    feet: list[Slot] = []
    top = 0.0
    for start in range(0, count + 1, across):
        lefts = [left + place * (panel_width + GAP) for place in range(min(across, count + 1 - start))]
        only_heads = across == 1 and start == 0
        for row, (aspect, bar) in enumerate(zip(aspects, bars, strict=True)):
            if only_heads and row > int(second_photo):
                heads.append(None)
                continue
            slots = [Slot(x, top + TITLE_HEIGHT, panel_width, panel_width * aspect) for x in lefts]
            if start == 0:
                heads.append(slots.pop(0))
            rows[row] += slots
            top += TITLE_HEIGHT + panel_width * aspect + (NO_BAR_HEIGHT if only_heads else bar)
        if not only_heads:
            layers = lefts[1:] if start == 0 else lefts
            feet += [Slot(x, top, panel_width, FOOT_HEIGHT - 8) for x in layers]
            top += FOOT_HEIGHT
    first = heads[0]
    assert first is not None  # every figure has the photograph
    grid = Grid(width, ceil(top), (first, *rows[0]))
    return Columns(grid, tuple(heads), tuple(map(tuple, rows)), tuple(feet))
