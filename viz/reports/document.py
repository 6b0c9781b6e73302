"""A report in words: headings, sentences, tables and a figure, as Markdown or for Word."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

FIGURE_WIDTH = 6.0  # inches, of a page with Word's usual margins


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        heading: Above it.
        paragraphs: In this order.
        points: Under these, each with its details.
        rows: Of a table under these, its head first; none for no table.
    """

    heading: str
    paragraphs: Sequence[str] = ()
    points: Sequence[tuple[str, Sequence[str]]] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes:
        title: Above all.
        file: The figure's file name, to which Markdown refers.
        caption: Under the figure.
        sections: In this order.
    """

    title: str
    file: str
    caption: str
    sections: Sequence[Section]


def write_markdown(document: Document) -> str:
    """The report as Markdown; its figure is the file beside it."""
    parts = [f"# {_escape(document.title)}"]
    parts += [f"![{_escape(document.caption)}]({document.file})", f"*{_escape(document.caption)}*"]
    for section in document.sections:
        parts.append(f"## {_escape(section.heading)}")
        parts += map(_escape, section.paragraphs)
        if section.points:
            lines = [
                line
                for point, details in section.points
                for line in (f"- {_escape(point)}", *(f"  - {_escape(detail)}" for detail in details))
            ]
            parts.append("\n".join(lines))
        if section.rows:
            head, *body = [[_escape(cell) for cell in row] for row in section.rows]
            table = [head, ["---"] * len(head), *body]
            parts.append("\n".join(f"| {' | '.join(cells)} |" for cells in table))
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    """A text that is no Markdown: names of classes and layers are others' words."""
    return re.sub(r"([\\`*\[\]<>|#])", r"\\\1", " ".join(text.split()))


def write_docx(document: Document, figure: bytes) -> bytes:
    """The report for Word and its kin, with the figure, a PNG, inside."""
    from docx import Document as Word  # takes a while to import
    from docx.shared import Inches

    word = Word()
    word.core_properties.title, word.core_properties.author = document.title, ""
    word.add_heading(document.title, level=0)
    word.add_picture(io.BytesIO(figure), width=Inches(FIGURE_WIDTH))
    word.add_paragraph(document.caption, style="Caption")
    for section in document.sections:
        word.add_heading(section.heading, level=1)
        for paragraph in section.paragraphs:
            word.add_paragraph(paragraph)
        for point, details in section.points:
            word.add_paragraph(point, style="List Bullet")
            for detail in details:
                word.add_paragraph(detail, style="List Bullet 2")
        if section.rows:
            table = word.add_table(rows=0, cols=len(section.rows[0]), style="Table Grid")
            for row in section.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()
