"""An interactive figure as a file that needs no network."""

from pathlib import Path
from typing import Any

# Plotly's button "Share chart…" sends a figure to a service; nothing that is made here does.
CONFIG = {"showSendToCloud": False, "displaylogo": False}


def write_html(figure: Any, path: str | Path | None = None) -> str:
    """A figure with Plotly's script inside, some 5 MB, which asks nobody when the file is opened.

    Args:
        figure: One of Plotly, such as `draw_heatmaps` gives it, or several, one below the other.
        path: Where it is written, too; None for nowhere.

    Returns:
        The text of the file.

    Raises:
        ValueError: There is no figure.
    """
    first, *others = figure if isinstance(figure, list | tuple) else [figure]
    text: str = first.to_html(config=CONFIG, include_plotlyjs=True, full_html=True)
    parts = [one.to_html(config=CONFIG, include_plotlyjs=False, full_html=False) for one in others]
    head, end, tail = text.rpartition("</body>")
    text = "".join((head, *parts, end, tail))
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text
