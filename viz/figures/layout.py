"""Where the panels of a figure stand, in pixels of the visitor's screen."""

from dataclasses import dataclass
from math import ceil, sqrt

# A panel is its title, its picture and its colour bar, one under the other.
TITLE_HEIGHT = 44
BAR_HEIGHT = 40
GAP = 28
MARGIN = 2
MIN_PANEL_WIDTH = 180
PORTRAIT_WIDTH = 150
FEW = 4  # pictures: in one row, if that is readable, they are compared best
MANY = 24  # pictures; more of them cannot be readable on two screens
NARROW = 640  # a figure below this width is on a phone
PHONE_HEIGHT = 200  # of a picture there, so that the first map stands on the first screen, too

# What a further row costs: of two layouts that show their pictures about as large, the one with fewer rows
# is easier to compare, and leaves no broad margins beside them.
ROW_FACTOR = 0.7


@dataclass(frozen=True)
class Slot:
    """Where one picture stands: its left and top edges, width and height."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Grid:
    """The figure's width and height and the slot of each picture, the photograph's first.

    `spare` is the first place of the last row that has no picture, if there is one.
    """

    width: float
    height: float
    slots: tuple[Slot, ...]
    spare: Slot | None = None

    def share_across(self, slot: Slot) -> list[float]:
        """The slot's left and right edges as shares of the figure's width."""
        return [_clip(slot.left / self.width), _clip((slot.left + slot.width) / self.width)]

    def share_down(self, slot: Slot) -> list[float]:
        """The slot's lower and upper edges as shares of the figure's height, counted from below."""
        return [_clip(1 - (slot.top + slot.height) / self.height), _clip(1 - slot.top / self.height)]


def arrange_panels(
    count: int, width: float, height: float, aspect: float, least: float = MIN_PANEL_WIDTH
) -> Grid:
    """Wrap pictures of one shape into rows, as large as one screen can show them all.

    Up to `FEW` stand in one row where that is readable. When all of them would be too small to read on one
    screen, they get a readable width and the figure grows downwards; up to `MANY` pictures on a wide screen
    to at most twice its height.

    Args:
        count: Pictures, the photograph included; at least one.
        width: Of the figure, in pixels of the screen; they are centred in it.
        height: Of what is left of the screen.
        aspect: Height of a picture over its width.
        least: Width of a picture that is readable; a portrait may be narrower.
    """
    if count < 1:
        raise ValueError(f"expected at least one picture, got {count}")
    if width >= NARROW:
        # What a portrait lacks in width it has in height; titles and numbers need some.
        least = min(least, max(PORTRAIT_WIDTH, least / sqrt(aspect)))
    layouts = [_fit(count, columns, width - 2 * MARGIN, height, aspect) for columns in range(1, count + 1)]
    if count <= FEW and layouts[-1].panel_width >= least:
        return _place(layouts[-1], count, width, aspect)
    readable = [layout for layout in layouts if layout.panel_width >= least]
    best = max(readable, key=lambda layout: layout.score(count), default=None)
    return _place(best or _grow(count, width - 2 * MARGIN, height, aspect, least), count, width, aspect)


def arrange_rows(rows: int, columns: int, width: float, height: float, aspect: float) -> Grid:
    """Put the photograph at the left of the first of some rows, which have as many pictures each.

    They fit on one screen as long as they are readable. On a phone they wrap as others do. The other
    arguments are those of `arrange_panels`.
    """
    if width < NARROW:
        return arrange_panels(rows * columns + 1, width, height, aspect, width / 2 - GAP)
    across = columns + 1
    fitted = _fit(rows * across, across, width - 2 * MARGIN, height, aspect)
    least = min(PORTRAIT_WIDTH, (width - 2 * MARGIN - columns * GAP) / across)
    layout = _Layout(across, rows, max(fitted.panel_width, least))
    whole = _place(layout, rows * across, width, aspect)
    slots = [slot for place, slot in enumerate(whole.slots) if place == 0 or place % across]
    return Grid(whole.width, whole.height, tuple(slots))


@dataclass(frozen=True)
class _Layout:
    columns: int
    rows: int
    panel_width: float

    def score(self, count: int) -> float:
        """How well it shows each picture; places without one count against it."""
        filled = count / (self.rows * self.columns)
        return float(self.panel_width**2 * filled * ROW_FACTOR ** (self.rows - 1))


def _fit(count: int, columns: int, width: float, height: float, aspect: float) -> _Layout:
    rows = ceil(count / columns)
    tallest = (height / rows - TITLE_HEIGHT - BAR_HEIGHT) / aspect
    return _Layout(columns, rows, min((width - (columns - 1) * GAP) / columns, tallest))


def _grow(count: int, width: float, height: float, aspect: float, least: float) -> _Layout:
    """Readable pictures that fill the width, unless one alone would be higher than the screen."""
    most = max(1, int((width + GAP) // (least + GAP)))
    rows = ceil(count / most)
    columns = ceil(count / rows)
    highest = PHONE_HEIGHT if width < NARROW else height - TITLE_HEIGHT - BAR_HEIGHT
    tallest = max(least, highest / aspect)
    panel_width = min(tallest, (width - (columns - 1) * GAP) / columns)
    if (
        count > MANY
        or width < NARROW
        or rows * (panel_width * aspect + TITLE_HEIGHT + BAR_HEIGHT) <= 2 * height
    ):
        return _Layout(columns, rows, panel_width)
    layouts = [_fit(count, columns, width, 2 * height, aspect) for columns in range(1, count + 1)]
    return max(layouts, key=lambda layout: layout.panel_width)


def _place(layout: _Layout, count: int, width: float, aspect: float) -> Grid:
    panel_height = layout.panel_width * aspect
    row_height = TITLE_HEIGHT + panel_height + BAR_HEIGHT
    left = (width - layout.columns * (layout.panel_width + GAP) + GAP) / 2
    places = [
        Slot(
            left + column * (layout.panel_width + GAP),
            TITLE_HEIGHT + row * row_height,
            layout.panel_width,
            panel_height,
        )
        for row in range(layout.rows)
        for column in range(layout.columns)
    ]
    spare = places[count] if count < len(places) else None
    return Grid(width, ceil(layout.rows * row_height), tuple(places[:count]), spare)


def _clip(share: float) -> float:
    return min(max(share, 0.0), 1.0)
