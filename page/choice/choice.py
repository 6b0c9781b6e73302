"""Everything that a visitor chose, as one value; each setting is declared here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, cast

from page.choice.setting import (
    METADATA,
    Setting,
    Value,
    fraction,
    name,
    name_or,
    names,
    number,
    number_or_none,
    one_of,
    one_of_or_first,
    pixels,
    some_of,
    switch,
)
from viz.evidence.methods import METHODS
from viz.figures.pieces import COLOR_SCALES
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.channels import RANKINGS
from viz.maps.ranges import RANGES
from viz.measures.curves import THRESHOLDS
from viz.measures.metrics import DEFAULT_THRESHOLD
from viz.networks.layers import SIDES
from viz.pictures.decode import MAX_ASPECT
from viz.pictures.frame import FRAMINGS, MAX_SIZE, MIN_SIZE
from viz.pictures.samples import SAMPLES
from viz.texts import LANGUAGES

OWN_PHOTOS = ("upload", "camera")
NOTHING = "none"  # to compare with, or as a second photograph
COMPARISONS = (NOTHING, "photo", "network", "untrained", "aggregation", "side", "padding")
CONTROLS = ("untrained", "coarse", "noise")
SHOWS = ("maps", "alike", "channels", "grid")
THUMBS = 16  # channels a page
FIRST_CHANNELS = 5  # of each layer, in the homework with three of them
STEPS = 8  # of the lesson
LONGEST_SIDE = MAX_SIZE * MAX_ASPECT  # of any framed photograph, in pixels
MOST_CHANNELS = 16384  # of a layer; what a network does not have is given up when its layers are known
MOST_CLASSES = 100_000  # of a network


@dataclass(frozen=True)
class Choice:
    """What a visitor chose; None where other choices decide.

    A field's key is that of its widget and of its parameter in the address.
    """

    view: str = name_or("compare")
    photo: str = one_of("cat", (*SAMPLES, *OWN_PHOTOS))
    network: str | None = name()
    layers: tuple[str, ...] | None = names()
    aggregation: str = one_of("mean", AGGREGATIONS)
    side: str = one_of("post", SIDES[::-1])
    colors: str = one_of("viridis", COLOR_SCALES)
    range: str = one_of("own", RANGES)
    overlay: bool = switch()
    opacity: float = fraction(0.6, 0.0, 1.0, 0.05)
    smooth: bool = switch()
    framing: str = one_of("whole", FRAMINGS)
    size: int = number(MIN_SIZE, MIN_SIZE, MAX_SIZE, step=32)
    lang: str = one_of("en", LANGUAGES)
    present: bool = switch()
    # of the view "Side by side"
    beside: str = one_of(NOTHING, COMPARISONS)
    beside_photo: str | None = one_of_or_first((*SAMPLES, "upload"))
    beside_network: str | None = name()
    beside_aggregation: str | None = one_of_or_first(AGGREGATIONS)
    beside_range: str = one_of("own", ("own", "shared"))
    difference: bool = switch()
    # of the view "Layer by layer"
    depth: str | None = name()
    # of the view "Measured"
    controls: tuple[str, ...] = some_of(CONTROLS)
    threshold: float = fraction(DEFAULT_THRESHOLD, THRESHOLDS[0], THRESHOLDS[-1], 0.1)
    box: tuple[int, ...] | None = pixels(4, LONGEST_SIDE)
    # of the view "Point at it"
    show: str = one_of("maps", SHOWS)
    point: tuple[int, ...] | None = pixels(2, LONGEST_SIDE)
    layer: str | None = name()
    field: bool = switch()
    second: str = one_of(NOTHING, (NOTHING, *SAMPLES, "upload"))
    channel: int | None = number_or_none(MOST_CHANNELS - 1)
    rank: str = one_of("mean", RANKINGS)
    thumbs: str = one_of("own", ("own", "shared"))
    thumb_page: int = number(1, 1, -(-MOST_CHANNELS // THUMBS))
    patches: bool = switch()
    true: int | None = number_or_none(MOST_CLASSES - 1)
    # of the view "Classes"; None: the most probable class, and against no other
    class_index: int | None = number_or_none(MOST_CLASSES - 1, key="class")
    against: int | None = number_or_none(MOST_CLASSES - 1)
    chosen_framing: bool = switch()
    method: str = one_of("hirescam", METHODS)
    erase: int = number(20, 5, 95, step=5)  # percent
    class_box: bool = switch()
    # of the view "Lesson"
    step: int = number(1, 1, STEPS)

    @property
    def values(self) -> dict[str, Value]:
        """The values of all settings by their keys."""
        return {key: cast(Value, getattr(self, FIELDS[key])) for key in SETTINGS}

    def change(self, values: Mapping[str, Value]) -> Self:
        """The same choice with other values, by their keys."""
        changed = {FIELDS[key]: value for key, value in (self.values | dict(values)).items()}
        return type(self)(**cast("dict[str, Any]", changed))


# What names a network, and what belongs to the first of them.
NETWORK_SETTINGS = ("network", "beside_network")
OF_A_NETWORK = ("layers", "layer", "depth", "channel", "thumb_page", "class", "against", "true")

FIELDS = {field.metadata[METADATA].key or field.name: field.name for field in fields(Choice)}
SETTINGS: dict[str, Setting] = {
    field.metadata[METADATA].key or field.name: field.metadata[METADATA] for field in fields(Choice)
}
DEFAULT = Choice()

HOMEWORK_LAYERS = ("conv1_1", "conv3_1", "conv4_2")
HOMEWORK_NETWORK = "torchvision:vgg16"  # its own; the preset takes the weights that are there already
HOMEWORK: dict[str, Value] = {
    "view": "compare",
    "network": "vgg16",
    "layers": HOMEWORK_LAYERS,
    "aggregation": "mean",
    "side": "post",
    "framing": "squash",
    "size": MIN_SIZE,
    "colors": "jet",
    "range": "own",
    "overlay": False,
    "smooth": False,
    "beside": NOTHING,
}
