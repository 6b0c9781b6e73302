"""Tables of words and numbers."""

from collections.abc import Collection, Sequence
from html import escape

import streamlit as st


def draw_table(
    key: str, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()
) -> None:
    """A small table, as Markdown; `numbers` are the places of the columns that stand to the right."""
    marks = ["--:" if place in numbers else "---" for place in range(len(columns))]
    lines = [f"| {' | '.join(cells)} |" for cells in (columns, marks, *rows)]
    st.container(key=key).markdown("\n".join(lines))


def draw_wide_table(
    key: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int]
) -> None:
    """A table that scrolls by itself, also by the keyboard.

    Streamlit's own imports pandas, which Plotly may meet half imported in another visitor's thread.
    """

    def write(tag: str, cells: Sequence[str]) -> str:
        kinds = [' class="number"' if place in numbers else "" for place in range(len(cells))]
        parts = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
        return f"<tr>{''.join(parts)}</tr>"

    head, body = write("th", columns), "".join(write("td", cells) for cells in rows)
    table = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
    region = f'<div role="region" tabindex="0" aria-label="{escape(title)}">{table}</div>'
    st.container(key=key).html(region)
