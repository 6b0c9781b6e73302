"""All rules of what cannot be: a choice goes in, and the nearest choice that can be comes out."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from page.choice.choice import SETTINGS, THUMBS, Choice
from page.choice.setting import Value
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.compare import match_depth
from viz.networks.layers import Layer, choose_default_layers
from viz.pictures.samples import SAMPLES

KINDS = ("photo", "network", "aggregation")  # of comparison, with more to choose from


@dataclass(frozen=True)
class Known:
    """What is known when a choice is settled; what is not known yet decides nothing.

    Attributes:
        views: Keys of the views; the first is that of the start.
        networks: Keys of the networks that can be shown; the first is that of the start.
        photo: What is shown in place of a photograph of one's own that cannot be read.
        layers: Of the chosen network, from the input on.
        picture: What names the picture that the network sees.
        scene: What names its photograph and framing, whatever its size.
        size: Its height and width, in pixels.
        classes: How many the network has.
        best: The most probable one.
    """

    views: Sequence[str]
    networks: Sequence[str]
    photo: str | None = None
    layers: tuple[Layer, ...] = ()
    picture: Hashable = None
    scene: Hashable = None
    size: tuple[int, int] | None = None
    classes: int | None = None
    best: int | None = None

    @property
    def names(self) -> list[str]:
        """Of the layers."""
        return [layer.name for layer in self.layers]


@dataclass(frozen=True)
class Settled:
    """A choice that can be, and what was known of it."""

    choice: Choice
    known: Known


def settle(choice: Choice, before: Settled | None, known: Known) -> Choice:
    """The nearest choice that can be.

    Args:
        choice: As it is wished.
        before: What the page showed last; None: the wish stands for itself, as an address does.
        known: What can be.
    """
    choice = _settle_names(choice, known)
    choice = _settle_comparison(choice, known)
    if known.layers:
        choice = choice.change(_settle_layers(choice, before, known))
        choice = _settle_channels(choice, before, known)
    if known.size is not None:
        choice = _settle_places(choice, before, known, known.size)
    if known.classes is not None:
        choice = _settle_classes(choice, known, known.classes)
    return choice


def list_given_up(asked: Choice, given: Collection[str], settled: Choice) -> list[str]:
    """Keys of the settings that were given and are not what came out."""

    def read(choice: Choice, key: str) -> object:
        value = choice.values[key]
        return set(value) if SETTINGS[key].is_list and isinstance(value, tuple) else value  # in any order

    return [key for key in SETTINGS if key in given and read(asked, key) != read(settled, key)]


def find_defaults(choice: Choice, known: Known) -> dict[str, Value]:
    """Values that are not worth a parameter of the address, since other choices decide them.

    Of a comparison that is not in use they are the visitor's own.
    """
    defaults: dict[str, Value] = {"network": known.networks[0], **default_layers(known.layers)}
    for kind in KINDS:
        options = list_others(choice, kind, known.networks)
        defaults[f"beside_{kind}"] = options[0] if choice.beside == kind else choice.values[f"beside_{kind}"]
    return defaults


def default_layers(layers: tuple[Layer, ...]) -> dict[str, Value]:
    """Values of the settings that are names of layers, where nobody has chosen."""
    if not layers:
        return {}
    shown = tuple(choose_default_layers(layers))
    return {"layers": shown, "layer": layers[-1].name, "depth": layers[0].name}


def list_others(choice: Choice, kind: str, networks: Sequence[str]) -> list[str]:
    """What can be compared with the first row, which is not among it.

    Args:
        choice: Of the first row.
        kind: One of `KINDS`.
        networks: Keys of those that can be shown.
    """
    options: Mapping[str, Collection[str]] = {
        "photo": SAMPLES,
        "network": networks,
        "aggregation": AGGREGATIONS,
    }
    others = [option for option in options[kind] if option != choice.values[kind]]
    return [*others, "upload"] if kind == "photo" else others


def _settle_names(choice: Choice, known: Known) -> Choice:
    changes: dict[str, Value] = {}
    if choice.view not in known.views:
        changes["view"] = known.views[0]
    if choice.network not in known.networks:
        changes["network"] = known.networks[0]
    if known.photo is not None:
        changes["photo"] = known.photo
    return choice.change(changes)


def _settle_comparison(choice: Choice, known: Known) -> Choice:
    """The first option where the visitor has chosen none, or one that the first row shows by now."""
    changes: dict[str, Value] = {}
    for kind in KINDS:
        options = list_others(choice, kind, known.networks)
        if choice.values[f"beside_{kind}"] not in options:
            changes[f"beside_{kind}"] = options[0]
    return choice.change(changes)


def _settle_layers(choice: Choice, before: Settled | None, known: Known) -> dict[str, Value]:
    """Layers of the network.

    After a change of the network, names are taken for places in the depth of the network before, unless they
    were chosen together with the network.
    """
    names, names_before = known.names, before.known.names if before else []
    defaults = default_layers(known.layers)
    defaults_before = default_layers(before.known.layers) if before else {}
    changes: dict[str, Value] = {}
    for key, default in defaults.items():
        value = choice.values[key]
        wanted = [str(name) for name in value] if isinstance(value, tuple) else [str(value)]
        is_old = before is not None and names_before != names and value == before.choice.values[key]
        if value == ():  # nothing is a choice, too
            continue
        if value is None or value == defaults_before.get(key):
            wanted = []
        elif is_old or not set(wanted) <= set(names):
            wanted = [_move(name, names_before, names) for name in wanted if name in (*names_before, *names)]
        if not wanted:
            changes[key] = default
        elif isinstance(value, tuple):
            changes[key] = tuple(name for name in names if name in wanted)
        else:
            changes[key] = wanted[0]
    return changes


def _move(name: str, before: list[str], names: list[str]) -> str:
    """The name of the layer at the same place in the depth."""
    if name not in before:
        return name
    return names[match_depth(before.index(name), len(before), len(names))]


def _settle_channels(choice: Choice, before: Settled | None, known: Known) -> Choice:
    """A channel and a page that the layer has; another layer's channel of the same number is another one."""
    changes: dict[str, Value] = {}
    if before is not None and before.choice.layer not in (None, choice.layer):
        changes = {"channel": None, "thumb_page": 1}
    (channels,) = (layer.channels for layer in known.layers if layer.name == choice.layer)
    choice = choice.change(changes)
    if choice.channel is not None and choice.channel >= channels:
        changes["channel"] = None
    changes["thumb_page"] = min(choice.thumb_page, -(-channels // THUMBS))
    return choice.change(changes)


def _settle_places(choice: Choice, before: Settled | None, known: Known, size: tuple[int, int]) -> Choice:
    """A box and a point within the picture; those of another photograph or framing are forgotten."""
    if before is not None and before.known.picture not in (None, known.picture):
        if known.scene is None or before.known.scene != known.scene or before.known.size is None:
            return choice.change({"box": None, "point": None})
        choice = choice.change(_rescale(choice, before.known.size, size))
    height, width = size
    changes: dict[str, Value] = {}
    if choice.box is not None:
        left, top, right, bottom = choice.box
        inside = left < width and top < height
        changes["box"] = (left, top, min(right, width), min(bottom, height)) if inside else None
    if choice.point is not None:
        changes["point"] = (min(choice.point[0], width - 1), min(choice.point[1], height - 1))
    return choice.change(changes)


def _rescale(choice: Choice, before: tuple[int, int], size: tuple[int, int]) -> dict[str, Value]:
    """Box and point of the same photograph and framing at another height and width."""
    scales = [size[1] / before[1], size[0] / before[0]] * 2  # across, down

    def move(place: tuple[int, ...] | None) -> Value:
        return place and tuple(round(x * scale) for x, scale in zip(place, scales, strict=False))

    return {"box": move(choice.box), "point": move(choice.point)}


def _settle_classes(choice: Choice, known: Known, count: int) -> Choice:
    """Classes that the network has, and not one against itself."""
    index, against, true = (
        None if chosen is None or chosen >= count else chosen
        for chosen in (choice.class_index, choice.against, choice.true)
    )
    if against is not None and against == (known.best if index is None else index):
        against = None
    return choice.change({"class": index, "against": against, "true": true})
