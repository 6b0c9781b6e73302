"""The menu "For your report": what a visitor takes away of a figure, each made when it is asked for.

What needs torch or matplotlib, which take seconds to import, is imported only then.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import segno
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from page.choice.choice import OWN_PHOTOS
from page.choice.session import make_link
from page.visit import Visit
from page.widgets.images import write_data_url
from page.work.models import load_model
from page.work.queue import PASSES, say_nothing
from viz.figures.heatmaps import draw_heatmaps
from viz.maps.heatmaps import Heatmaps
from viz.pictures.samples import SAMPLES
from viz.reports.arrays import write_arrays
from viz.reports.bundle import write_bundle
from viz.reports.html import write_html
from viz.reports.print import FORMATS, WIDTHS, draw_print
from viz.reports.recipe import Recipe, find_extent

SUFFIXES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}  # by a file's first bytes
QR_SIDE = 150  # pixels of the screen


@dataclass(frozen=True)
class Taken:
    """What is taken away of one view.

    Attributes:
        visit: The visitor's.
        heatmaps: Of the picture.
    """

    visit: Visit
    heatmaps: Heatmaps

    @property
    def maps(self) -> dict[str, NDArray[np.float32]]:
        """Those that are shown, by layer name."""
        side, aggregation = self.visit.choice.side, self.visit.choice.aggregation
        layers = self.visit.layers
        return {layer.name: self.heatmaps[layer.name, layer.pick_side(side), aggregation] for layer in layers}

    @property
    def photo(self) -> str:
        """A file name for the photograph: a visitor's own name never becomes one."""
        choice, data = self.visit.choice, self.visit.picture.data
        if choice.photo not in OWN_PHOTOS and not self.visit.picture.waiting:
            return SAMPLES[choice.photo]
        kinds = (suffix for start, suffix in SUFFIXES.items() if data.startswith(start))
        return f"photograph.{next(kinds, 'png')}"

    def name(self, suffix: str) -> str:
        """A file's name: photograph, network and view."""
        photo = self.photo.partition(".")[0]
        network = "".join(sign if sign.isalnum() else "-" for sign in self.visit.network.info.key)
        return f"{photo}-{network}-{self.visit.choice.view}.{suffix}"

    @property
    def image(self) -> Image.Image:
        """The photograph as the network sees it."""
        return Image.fromarray(self.visit.picture.pixels)

    def make_recipe(self) -> Recipe:
        """How the maps were made; the network is loaded where it has left the memory."""
        visit, choice, picture = self.visit, self.visit.choice, self.visit.picture
        maps = self.maps
        extents = {
            layer.name: find_extent(layer, maps[layer.name].shape, picture.size) for layer in visit.layers
        }
        return Recipe(
            photo=self.photo,
            digest=picture.key.digest,
            info=visit.network.info,
            network=PASSES.run(say_nothing, load_model, visit.network.model),
            layers=visit.layers,
            side=choice.side,
            aggregation=choice.aggregation,
            framing=picture.key.framing,
            size=picture.size,
            extents=extents,
            colors=choice.colors,
            limits=choice.range,
            opacity=choice.opacity if choice.overlay else None,
        )

    def make_print(self, width: str, kind: str) -> bytes:
        """The figure for print."""
        return draw_print(self.make_recipe(), self.image, self.maps, self.visit.words, width, kind)

    def make_arrays(self) -> bytes:
        """The maps as arrays."""
        return write_arrays(self.make_recipe(), self.image, self.maps)

    def make_script(self) -> str:
        """Code that computes the same."""
        from viz.reports.script import write_script

        return write_script(self.make_recipe())

    def make_html(self) -> str:
        """The interactive figure in one file."""
        visit, choice = self.visit, self.visit.choice
        figure = draw_heatmaps(
            self.image,
            self.heatmaps,
            visit.layers,
            side=choice.side,
            aggregation=choice.aggregation,
            limits=choice.range,
            look=visit.choose_look(choice.overlay),
            translate=visit.words,
        )
        return write_html(figure)

    def make_bundle(self, link: str) -> bytes:
        """All of it, with the photograph."""
        from viz.reports.script import write_script

        recipe = self.make_recipe()
        files = {self.name(kind): self.make_print("page", kind) for kind in FORMATS}
        files |= {self.name("npz"): self.make_arrays(), self.name("html"): self.make_html().encode()}
        files |= {self.name("py"): write_script(recipe).encode(), self.photo: self.visit.picture.data}
        return write_bundle(files, recipe.settings, link)


def draw_report(visit: Visit, heatmaps: Heatmaps) -> None:
    """Draw the menu, folded; what is in it is made for those alone who unfold it."""
    words, taken = visit.words, Taken(visit, heatmaps)
    box = st.expander(words("report.menu"), key="report", icon=":material/file_save:", on_change="rerun")
    if not box.open:
        return
    with box:
        files, address = st.columns([0.7, 0.3], gap="large")
        link = make_link()
        with files:
            st.caption(words("report.note"))
            _offer_files(taken, link)
        with address:
            st.caption(words("report.link"))
            st.code(link, language=None, wrap_lines=True)
            _draw_qr(visit, link)
        if st.toggle(words("report.show_code"), key="report_code_shown"):
            _show_code(taken)


def _offer_files(taken: Taken, link: str) -> None:
    words = taken.visit.words
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            words("report.figure"),
            list(FORMATS),
            default="png",
            key="print_kind",
            format_func=str.upper,
            required=True,
        )
        width = st.segmented_control(
            words("report.width"),
            list(WIDTHS),
            default="page",
            key="print_width",
            format_func=lambda name: words(f"report.width_{name}"),
            required=True,
        )
    makers: dict[str, tuple[str, Callable[[], str | bytes]]] = {
        "print": (str(kind), partial(taken.make_print, str(width), str(kind))),
        "html": ("html", taken.make_html),
        "arrays": ("npz", taken.make_arrays),
        "code": ("py", taken.make_script),
        "bundle": ("zip", partial(taken.make_bundle, link)),
    }
    with st.container(horizontal=True):
        for name, (suffix, make) in makers.items():
            st.download_button(
                words(f"report.{name}"),
                make,
                file_name=taken.name(suffix),
                key=f"report_{name}",
                on_click="ignore",
                icon=":material/download:",
            )


def _show_code(taken: Taken) -> None:
    """The script, with a button that copies it, and the same in ten lines with this project."""
    from viz.reports.script import write_script, write_short_script

    recipe = taken.make_recipe()
    st.code(write_script(recipe), language="python", height=420)
    st.caption(taken.visit.words("report.short"))
    st.code(write_short_script(recipe), language="python")


def _draw_qr(visit: Visit, link: str) -> None:
    buffer = io.BytesIO()
    segno.make(link or "?").save(buffer, kind="png", scale=4, border=2)
    st.image(write_data_url(buffer.getvalue()), alt=visit.words("report.qr"), width=QR_SIDE)
