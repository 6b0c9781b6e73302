"""What a network takes a picture for."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.maps.one_pass import run_or_fall_back, run_to_end
from viz.networks.network import Network


@dataclass(frozen=True)
class Prediction:
    """A class and how probable the network finds it.

    Attributes:
        index: Of the class, counted from 0.
        name: Of the class.
        probability: 0..1, the softmax over all classes.
    """

    index: int
    name: str
    probability: float


def predict(network: Network, batch: Tensor, count: int = 5) -> list[Prediction]:
    """Run a network with its classifier once and name the most probable classes.

    Args:
        network: Left as it is. Its output is taken for logits.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].
        count: How many at most.

    Returns:
        The most probable first, the lower index first on a tie.

    Raises:
        ValueError: The batch has another shape, or `count` is below 1.
        NetworkError: The network has no classifier, or does not run on this picture.

    Example:
        >>> predict(network, network.to_batch(frame_image(photo, "crop")))[0].name
        'espresso'
    """
    if count < 1:
        raise ValueError(f"expected a count of at least 1, got {count}")
    probabilities = compute_probabilities(network, batch)
    order = np.argsort(-probabilities, kind="stable")[:count].tolist()
    names = network.classes or ()
    return [Prediction(index, names[index], float(probabilities[index])) for index in order]


def compute_probabilities(network: Network, batch: Tensor) -> NDArray[np.float32]:
    """The probability of each class, float32 [classes]; arguments and what is raised as for `predict`."""

    def run(chosen: Network) -> Tensor:
        with torch.inference_mode():
            return run_to_end(chosen, batch)[0].softmax(dim=0).cpu()

    return run_or_fall_back(network, run).numpy()
