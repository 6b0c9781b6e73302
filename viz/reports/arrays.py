"""A figure's maps as arrays, with all that they were made by."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from viz.reports.shown import Items, Photo


def write_arrays(items: Items, settings: Mapping[str, Any]) -> bytes:
    """A file of `numpy.savez`, which `numpy.load` reads without pickles.

    Under each map's key stands the map, float32 [h, w], under "pixels" the framed photograph, uint8
    [H, W, 3], of a second photograph "pixels2", and under "settings" a text of JSON, as `Recipe.settings`
    has it.
    """
    arrays = {"settings": np.array(json.dumps(dict(settings)))}
    photos = 0
    for item in items:
        if isinstance(item, Photo):
            photos += 1
            arrays["pixels" if photos == 1 else f"pixels{photos}"] = np.asarray(item.image)
        elif item is not None:
            arrays[item.key] = item.heatmap
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
