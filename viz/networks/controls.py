"""The controls: networks of the same architecture that were not trained. It needs no torch to be listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

    from viz.networks.network import Network


def make_control(network: Network, control: str, seed: int) -> Network:
    """A network of its own with the weights that a control has instead of the trained ones.

    Args:
        network: The trained one, which is left alone; its layers are the control's.
        control: Key of `CONTROLS`.
        seed: The same one gives the same network.

    Returns:
        A network whose normalisations have statistics that fit, as `viz.networks.calibrate.calibrate` finds
        them.

    Raises:
        ValueError: The control is unknown; the message lists the valid ones.

    Example:
        >>> make_control(load_network("vgg16"), "shuffled", seed=3).find_layer("conv3_1").channels
        256
    """
    from viz.networks.calibrate import calibrate
    from viz.networks.network import copy_module, drop_hooks

    if control not in CONTROLS:
        raise ValueError(f"unknown control {control!r}; expected one of {', '.join(CONTROLS)}")
    module = drop_hooks(copy_module(network.module))
    CONTROLS[control](module, seed)
    made = replace(network, module=module)
    try:
        return calibrate(made)
    except Exception:  # a stranger's module may take one picture at a time
        return made


def draw(module: nn.Module, seed: int) -> None:
    """Give a module the random weights of `viz.networks.network.randomize`."""
    from viz.networks.network import randomize

    randomize(module, seed)


def draw_centered(module: nn.Module, seed: int) -> None:
    """The same, but each filter of the first convolution has a mean of zero in each channel of its input.

    An even patch leaves such a filter silent, whatever its colour. Filters of one pixel stay as they are.
    """
    draw(module, seed)
    first = next((values.data for values in module.parameters() if values.ndim == 4), None)
    if first is not None and first[0, 0].numel() > 1:
        first -= first.mean(dim=(2, 3), keepdim=True)


def shuffle(module: nn.Module, seed: int) -> None:
    """Put each parameter's values into a random order: all of them stay, their arrangement goes."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    orders: dict[int, Tensor] = {}  # by the number of values; to draw one takes longer than to use it
    for parameter in module.parameters():
        values = parameter.data.flatten()
        if len(values) not in orders:
            order = torch.randperm(len(values), generator=generator, dtype=torch.int32)
            orders[len(values)] = order.to(values.device)
        shuffled = values.index_select(0, orders[len(values)])
        parameter.data.copy_(shuffled.reshape(parameter.shape))


# A control is a row, and its words in the catalogues. The function takes a module of its own, on the trained
# weights, changes these in place, and takes a seed.
CONTROLS: dict[str, Callable[[nn.Module, int], None]] = {
    "he": draw,
    "zero_mean": draw_centered,
    "shuffled": shuffle,
}
