"""A figure's maps as arrays, with all that they were made by."""

import io
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viz.reports.recipe import Recipe


def write_arrays(recipe: Recipe, image: Image.Image, maps: Mapping[str, NDArray[np.float32]]) -> bytes:
    """A file of `numpy.savez`, which `numpy.load` reads without pickles.

    Under each layer's name stands its map, float32 [h, w], under "pixels" the framed photograph, uint8
    [H, W, 3], and under "settings" a text of JSON, as `Recipe.settings` has it.
    """
    buffer = io.BytesIO()
    facts = {"pixels": np.asarray(image), "settings": np.array(json.dumps(recipe.settings))}
    np.savez_compressed(buffer, allow_pickle=False, **{**maps, **facts})
    return buffer.getvalue()
