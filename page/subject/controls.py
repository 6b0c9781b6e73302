"""The networks that the claims are held against: which of them are measured, and what they gave."""

from page.subject.subject import Subject
from page.work.results import Compared, open_compared, read_shipped
from viz.measures import shipped
from viz.measures.claims import SEEDS
from viz.measures.curves import Curves
from viz.networks.controls import CONTROLS
from viz.pictures.frame import Box

KEYS = [(control, seed) for control in CONTROLS for seed in range(SEEDS)]


def list_controls(subject: Subject, box: Box | None) -> dict[str, list[Curves]]:
    """The metrics of the networks of each control that is measured; it costs no pass.

    Those of a sample photograph come with the page, for the maps that it opens with. A network whose maps are
    not finite has none.
    """
    compared = open_controls(subject)
    how = subject.choice.side, subject.choice.aggregation, box, subject.picture.size
    return read_along(subject) | {
        control: [
            found.find_curves(subject.measured, *how)
            for key in KEYS
            if key[0] == control and (found := compared.measured[key]).curves
        ]
        for control in list_complete(compared)
    }


def open_controls(subject: Subject) -> Compared:
    """What is measured of them by now, for this picture and network."""
    return open_compared(subject.picture.framed, subject.network.model)


def read_along(subject: Subject) -> dict[str, list[Curves]]:
    """What comes with the page; nothing for other maps than those that it opens with."""
    if (subject.choice.side, subject.choice.aggregation) != (shipped.SIDE, shipped.AGGREGATION):
        return {}
    return read_shipped(subject.picture.framed, subject.network.model)


def list_complete(compared: Compared) -> list[str]:
    """The controls of which all networks are measured."""
    return [
        control for control in CONTROLS if all(key in compared.measured for key in KEYS if key[0] == control)
    ]
