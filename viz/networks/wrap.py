"""One's own module as a network."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from viz.networks.errors import explain_failure
from viz.networks.examine import check_module, examine
from viz.networks.network import Color, Network, OutputKind, copy_module, drop_hooks, share_module
from viz.networks.placement import place_layers


@torch.inference_mode(False)
def wrap_network(
    module: nn.Module,
    mean: Sequence[float],
    std: Sequence[float],
    size: int,
    classes: Sequence[str] | None = None,
    output: OutputKind | None = None,
) -> Network:
    """Make one's own module a network.

    Args:
        module: It takes float32 [1, 3, H, W], or [1, 1, H, W] and gets pictures in grey. A copy of it is
            used; it is left as it is.
        mean: Of red, green and blue in 0..1, as in its training; or one number for all.
        std: Of the same.
        size: Side of the square picture that it was made for, in pixels.
        classes: Names of the classes by index, where it has a classifier.
        output: Whether it gives "logits" or "probabilities"; None for what the trial shows.

    Returns:
        A network that threads may share, on the accelerator if torch finds one.

    Raises:
        NetworkError: The module cannot be copied or run, or no convolution of it gives a map.
        ValueError: `mean` or `std` are not one number or three, a deviation is not above zero, or `size` is
            no positive number.

    Example:
        >>> network = wrap_network(module, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 224)
        >>> heatmaps = extract_heatmaps(network, network.to_batch(image))
    """
    colors = _read_color(mean, "mean"), _read_color(std, "std")
    if min(colors[1]) <= 0:
        raise ValueError(f"expected a std above zero, got {list(std)}")
    if size < 1:
        raise ValueError(f"expected a size in pixels, got {size}")
    own = share_module(copy_own(module))
    layers, behaviour = examine(own, size)
    if behaviour.changes_itself:
        own = share_module(copy_own(module), behaviour.channels_last)
    if output is not None:
        behaviour = replace(behaviour, answer=output)
    names = None if classes is None else tuple(classes)
    return place_layers(Network(own, layers, *colors, names, size, behaviour))


def copy_own(module: nn.Module) -> nn.Module:
    """A copy of a module on the CPU, in single precision, without the visitor's hooks, or a NetworkError."""
    check_module(module)
    try:
        # A network of several precisions casts between them by itself.
        to_single = len({value.dtype for value in module.parameters() if value.is_floating_point()}) < 2
        known = {id(value): _copy_parameter(value, to_single) for value in module.parameters()}
        copied = drop_hooks(copy_module(module, known))
        if to_single:
            copied.float()
        copied.cpu()
        return copied
    except Exception as error:  # the module's own code runs here, which may raise anything
        raise explain_failure("no_copy", error) from error


def _copy_parameter(parameter: nn.Parameter, to_single: bool) -> nn.Parameter:
    kind = torch.float32 if to_single and parameter.is_floating_point() else parameter.dtype
    # Kernels of one channel or one pixel have both orders at once, and must not change their strides.
    is_mixed = parameter.ndim != 4 or parameter.is_contiguous(memory_format=torch.channels_last)
    order = torch.preserve_format if is_mixed else torch.channels_last
    copied = parameter.detach().to("cpu", kind, copy=True, memory_format=order)
    return nn.Parameter(copied, requires_grad=False)


def _read_color(values: Sequence[float], what: str) -> Color:
    if len(values) not in (1, 3):
        raise ValueError(f"expected three numbers as {what}, or one, got {list(values)}")
    red, green, blue = map(float, values if len(values) == 3 else [*values] * 3)
    return red, green, blue
