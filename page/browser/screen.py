"""What the server cannot know: how large the visitor's screen is, and that the visitor went back."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from streamlit.components.v2 import component

from page.choice.address import Address
from page.choice.session import read_report, reopen_address
from viz.figures.layout import MIN_PANEL_WIDTH, NARROW

# What is assumed until the browser has said otherwise: a window of 1440x900 with the sidebar open.
USUAL_WIDTH = 1040
USUAL_HEIGHT = 649
SMALLEST = 240
LARGEST = 4000
PROJECTED_WIDTH = 220  # of a panel that is readable on a projector, where all panels shall be on the screen
BUTTONS_HEIGHT = 22  # pixels of the screen, of the strip above a figure
MOST_PARAMETERS = 200  # of an address

_report_screen = component("screen", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Screen:
    """The visitor's screen.

    Attributes:
        width: Room for a figure, in pixels; while everything is larger, in as much larger ones.
        height: Of the same, beside the buttons above it.
        still: Whether the visitor has asked the browser for less motion.
        least: Width of a panel that is readable, in the same pixels.
    """

    width: float
    height: float
    still: bool = False
    least: float = MIN_PANEL_WIDTH


def find_screen(language: str, place: str, factor: float = 1) -> Screen:
    """The room below this element, as the browser told it last.

    Args:
        language: The page's, which the browser is told.
        place: What names the view; another one is shown from its top on.
        factor: How many times larger than usual everything is.
    """
    screen = read_screen(read_report("screen", "size"))
    _report_screen(
        key="screen",
        data={
            "width": screen.width,
            "height": screen.height,
            "still": screen.still,
            "narrow": NARROW,
            "language": language,
            "place": place,
        },
        default={"size": None},
        on_size_change=lambda: None,
        on_back_change=lambda: None,
        on_moved_change=_follow,
        height=1,
    )
    least = screen.least if factor == 1 else PROJECTED_WIDTH / factor
    return Screen(screen.width / factor, (screen.height - BUTTONS_HEIGHT) / factor, screen.still, least)


def is_narrow() -> bool:
    """Whether the browser has told of a phone."""
    return read_screen(read_report("screen", "size")).width < NARROW


def read_screen(text: object) -> Screen:
    """From "1040x660", with " still" behind it where less motion is asked for, to a screen.

    What came from the browser is not trusted further than that.
    """
    size, _, motion = str(text).partition(" ")
    try:
        width, height = (int(part) for part in size.split("x"))
    except ValueError:
        return Screen(USUAL_WIDTH, USUAL_HEIGHT)
    return Screen(min(max(width, SMALLEST), LARGEST), min(max(height, SMALLEST), LARGEST), motion == "still")


def read_query(text: object) -> Address | None:
    """From "?view=lesson&step=2" to an address; None where it is none."""
    if not isinstance(text, str) or not text.startswith("?"):
        return None
    try:
        return parse_qs(text[1:], keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return None


def _follow() -> None:
    """The visitor went back or forward in the browser."""
    address = read_query(read_report("screen", "moved"))
    if address is not None:
        reopen_address(address)
