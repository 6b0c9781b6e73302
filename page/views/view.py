"""What a view is."""

from collections.abc import Callable
from dataclasses import dataclass

from page.choice.choice import Choice
from page.subject.subject import Subject
from page.visit import Visit

Controls = tuple[str, ...]


@dataclass(frozen=True)
class View:
    """One way to look at a photograph and a network: a row of `page.views.VIEWS` and a package beside it.

    Attributes:
        draw: Draws it.
        controls: Keys of the settings that act in it: of those that stand above the figure and, of the
            sidebar, "layers" and "aggregation". A function where they depend on what is looked at.
        adapt: For a view with settings of its own: from the visitor's choice, which is left as it is, to the
            one that it shows.
    """

    draw: Callable[[Visit], None]
    controls: Controls | Callable[[Subject], Controls] = ()
    adapt: Callable[[Choice], Choice] | None = None

    def list_controls(self, subject: Subject) -> Controls:
        """The settings that act now."""
        return self.controls(subject) if callable(self.controls) else self.controls
