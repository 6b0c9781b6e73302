"""What a figure shows and how it was made, apart from its arrays."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from viz.evidence.methods import METHODS
from viz.maps.aggregations import list_diverging
from viz.maps.cells import Cells
from viz.networks.catalogue import NetworkInfo
from viz.networks.layers import Layer
from viz.pictures.preprocess import Preprocessing
from viz.reports.shown import Extent

if TYPE_CHECKING:
    from viz.networks.network import Network

COLOR_MAPS = {"greys": "gray"}  # where matplotlib has another name
DIVERGING = "RdBu_r"


def name_colors(colors: str, diverging: bool) -> str:
    """matplotlib's name of a key of `viz.figures.pieces.COLOR_SCALES`, or of the colours around zero."""
    return DIVERGING if diverging else COLOR_MAPS.get(colors, colors)


def find_extent(cells: Cells, shape: tuple[int, ...]) -> Extent:
    """Where a map of this shape lies in the picture, with these cells, in input pixels."""
    left, top, _, _ = cells.outline(0, 0)
    _, _, right, bottom = cells.outline(shape[0] - 1, shape[1] - 1)
    return left, right, bottom, top


@dataclass(frozen=True)
class Asked:
    """What class maps are asked about.

    Attributes:
        method: Key of `METHODS`.
        index: Of the class, counted from 0.
        name: Of the class.
        against: Index of the class that it is held against; None for none.
        against_name: Its name.
    """

    method: str
    index: int
    name: str
    against: int | None = None
    against_name: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether negative values mean something."""
        return METHODS[self.method].signed or self.against is not None


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
        framing: One of `viz.pictures.frame.FRAMINGS`; "" where `preprocessing` says it.
        size: Height and width of the framed photograph, in pixels.
        extents: Where each layer's map lies, by its name: left, right, bottom and top edge, in input pixels.
        colors: Key of `viz.figures.pieces.COLOR_SCALES`.
        limits: Key of `viz.maps.ranges.RANGES`.
        opacity: Of maps over the photograph, 0..1; None where the photograph does not lie under them.
        preprocessing: The network's own, where the photograph is framed by it.
        asked: Of class maps; None where the figure shows what `aggregation` makes of the channels.
        channels: Numbers of the channels that are shown of each layer, one by one, in place of these.
        heading: What stands above the channels, such as the true and the predicted label.
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
    preprocessing: Preprocessing | None = None
    asked: Asked | None = None
    channels: Sequence[int] = ()
    heading: str = ""

    @property
    def diverging(self) -> list[bool]:
        """Of each layer: whether zero is the middle of its scale, as `choose_limits` takes it."""
        sides = [layer.pick_side(self.side) for layer in self.layers]
        if self.asked is not None:
            return [self.asked.is_signed] * len(sides)
        if self.channels:
            return [side == "pre" for side in sides]
        return list_diverging(sides, self.aggregation, self.limits)

    @property
    def color_maps(self) -> list[str]:
        """Of each layer: matplotlib's name of its colours."""
        return [name_colors(self.colors, signed) for signed in self.diverging]

    @property
    def settings(self) -> dict[str, Any]:
        """All of it in plain values, for a file."""
        more: dict[str, Any] = {}
        if self.preprocessing is not None:
            how = self.preprocessing
            more["preprocessing"] = {"resize": how.resize, "interpolation": how.interpolation}
        if self.asked is not None:
            more["class_maps"] = asdict(self.asked)
        if self.channels:
            more["channels"] = list(self.channels)
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
            **more,
        }
