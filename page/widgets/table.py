"""Tables of words and numbers."""

from collections.abc import Sequence

import streamlit as st


def draw_table(
    key: str, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()
) -> None:
    """A small table, as Markdown; `numbers` are the places of the columns that stand to the right."""
    marks = ["--:" if place in numbers else "---" for place in range(len(columns))]
    lines = [f"| {' | '.join(cells)} |" for cells in (columns, marks, *rows)]
    st.container(key=key).markdown("\n".join(lines))
