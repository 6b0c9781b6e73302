"""What a visitor takes away of a view: its maps, tables and interactive figures, and code for them.

What needs torch or matplotlib, which take seconds to import, is imported only when it is asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from PIL import Image

from page.choice.choice import OWN_PHOTOS
from page.subject.picture import Picture
from page.subject.subject import Subject
from page.work.models import load_model
from page.work.queue import PASSES, say_nothing
from viz.figures.pieces import Look, Panel
from viz.networks.layers import Layer
from viz.pictures.samples import SAMPLES
from viz.reports.arrays import write_arrays
from viz.reports.html import write_html
from viz.reports.print import FORMATS, choose_language, describe, draw_print
from viz.reports.recipe import Asked, Recipe, find_extent, name_colors
from viz.reports.shown import Item, Items, Photo, Shown
from viz.reports.table import Row, write_csv

MOST_COLUMNS = 7
SUFFIXES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}  # by a file's first bytes


@dataclass(frozen=True)
class Taken:
    """What is taken away of one view; all of it is made when it is asked for.

    Attributes:
        subject: What is looked at, and how; its picture is the one that the maps are of.
        layers: Those whose maps are shown.
        list_items: What the figure for print shows.
        list_figures: The interactive figures, if there are any.
        tables: What makes a table's rows, by its name in the catalogues.
        columns: Of the figure for print; None: as many as fit.
        asked: What the class maps are asked about; None where the maps are of no class.
        channels: Numbers of the channels that are shown of each layer; none where whole layers are shown.
        heading: Above the channels.
        has_code: Whether code for the same is known.
    """

    subject: Subject
    layers: Sequence[Layer]
    list_items: Callable[[], Items]
    list_figures: Callable[[], Sequence[Any]]
    tables: Mapping[str, Callable[[], Sequence[Row]]] = field(default_factory=dict)
    columns: int | None = None
    asked: Asked | None = None
    channels: Sequence[int] = ()
    heading: str = ""
    has_code: bool = True

    @property
    def photo(self) -> str:
        """A file name for the photograph: a visitor's own name never becomes one."""
        photo, data = self.subject.choice.photo, self.subject.picture.data
        if photo not in OWN_PHOTOS and not self.subject.picture.waiting:
            return SAMPLES[photo]
        kinds = (suffix for start, suffix in SUFFIXES.items() if data.startswith(start))
        return f"photograph.{next(kinds, 'png')}"

    def name(self, suffix: str, what: str = "") -> str:
        """A file's name: photograph, network, view and, of several, what it is."""
        photo, key = self.photo.partition(".")[0], self.subject.network.info.key
        network = "".join(sign if sign.isalnum() else "-" for sign in key)
        parts = (photo, network, self.subject.choice.view, what)
        return f"{'-'.join(part for part in parts if part)}.{suffix}"

    @cached_property
    def items(self) -> Items:
        """What the figure for print shows."""
        return self.list_items()

    @cached_property
    def recipe(self) -> Recipe:
        """How the maps were made; the network is loaded where it has left the memory."""
        subject, choice, picture = self.subject, self.subject.choice, self.subject.picture
        found = {item.key: item.extent for item in self.items if isinstance(item, Shown)}
        first = f" {self.channels[0]}" if self.channels else ""
        names = [layer.name for layer in self.layers]
        extents = {name: found[name + first] for name in names if name + first in found}
        return Recipe(
            photo=self.photo,
            digest=picture.key.digest,
            info=subject.network.info,
            network=PASSES.run(say_nothing, load_model, subject.network.model),
            layers=self.layers,
            side=choice.side,
            aggregation=choice.aggregation,
            framing=picture.key.framing,
            size=picture.size,
            extents=extents,
            colors=choice.colors,
            limits="own" if self.channels else choice.range,
            opacity=choice.opacity if choice.overlay and self.asked is None else None,
            preprocessing=picture.key.preprocessing,
            asked=self.asked,
            channels=self.channels,
            heading=self.heading,
        )

    def make_print(self, width: str, kind: str) -> bytes:
        """The figure for print."""
        words = choose_language(self.subject.words)
        caption = describe(self.recipe, words)
        if self.heading:
            caption = f"{self.heading}. {caption}"
        return draw_print(self.items, caption, words.language, width, kind, self.columns)

    def make_arrays(self) -> bytes:
        """The maps as arrays."""
        return write_arrays(self.items, self.recipe.settings)

    def make_script(self) -> str:
        """Code that computes the same."""
        from viz.reports.script import write_script

        return write_script(self.recipe)

    def make_html(self) -> str:
        """The interactive figures in one file."""
        return write_html(list(self.list_figures()))

    def make_table(self, table: str) -> str:
        """One of the tables."""
        return write_csv(self.tables[table]())

    def make_files(self) -> dict[str, bytes]:
        """All files, by their names, with the photograph."""
        files = {self.name(kind): self.make_print("page", kind) for kind in FORMATS}
        files[self.name("npz")] = self.make_arrays()
        if self.list_figures():
            files[self.name("html")] = self.make_html().encode()
        if self.has_code:
            files[self.name("py")] = self.make_script().encode()
        files |= {self.name("csv", table): self.make_table(table).encode() for table in self.tables}
        return files | {self.photo: self.subject.picture.data}


def choose_columns(count: int) -> int | None:
    """The photograph and a column a layer, where that can be read on a page; None: as many as fit."""
    return count + 1 if count < MOST_COLUMNS else None


def read_image(picture: Picture) -> Image.Image:
    """A photograph as the network sees it."""
    return Image.fromarray(picture.pixels)


def show_photo(picture: Picture, title: str) -> Item:
    """A photograph for print."""
    return Photo(title, read_image(picture))


def show_panels(
    panels: Sequence[Panel], layers: Sequence[Layer], picture: Picture, look: Look, row: str = ""
) -> list[Item]:
    """The panels of some layers for print, as the page draws them.

    `row` names those that are not of the first row: it stands behind the titles and in the arrays' names.
    """
    titles = [f"{layer.name} · {row}" if row else layer.name for layer in layers]
    keys = [f"{layer.name} {row}" if row else layer.name for layer in layers]
    return show_named(panels, titles, keys, picture, look)


def show_named(
    panels: Sequence[Panel], titles: Sequence[str], keys: Sequence[str], picture: Picture, look: Look
) -> list[Item]:
    """Panels for print, with their titles and their names among arrays."""
    image, opacity = read_image(picture), look.opacity if look.overlay else None
    items: list[Item] = []
    for panel, title, key in zip(panels, titles, keys, strict=True):
        extent = find_extent(panel.cells, panel.heatmap.shape)
        colors = name_colors(look.colors, panel.diverging)
        ends = panel.low, panel.high, panel.ends, opacity
        items.append(Shown(title, key, panel.heatmap, extent, image, colors, *ends))
    return items


def take_maps(subject: Subject, heatmaps: Any, layers: Sequence[Layer], **more: Any) -> Taken:
    """What is taken away of the photograph and plain maps of some layers; `more` is for `Taken`."""
    look = subject.choose_look(subject.choice.overlay)

    def list_items() -> Items:
        panels = subject.choose_panels(heatmaps, list(layers))
        photo = show_photo(subject.picture, subject.words("picture.panel"))
        return [photo, *show_panels(panels, layers, subject.picture, look)]

    return Taken(subject, layers, list_items, **more)
