"""What a network's output says of its classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from viz.networks.errors import NetworkError
from viz.networks.marks import flatten
from viz.networks.network import Network


@dataclass(frozen=True)
class Answer:
    """An output, read as the network's `behaviour` says.

    Attributes:
        logits: Of each class, [classes]: what the probabilities are made of, as far as it is known.
        probabilities: Of each class, [classes], 0..1; they add up to 1 unless each is decided by itself.
        count: How many numbers the output had for them.
    """

    logits: Tensor
    probabilities: Tensor
    count: int


def read_answer(network: Network, output: Any, scores: Tensor | None = None) -> Answer:
    """Logits and probabilities of an output, the module's own where it gives probabilities.

    Of two classes one number may stand for both: it is that of the second.

    Args:
        network: One with classes.
        output: A tensor, or what holds one: a dictionary or an object with `logits`, a list or a tuple.
        scores: What its probabilities were made of, where that is known.

    Raises:
        NetworkError: There is not one number for each class.
    """
    count, behaviour = len(network.classes or ()), network.behaviour
    values = find_values(output)
    if values is None or len(values) not in ((1, 2) if count == 2 else (count,)):
        got = type(output).__name__ if values is None else [1, len(values)]
        raise NetworkError("no_logits", expected=[1, count], got=got)
    found, logits = len(values), values
    if behaviour.answer == "logits":
        probabilities = values.softmax(0) if found > 1 else values.sigmoid()
    else:
        probabilities = values.exp() if behaviour.ending == "log_softmax" else values
        logits = scores.flatten() if scores is not None and scores.numel() == len(values) else values
    if found < count:
        logits, probabilities = (torch.cat([-logits, logits]), torch.cat([1 - probabilities, probabilities]))
    return Answer(logits, probabilities, found)


def find_values(output: Any) -> Tensor | None:
    """The numbers of an output, [n]; None where it has none, or more than one a class."""
    if isinstance(output, Mapping):
        output = output.get("logits", output)
    found = next(iter(flatten([getattr(output, "logits", output)])), None)
    if found is None or max(found.shape, default=1) != found.numel():
        return None
    return found.flatten().float()
