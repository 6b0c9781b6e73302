"""What a network takes a picture for."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.maps.one_pass import run_or_fall_back, run_to_end
from viz.networks.answer import Answer
from viz.networks.errors import NetworkError
from viz.networks.network import Network


@dataclass(frozen=True)
class Prediction:
    """A class and how probable the network finds it.

    Attributes:
        index: Of the class, counted from 0.
        name: Of the class.
        probability: 0..1: the network's own where it gives probabilities, else the softmax over all classes
            or, of one number, its sigmoid.
    """

    index: int
    name: str
    probability: float


def predict(network: Network, batch: Tensor, count: int = 5) -> list[Prediction]:
    """Run a network with its classifier once and name the most probable classes.

    Args:
        network: Left as it is. `network.behaviour` tells what its output is taken for.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].
        count: How many at most.

    Returns:
        The most probable first, the lower index first on a tie.

    Raises:
        ValueError: The batch has another shape, or `count` is below 1.
        NetworkError: The network has no classifier, does not run on this picture, or gives no finite answer.

    Example:
        >>> predict(network, network.to_batch(network.frame(photo)))[0].name
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
    return ask(network, batch)[0]


def ask(network: Network, batch: Tensor) -> tuple[NDArray[np.float32], int]:
    """The same, and how many numbers the network gave for them."""

    def run(chosen: Network) -> Answer:
        with torch.inference_mode():
            return run_to_end(chosen, batch)

    answer = run_or_fall_back(network, run)
    probabilities: NDArray[np.float32] = answer.probabilities.cpu().numpy()
    if not np.isfinite(probabilities).all():
        raise NetworkError("no_answer")
    return probabilities, answer.count
