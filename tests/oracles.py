"""What is known of layers without the project: by modules and hooks."""

from collections import Counter

from torch import nn

# Of a network whose activations are all modules.
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.ELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid)


def count_calls(network):
    """The path of a layer's or an activation's module, and which of the module's calls it is, by its call."""
    seen = {
        thing.call: thing.path for layer in network.layers for thing in (layer, layer.activation) if thing
    }
    calls, counted = Counter(), {}
    for call, path in sorted(seen.items()):
        calls[path] += 1
        counted[call] = path, calls[path]
    return counted
