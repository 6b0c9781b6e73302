"""Whether a network's input has the scale that its weights expect, as far as the network itself tells."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from viz.networks.calls import Args, Function, Kwargs, Watch
from viz.networks.layers import Call
from viz.networks.network import Network, arrange

NEARLY_DEAD = 1e-3  # of the channels' median variance: such channels tell nothing


class _Seen(Exception):
    """Ends a pass of which all was seen that is wanted."""


class _FirstNorm(Watch):
    """Sees the first convolution's output, and the statistics by which it is normalised."""

    output: Tensor | None = None
    variance: Tensor | None = None

    def watch(self, name: str, call: Call | None, func: Function, args: Args, kwargs: Kwargs) -> Any:
        if name == "batch_norm" and args[0] is self.output:
            self.variance = args[2]
            raise _Seen
        if self.output is not None and call is not None:
            raise _Seen
        result = self.compute(func, args, kwargs)
        if call is not None and call.function == "conv2d":
            self.output = result
        return result


def measure_input_scale(network: Network, batches: Iterable[Tensor]) -> float | None:
    """How many times as far the first layer's values spread as in training.

    A batch normalisation behind the first convolution keeps each channel's variance in training. The
    deviations over all pictures are held against it, and the median over the channels is taken. A network
    runs as far as that normalisation, once a picture.

    Args:
        network: Left as it is.
        batches: Pictures, as `network.to_batch` gives them, [1, 3, H, W] each.

    Returns:
        The factor; None where no such normalisation is there, or it has not been trained.
    """
    means: list[Tensor] = []
    squares: list[Tensor] = []
    expected: Tensor | None = None
    for batch in batches:
        watch = _FirstNorm(network.device, gradients=False)
        module = network.open_module()
        pixels = arrange(batch, network.behaviour.channels_last).to(network.device)
        # The network may be anybody's, and raise anything; a pass tells what.
        with torch.inference_mode(), suppress(Exception), watch:
            module(pixels)
        if watch.output is None or watch.variance is None:
            return None
        expected = watch.variance.double().cpu()
        values = watch.output.double().cpu()
        means.append(values.mean(dim=(0, 2, 3)))
        squares.append(values.square().mean(dim=(0, 2, 3)))
    if expected is None or bool((expected == 1).all()):  # as they are before training
        return None
    found = torch.stack(squares).mean(dim=0) - torch.stack(means).mean(dim=0).square()
    alive = expected > NEARLY_DEAD * expected.median()
    return float((found[alive] / expected[alive]).sqrt().median())
