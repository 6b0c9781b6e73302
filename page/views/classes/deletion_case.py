"""The deletion test: what is deleted, in which picture, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from page.subject.classes import Classes
from page.visit import Visit
from page.work.results import open_deletions
from viz.maps.cells import lay_cells
from viz.networks.layers import Layer

if TYPE_CHECKING:
    from viz.evidence.deletion import Deletion, Effect, Outcome

Kind = Literal["mean", "class"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class DeletionTest:
    """What is left of a class's probability where the brightest part of a map is blurred away.

    Attributes:
        visit: The visitor's.
        classes: The picture, and the class.
        maps: By kind and layer name, each [h, w].
        layers: Those that are shown.
    """

    visit: Visit
    classes: Classes
    maps: Mapping[Kind, Mapping[str, NDArray[Any]]]
    layers: list[Layer]

    @property
    def probability(self) -> float:
        """Of the class, with nothing deleted."""
        return float(self.classes.probabilities[self.classes.chosen])

    @property
    def share(self) -> float:
        """Of the picture that is deleted, 0..1."""
        return self.visit.choice.erase / 100

    def open(self, kind: Kind) -> "dict[Deletion, Outcome]":
        """The outcomes that are known, by what is deleted in maps of this kind."""
        from viz.evidence.deletion import Deletion, Outcome

        method, against = (
            ("mean", None) if kind == "mean" else (self.visit.choice.method, self.classes.against)
        )
        framed, model = self.classes.picture.framed, self.visit.network.model
        found = open_deletions(framed, model, self.classes.chosen, method, against)
        found.setdefault(Deletion(None, 0.0), Outcome(self.probability))  # the prediction was a pass, too
        return found

    def is_flat(self, kind: Kind, layer: Layer) -> bool:
        """Whether a map is the same everywhere, so that nothing of it is brightest."""
        return bool(np.ptp(self.maps[kind][layer.name]) == 0)

    def is_scattered(self, kind: Kind, layer: Layer) -> bool:
        """Whether a map lights up less than is deleted, so that chance chooses the rest."""
        from viz.evidence.deletion import measure_lit

        if not 0 < measure_lit(self.maps[kind][layer.name]) < self.share:
            return False  # between its cells a map only gains
        return measure_lit(self.spread(kind, layer)) < self.share

    def list_missing(self) -> "list[tuple[Kind, Layer, list[Deletion]]]":
        """What has still to be computed, map after map."""
        from viz.evidence.deletion import list_deletions

        missing = []
        for kind in KINDS:
            known = set(self.open(kind))
            for layer in self.layers:
                if self.is_flat(kind, layer):
                    continue
                deletions = [other for other in list_deletions(layer.name, self.share) if other not in known]
                known.update(deletions)
                if deletions:
                    missing.append((kind, layer, deletions))
        return missing

    def spread(self, kind: Kind, layer: Layer) -> NDArray[np.float64]:
        """A map laid over the picture."""
        from viz.evidence.deletion import spread_over_picture

        values, size = self.maps[kind][layer.name], self.classes.picture.size
        return spread_over_picture(values, lay_cells(layer, values.shape, *size), *size)

    def find_effects(self) -> "dict[tuple[str, Kind], Effect]":
        """The results of the maps of which all is known, by layer name and kind of map."""
        from viz.evidence.deletion import list_deletions, summarize

        effects = {}
        for layer in self.layers:
            needed = set(list_deletions(layer.name, self.share))
            for kind in KINDS:
                found = dict(self.open(kind))
                if not self.is_flat(kind, layer) and needed <= set(found):
                    effects[layer.name, kind] = summarize(layer.name, self.share, found)
        return effects
