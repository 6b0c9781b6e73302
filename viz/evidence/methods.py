"""The kinds of class maps. It needs no torch: tensors are used by their methods alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Method:
    """How a class map is made of one layer.

    Attributes:
        weigh: Takes the layer's activations and the gradients of the class's logit at them, both [C, h, w],
            and gives the map [h, w].
        signed: Whether negative values mean something; of the others they are set to zero, unless the map is
            held against that of another class.
    """

    weigh: Callable[[Tensor, Tensor], Tensor]
    signed: bool = False


# A method is a row here, and its words in the catalogues.
METHODS: dict[str, Method] = {
    # Activations times their gradients where these are positive; it works in shallow layers, too (Jiang et
    # al. 2021, https://doi.org/10.1109/TIP.2021.3089943).
    "layercam": Method(lambda maps, slopes: (slopes.clamp(min=0) * maps).sum(dim=0)),
    # Each channel times the mean of its gradients (https://arxiv.org/abs/1610.02391).
    "gradcam": Method(lambda maps, slopes: (slopes.mean(dim=(1, 2)) @ maps.flatten(1)).view(maps.shape[1:])),
    # Activations times their gradients (https://arxiv.org/abs/2011.08891).
    "hirescam": Method(lambda maps, slopes: (slopes * maps).sum(dim=0), signed=True),
}
