"""From the bytes of a photograph to feature maps, figures and files.

`import viz` imports neither torch nor Plotly; each of the names below is imported when it is first used.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "AGGREGATIONS": "viz.maps.aggregations",
    "Heatmaps": "viz.maps.heatmaps",
    "ImageError": "viz.pictures.decode",
    "Layer": "viz.networks.layers",
    "Look": "viz.figures.pieces",
    "Network": "viz.networks.network",
    "NetworkError": "viz.networks.errors",
    "Prediction": "viz.evidence.predict",
    "WeightsError": "viz.networks.errors",
    "class_maps": "viz.evidence.class_maps",
    "draw_heatmaps": "viz.figures.heatmaps",
    "extract_heatmaps": "viz.maps.one_pass",
    "frame_image": "viz.pictures.frame",
    "layer_metrics": "viz.measures.metrics",
    "list_networks": "viz.networks.catalogue",
    "load_network": "viz.networks.catalogue",
    "measure_network": "viz.measures.table",
    "normalize": "viz.maps.values",
    "predict": "viz.evidence.predict",
    "read_image": "viz.pictures.decode",
    "receptive_field_box": "viz.evidence.receptive_fields",
    "wrap_network": "viz.networks.wrap",
    "write_html": "viz.reports.html",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'viz' has no attribute {name!r}; it offers {', '.join(_HOMES)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
