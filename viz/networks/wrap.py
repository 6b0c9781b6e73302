"""One's own module as a network."""

import copy
from collections.abc import Sequence

from torch import nn

from viz.networks.errors import NetworkError
from viz.networks.network import Color, Network, share_module
from viz.networks.trial import check_module, find_layers, shorten_error


def wrap_network(
    module: nn.Module,
    mean: Sequence[float],
    std: Sequence[float],
    size: int,
    classes: Sequence[str] | None = None,
) -> Network:
    """Make one's own module a network.

    Args:
        module: It takes float32 [1, 3, H, W]. A copy of it is used; it is left as it is.
        mean: Of red, green and blue in 0..1, as in its training.
        std: Of the same.
        size: Side of the square picture that it was made for, in pixels.
        classes: Names of the classes by index, where it has a classifier.

    Returns:
        A network that threads may share, on the accelerator if torch finds one.

    Raises:
        NetworkError: The module cannot be copied or run, or has a convolution that does not run.
        ValueError: `mean` or `std` are not three numbers each, a deviation is not above zero, or `size` is
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
    own = copy_module(module)
    try:
        share_module(own)
    except RuntimeError as error:  # such as a kernel of three dimensions, which has no channels-last layout
        raise NetworkError("no_copy", error=shorten_error(error)) from error
    names = None if classes is None else tuple(classes)
    return Network(own, find_layers(own, size), *colors, names, size)


def copy_module(module: nn.Module) -> nn.Module:
    """A copy of one's own module on the CPU, in single precision, or a NetworkError."""
    check_module(module)
    try:
        return copy.deepcopy(module).float().cpu()
    except Exception as error:  # the module's own code runs here, which may raise anything
        raise NetworkError("no_copy", error=shorten_error(error)) from error


def _read_color(values: Sequence[float], what: str) -> Color:
    if len(values) != 3:
        raise ValueError(f"expected three numbers as {what}, got {list(values)}")
    red, green, blue = map(float, values)
    return red, green, blue
