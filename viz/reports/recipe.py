"""What a figure shows and how it was made, apart from its arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from viz.maps.aggregations import list_diverging
from viz.maps.cells import lay_cells
from viz.networks.catalogue import NetworkInfo
from viz.networks.layers import Layer

if TYPE_CHECKING:
    from viz.networks.network import Network

Extent = tuple[float, float, float, float]  # left, right, bottom and top edge, as matplotlib takes it
COLOR_MAPS = {"greys": "gray"}  # where matplotlib has another name
DIVERGING = "RdBu_r"


def find_extent(layer: Layer, shape: tuple[int, ...], size: tuple[int, int]) -> Extent:
    """Where a layer's map of this shape lies in a picture of this height and width, in input pixels."""
    cells = lay_cells(layer, shape, *size)
    left, top, _, _ = cells.outline(0, 0)
    _, _, right, bottom = cells.outline(shape[0] - 1, shape[1] - 1)
    return left, right, bottom, top


@dataclass(frozen=True)
class Recipe:
    """Everything that was chosen for a figure.

    Attributes:
        photo: File name of the photograph.
        digest: SHA-256 of its bytes, in hexadecimal.
        info: The network's row in the catalogue.
        network: The network itself.
        layers: Those that are shown, in this order.
        side: "pre" or "post" the activation; a layer without one shows its output.
        aggregation: Key of `AGGREGATIONS`.
        framing: One of `viz.pictures.frame.FRAMINGS`.
        size: Height and width of the framed photograph, in pixels.
        extents: Where each layer's map lies, by its name: left, right, bottom and top edge, in input pixels.
        colors: Key of `viz.figures.pieces.COLOR_SCALES`.
        limits: Key of `viz.maps.ranges.RANGES`.
        opacity: Of maps over the photograph, 0..1; None where the photograph does not lie under them.
    """

    photo: str
    digest: str
    info: NetworkInfo
    network: "Network"
    layers: Sequence[Layer]
    side: str
    aggregation: str
    framing: str
    size: tuple[int, int]
    extents: dict[str, Extent]
    colors: str
    limits: str
    opacity: float | None

    @property
    def diverging(self) -> list[bool]:
        """Of each layer: whether zero is the middle of its scale, as `choose_limits` takes it."""
        sides = [layer.pick_side(self.side) for layer in self.layers]
        return list_diverging(sides, self.aggregation, self.limits)

    @property
    def color_maps(self) -> list[str]:
        """Of each layer: matplotlib's name of its colours."""
        plain = COLOR_MAPS.get(self.colors, self.colors)
        return [DIVERGING if signed else plain for signed in self.diverging]

    @property
    def settings(self) -> dict[str, Any]:
        """All of it in plain values, for a file."""
        return {
            "photo": self.photo,
            "photo_sha256": self.digest,
            "network": self.info.key,
            "layers": [layer.name for layer in self.layers],
            "modules": [layer.path for layer in self.layers],
            "side": self.side,
            "aggregation": self.aggregation,
            "framing": self.framing,
            "height": self.size[0],
            "width": self.size[1],
            "mean": list(self.network.mean),
            "std": list(self.network.std),
            "colors": self.colors,
            "range": self.limits,
            "opacity": self.opacity,
        }
