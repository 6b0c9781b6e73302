"""Colour bars under maps, and what stands at their ends."""

from collections.abc import Sequence

from viz.figures.layout import GAP, Grid, Slot
from viz.figures.pieces import Panel, Spec
from viz.maps.values import format_value

BAR_THICKNESS = 9  # pixels of the screen, like all lengths here
BAR_DISTANCE = 5  # from the map above
BAR_INSET = 14  # so that the numbers at its ends do not run into the next bar's
BAR_NUMBER_SIZE = 11
NAMED_INSET = 36  # with a word beside each of these numbers
LEAST_NAMED = 164  # width of a map that has room for the words
LAST_NARROW = 0x2E7F  # Chinese characters follow, which are square
BAR_SPACE = 4  # at least, between two texts under it


def draw_bar(low: float, high: float, grid: Grid, slot: Slot) -> Spec:
    """A trace's horizontal colour bar, under a slot."""
    values = [low, (low + high) / 2, high]
    return {
        "orientation": "h",
        "x": sum(grid.share_across(slot)) / 2,
        "xanchor": "center",
        "len": max(slot.width - 2 * BAR_INSET, 1),
        "lenmode": "pixels",
        "y": grid.share_down(slot)[0],
        "yanchor": "top",
        "xpad": 0,
        "ypad": BAR_DISTANCE,
        "thickness": BAR_THICKNESS,
        "outlinewidth": 0,
        "tickvals": values,
        "ticktext": [format_value(value) for value in values],
        "tickfont": {"size": BAR_NUMBER_SIZE},
        "ticklen": 2,
        # Three short numbers always fit; to measure whether they do takes Plotly longer than to draw them.
        "tickangle": 0,
        "ticklabeloverflow": "allow",
    }


def draw_map_bar(panels: Sequence[Panel], grid: Grid, slot: Slot, title: str = "") -> Spec:
    """The colour bar of a map, or of maps on one scale, under a slot; a title takes room between the two.

    Its ends say what they stand for, and so where they clip a map.
    """
    panel, ends = panels[0], panels[0].ends
    bar = draw_bar(panel.low, panel.high, grid, slot)
    low, middle, high = bar["ticktext"]
    if any(float(panel.heatmap.min()) < panel.low for panel in panels):
        low = f"≤ {low}"
    if any(float(panel.heatmap.max()) > panel.high for panel in panels):
        high = f"≥ {high}"
    named = f"{ends[0]} {low}", f"{high} {ends[1]}"
    inset = max(NAMED_INSET, _find_inset(named, grid, slot))
    needed = (max(map(_measure, named)) + _measure(middle)) / 2 + BAR_SPACE
    if any(ends) and slot.width >= LEAST_NAMED and slot.width / 2 - inset >= needed:
        low, high = named
    else:
        inset = max(BAR_INSET, _find_inset((low, high), grid, slot))
    bar["len"] = max(slot.width - 2 * inset, 1)
    if title:
        bar["title"] = {"text": title, "side": "top", "font": {"size": BAR_NUMBER_SIZE}}
    return bar | {"ticktext": [low, middle, high]}


def _find_inset(texts: Sequence[str], grid: Grid, slot: Slot) -> float:
    """How far from a slot's edges a bar ends, so that the texts at its ends are neither cut nor meet."""
    room = min(GAP / 2, slot.left, grid.width - slot.left - slot.width)
    return max(map(_measure, texts)) / 2 - room


def _measure(text: str) -> float:
    return measure_text(text, BAR_NUMBER_SIZE)


def measure_text(text: str, size: float) -> float:
    """About how wide a text is, in pixels of the screen, at a size of type."""
    return size * sum(1.0 if ord(character) > LAST_NARROW else 0.55 for character in text)
