"""Everything that a view needs to be drawn."""

from dataclasses import dataclass

from page.browser.screen import Screen
from page.subject.subject import Subject


@dataclass(frozen=True)
class Visit(Subject):
    """One run of the page, for one visitor: what is looked at and how, and the room for it.

    Attributes:
        screen: The visitor's.
    """

    screen: Screen
