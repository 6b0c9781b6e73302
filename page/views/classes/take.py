"""What can be taken away of the view "Classes"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from page.subject.classes import Agreements, Classes
from page.views.classes.deletion_case import DeletionTest
from page.visit import Visit
from page.widgets.taken import Taken, choose_columns, show_named, show_photo
from page.work.models import load_model
from page.work.queue import PASSES, say_nothing
from page.work.results import ask_classes
from viz.figures.evidence import shorten_class
from viz.figures.pieces import Panel
from viz.networks.layers import Layer
from viz.reports.recipe import Asked
from viz.reports.shown import Item, Items
from viz.reports.table import Row


@dataclass(frozen=True)
class Drawn:
    """The figure of class maps.

    Attributes:
        visit: The visitor's, with the picture of the maps.
        classes: What is asked.
        layers: Of the columns.
        panels: Their plain maps.
        found: The class maps under these, without those that are dark or not finite.
        figure: The interactive figure.
    """

    visit: Visit
    classes: Classes
    layers: list[Layer]
    panels: list[Panel]
    found: Mapping[Layer, Panel]
    figure: Any

    def list_items(self) -> Items:
        """The plain maps and under them the class maps, for print."""
        visit, picture = self.visit, self.visit.picture
        words, aggregation = visit.words, visit.choice.aggregation
        look = visit.choose_look(visit.choice.overlay)
        titles = [layer.name for layer in self.layers]
        keys = [f"{layer.name} {aggregation}" for layer in self.layers]
        plain = show_named(self.panels, titles, keys, picture, look)
        lower, name = list[Item](), shorten_class(self.asked.name)
        for layer in self.layers:
            found = [self.found[layer]] if layer in self.found else []
            lower += show_named(found, [name] * len(found), [layer.name] * len(found), picture, look) or [
                None
            ]
        return [show_photo(picture, words("picture.panel")), *plain, None, *lower]

    @property
    def asked(self) -> Asked:
        """The method and the classes."""
        method, classes = self.visit.choice.method, self.classes
        names = [classes.names[index] for index in classes.asked]
        return Asked(method, classes.chosen, names[0], classes.against, names[-1] if names[1:] else "")

    @property
    def gives_logits(self) -> bool:
        """Whether the network gives a logit for each class, so that a short script can differentiate it."""
        model = self.visit.network.model
        if model.info.licence:  # those of the catalogue
            return True
        behaviour = PASSES.run(say_nothing, load_model, model).behaviour
        _, count = PASSES.run(say_nothing, ask_classes, self.classes.picture.framed, model)
        return behaviour.answer == "logits" and count == len(self.classes.names)


def take_classes(drawn: Drawn, test: DeletionTest, agreements: Agreements) -> Taken:
    """The figure and its code, all predictions, the agreement, and the erase test as far as it is run."""
    tables: dict[str, Callable[[], list[Row]]] = {"predictions": partial(_list_predictions, drawn.classes)}
    if agreements:
        tables["agreement"] = lambda: [
            {"layer": layer, "agreement": value} for layer, value in agreements.items()
        ]
    if test.find_effects():
        tables["erased"] = partial(_list_effects, test)
    return Taken(
        drawn.visit,
        [layer for layer in drawn.layers if layer in drawn.found],
        drawn.list_items,
        lambda: [drawn.figure],
        tables,
        columns=choose_columns(len(drawn.layers)),
        asked=drawn.asked,
        has_code=bool(drawn.found) and drawn.gives_logits,
    )


def _list_predictions(classes: Classes) -> list[Row]:
    return [
        {"index": index, "class": classes.names[index], "probability": float(classes.probabilities[index])}
        for index in classes.order
    ]


def _list_effects(test: DeletionTest) -> list[Row]:
    facts = {"class": test.classes.names[test.classes.chosen], "erased": test.share}
    return [
        {
            **facts,
            "layer": layer,
            "map": kind if kind == "mean" else test.visit.choice.method,
            "before": effect.before,
            "after": effect.after,
            "disc": effect.disc,
            "places": len(effect.elsewhere),
            "places_beaten": effect.beaten,
            "area": effect.area,
            **{f"place_{number}": value for number, value in enumerate(effect.elsewhere, start=1)},
        }
        for (layer, kind), effect in test.find_effects().items()
    ]
