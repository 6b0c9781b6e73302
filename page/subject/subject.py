"""What one looks at and how: a choice, with its network and its picture."""

from dataclasses import dataclass, replace
from typing import Self

from page.choice.choice import Choice
from page.choice.session import Memory, keep_choice
from page.choice.settle import Known, Settled, settle
from page.subject.network import ShownNetwork, join_names
from page.subject.picture import Picture
from page.work.models import Catalogue, Model
from page.work.pictures import Framed
from page.work.results import Looked, compute_maps
from page.work.status import Status
from viz.figures.heatmaps import complete_look, make_panels
from viz.figures.pieces import Look, Panel
from viz.maps.aggregations import AGGREGATIONS, name_aggregation
from viz.maps.heatmaps import Heatmaps
from viz.networks.layers import Layer
from viz.texts import Translate


@dataclass(frozen=True)
class Subject:
    """What one looks at, and how.

    Attributes:
        choice: What was chosen, all of which can be.
        known: All that is known of it.
        network: The chosen one.
        picture: The chosen one, as the network sees it.
        words: Of the visitor's language.
        status: The line in which work is told.
        catalogue: All networks of this process.
        memory: What the session remembers beside its choice.
    """

    choice: Choice
    known: Known
    network: ShownNetwork
    picture: Picture
    words: Translate
    status: Status
    catalogue: Catalogue
    memory: Memory

    @property
    def layers(self) -> list[Layer]:
        """Those that are selected, shallow to deep."""
        return self.network.select(self.choice.layers or ())

    @property
    def measured(self) -> list[Layer]:
        """Those that have the chosen side of the activation; all of them where none has it."""
        return self.network.list_measured(self.choice.side)

    def learn(self, known: Known) -> Self:
        """The same where more is known, so that more of the choice can be settled."""
        choice = settle(self.choice, None, known)
        keep_choice(Settled(choice, known))
        return replace(self, choice=choice, known=known)

    def see(self, choice: Choice, picture: Picture | None = None) -> Self:
        """The same network by another choice, and perhaps another picture."""
        return replace(self, choice=choice, picture=picture or self.picture)

    def get_heatmaps(self) -> Heatmaps:
        """All that the pass over the picture leaves, under a line that says what is going on."""
        text = self.words("page.computing", network=self.network.title)
        return self.compute_heatmaps(self.picture.framed, self.network.model, text)

    def get_untrained_heatmaps(self) -> Heatmaps:
        """The same of the network with random weights."""
        text = self.words("measure.computing_untrained")
        return self.compute_heatmaps(self.picture.framed, self.network.untrained, text)

    def compute_heatmaps(self, framed: Framed, model: Model, text: str) -> Heatmaps:
        """All that a pass leaves, under a line that says `text`."""
        return self.status.compute(text, model, compute_maps, framed, model, tuple(AGGREGATIONS))

    def look_at(self, heatmaps: Heatmaps) -> Looked:
        """The maps of a pass over the picture, of the layers that are measured."""
        how = self.choice.side, self.choice.aggregation
        return Looked(self.picture.framed, self.network.model, heatmaps, tuple(self.measured), *how)

    def choose_panels(self, heatmaps: Heatmaps, layers: list[Layer]) -> list[Panel]:
        """The maps of these layers as they are wanted."""
        how = self.choice.side, self.choice.aggregation, self.choice.range
        return make_panels(heatmaps, layers, *how, self.picture.size, self.words)

    def choose_look(self, overlay: bool) -> Look:
        """What concerns all panels."""
        choice = self.choice
        look = Look(choice.colors, overlay=overlay, opacity=choice.opacity, smooth=choice.smooth)
        return complete_look(look, choice.aggregation, choice.range, self.words)

    def describe_maps(self, key: str, **values: str) -> str:
        """An alternative text that names what the maps show, from the sentence under this key."""
        quantity = name_aggregation(self.choice.aggregation, self.words)
        return self.words(
            key, **{"quantity": quantity, "side": self.name_side(), "photo": self.picture.alt} | values
        )

    def name_side(self) -> str:
        """The chosen side of the activation, in words."""
        return self.network.name_side(self.choice.side, self.words)

    def list_notes(self, heatmaps: Heatmaps, layers: list[Layer]) -> list[str]:
        """What is clipped, smoothed or not there, in sentences."""
        bare = list_bare(layers, self.choice.side)
        notes = {
            "percentiles_note": self.choice.range == "percentiles",
            "smooth_note": self.choice.smooth,
            "output_note": bare,
            "fell_back_note": heatmaps.fell_back,
        }
        names = join_names(bare, self.words)
        return [self.words(f"panel.{key}", layers=names) for key, applies in notes.items() if applies]


def list_bare(layers: list[Layer], side: str) -> list[str]:
    """Names of the layers that show their output, since they do not have this side of the activation."""
    return [layer.name for layer in layers if side not in layer.sides]
