"""The menu "For your report": what a visitor takes away of a view, each made when it is asked for."""

import io
from collections.abc import Callable
from functools import partial

import segno
import streamlit as st

from page.choice.session import make_link
from page.widgets.document import write_document
from page.widgets.images import write_data_url
from page.widgets.taken import Taken
from page.work.queue import REPORTS, say_nothing
from viz.reports.bundle import write_bundle
from viz.reports.document import write_docx, write_markdown
from viz.reports.print import FORMATS, WIDTHS
from viz.texts import Translate

QR_SIDE = 150  # pixels of the screen
Makers = dict[str, tuple[str, str, Callable[[], str | bytes]]]


def draw_report(taken: Taken) -> None:
    """Draw the menu, folded; what is in it is made for those alone who unfold it."""
    words = taken.subject.words
    box = st.expander(words("report.menu"), key="report", icon=":material/file_save:", on_change="rerun")
    if not box.open:
        return
    with box:
        files, address = st.columns([0.7, 0.3], gap="large")
        link = make_link()
        with files:
            st.caption(words("report.note"))
            offer_files(taken, link)
        with address:
            st.caption(words("report.link"))
            st.code(link, language=None, wrap_lines=True)
            _draw_qr(words, link)
        if taken.has_code and st.toggle(words("report.show_code"), key="report_code_shown"):
            _show_code(taken)


def offer_files(taken: Taken, link: str) -> None:
    """Draw a button a file, and what decides the figure for print."""
    words = taken.subject.words
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
    with st.container(horizontal=True):
        for name, (label, file, make) in _list_makers(taken, str(kind), str(width), link).items():
            st.download_button(
                label,
                partial(make_in_turn, make),
                file_name=file,
                key=f"report_{name}",
                on_click="ignore",
                icon=":material/download:",
            )


def _list_makers(taken: Taken, kind: str, width: str, link: str) -> Makers:
    """Label, file name and maker of each file, by the name of its button."""
    words = taken.subject.words
    makers: dict[str, tuple[str, Callable[[], str | bytes]]] = {
        "print": (kind, partial(taken.make_print, width, kind))
    }
    if taken.list_figures():
        makers["html"] = "html", taken.make_html
    makers["arrays"] = "npz", taken.make_arrays
    if taken.has_code:
        makers["code"] = "py", taken.make_script
    found = {
        name: (words(f"report.{name}"), taken.name(suffix), make) for name, (suffix, make) in makers.items()
    }
    for name, suffix, make in (("word", "docx", make_word), ("markdown", "md", make_markdown)):
        found[name] = words(f"report.{name}"), taken.name(suffix), partial(make, taken, link)
    for table in taken.tables:
        label = words("report.table", table=words(f"report.table_{table}"))
        found[table] = label, taken.name("csv", table), partial(taken.make_table, table)
    return found | {"bundle": (words("report.bundle"), taken.name("zip"), partial(make_bundle, taken, link))}


def make_in_turn(make: Callable[[], str | bytes]) -> str | bytes:
    """A file, one at a time for all visitors: while it is made it takes more memory than it has bytes."""
    return REPORTS.take_turn(say_nothing, make).result()


def make_word(taken: Taken, link: str) -> bytes:
    """The report in words, for Word, with the figure."""
    return write_docx(write_document(taken, link), taken.make_print("page", "png"))


def make_markdown(taken: Taken, link: str) -> str:
    """The same as Markdown, which refers to the figure."""
    return write_markdown(write_document(taken, link))


def make_bundle(taken: Taken, link: str) -> bytes:
    """All files with the report, which refers to the figure among them, and a manifest."""
    document = write_document(taken, link)
    files = taken.make_files()
    files[taken.name("md")] = write_markdown(document).encode()
    files[taken.name("docx")] = write_docx(document, files[document.file])
    return write_bundle(files, taken.recipe.settings, link)


def _show_code(taken: Taken) -> None:
    """The script, with a button that copies it, and the same in ten lines with this project."""
    from viz.reports.short_script import write_short_script

    st.code(taken.make_script(), language="python", height=420)
    st.caption(taken.subject.words("report.short"))
    st.code(write_short_script(taken.recipe), language="python")


def _draw_qr(words: Translate, link: str) -> None:
    buffer = io.BytesIO()
    segno.make(link or "?").save(buffer, kind="png", scale=4, border=2)
    st.image(write_data_url(buffer.getvalue()), alt=words("report.qr"), width=QR_SIDE)
