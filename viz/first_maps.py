"""The maps that a new visitor sees first, kept in a file.

While the first browser reads its scripts it wants all processors, and so would torch, to be imported. With
this file the first heatmap after a start of the server waits for neither torch nor the network.
`python -m viz.first_maps` writes the file anew; the tests hold it against the network.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from viz.layers import LAYER_NAMES

ASSETS = Path(__file__).parent.parent / "assets"
PATH = ASSETS / "maps" / "first.safetensors"
PHOTO = ASSETS / "images" / "cat.png"
FRAMING, SIZE, WEIGHTS, SIDE, AGGREGATION = "whole", 224, "bundled", "post", "mean"
STRONGEST = "strongest"  # beside the layers' names


@dataclass(frozen=True)
class FirstMaps:
    """One map of each layer.

    Attributes:
        facts: Of what they are: "photo" (SHA-256 of its bytes), "framing", "size", "weights" (their name),
            "weights_sha256", "side" and "aggregation".
        heatmaps: True values, float32 [h, w] by layer name.
        strongest: Number of the channel with the highest mean on that side of the ReLU, by layer name.
    """

    facts: dict[str, str]
    heatmaps: dict[str, NDArray[np.float32]]
    strongest: dict[str, int]


def read_first_maps(path: Path = PATH) -> FirstMaps | None:
    """What is in the file, 0.8 MB; None when it is missing or cut off: then the network has to run first."""
    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata()
            heatmaps = {name: file.get_tensor(name) for name in LAYER_NAMES}
            numbers = file.get_tensor(STRONGEST).tolist()
    except (OSError, SafetensorError):
        return None
    return FirstMaps(facts, heatmaps, dict(zip(LAYER_NAMES, numbers, strict=True)))


def write_first_maps(first: FirstMaps, path: Path = PATH) -> None:
    """Put them into the file."""
    strongest = np.array([first.strongest[name] for name in LAYER_NAMES])
    save_file(first.heatmaps | {STRONGEST: strongest}, path, first.facts)


def compute_first_maps() -> FirstMaps:
    """Run the network over the photograph."""
    from viz.extractor import extract_heatmaps
    from viz.images import frame_image, read_image, to_batch
    from viz.model import BUNDLED_SHA256, load_features

    data = PHOTO.read_bytes()
    batch = to_batch(frame_image(read_image(data), FRAMING, SIZE), WEIGHTS)
    found = extract_heatmaps(load_features(WEIGHTS), batch)
    facts = {"photo": hashlib.sha256(data).hexdigest(), "framing": FRAMING, "size": str(SIZE)}
    facts |= {"weights": WEIGHTS, "weights_sha256": BUNDLED_SHA256, "side": SIDE, "aggregation": AGGREGATION}
    return FirstMaps(
        facts,
        {name: found[name, SIDE, AGGREGATION] for name in LAYER_NAMES},
        {name: found.strongest_channel(name, SIDE) for name in LAYER_NAMES},
    )


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    write_first_maps(compute_first_maps())
