"""What a source of networks has to give, and the building that sources of published weights share."""

from abc import ABC, abstractmethod
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from viz.networks.calibrate import calibrate
from viz.networks.catalogue import NetworkInfo
from viz.networks.files import Progress, check_file
from viz.networks.network import Network, randomize, share_module
from viz.networks.placement import place_layers


class Source(ABC):
    """Builds the networks of the catalogue whose `NetworkInfo.source` names its file.

    The file offers one as `SOURCE`. A source keeps nothing.
    """

    @abstractmethod
    def load(self, info: NetworkInfo, classifier: bool = True) -> Network:
        """Build a network and give it its trained weights; arguments as `catalogue.load`.

        A WeightsError says that they are missing, altered, or cannot be fetched; a NetworkError that one's
        own network cannot be built, or that its weights do not fit.
        """

    @abstractmethod
    def load_untrained(self, info: NetworkInfo, seed: int) -> Network:
        """Build the same architecture with random weights, as `catalogue.load` says; it fetches nothing."""

    def is_there(self, info: NetworkInfo) -> bool:
        """Whether `load` has nothing to fetch."""
        return True

    def fetch(self, info: NetworkInfo, progress: Progress | None = None) -> None:
        """Fetch what `load` needs and is not there; arguments and errors as `catalogue.fetch`."""
        assert self.is_there(info)


class PublishedSource(Source):
    """A source of architectures whose trained weights were published."""

    @abstractmethod
    def build(self, info: NetworkInfo) -> nn.Module:
        """The architecture; the caller sees to it that its parameters take no memory yet."""

    @abstractmethod
    def read_weights(self, info: NetworkInfo) -> dict[str, Tensor]:
        """The trained weights by their names in the architecture, or a WeightsError."""

    @abstractmethod
    def wrap(self, info: NetworkInfo, module: nn.Module) -> Network:
        """The network of a module that is ready to be shared; one without classifier loses the classes."""

    @torch.inference_mode(False)
    def load(self, info: NetworkInfo, classifier: bool = True) -> Network:
        whole = classifier or not info.classifier_megabytes
        module, weights = self._build(info, whole), self.read_weights(info)
        if not whole:
            weights = {name: value for name, value in weights.items() if not name.startswith("classifier.")}
        module.load_state_dict(weights, assign=True)
        return place_layers(self.wrap(info, share_module(module)))

    @torch.inference_mode(False)
    def load_untrained(self, info: NetworkInfo, seed: int) -> Network:
        module = self._build(info, not info.classifier_megabytes).to_empty(device="cpu")
        randomize(module, seed)
        return place_layers(calibrate(self.wrap(info, share_module(module))))

    def _build(self, info: NetworkInfo, whole: bool) -> nn.Module:
        with torch.device("meta"):
            module = self.build(info)
        if not whole:  # it has most of a VGG's weights
            module.classifier = nn.Identity()
        return module


def read_bundled(path: Path, digest: str) -> dict[str, Tensor]:
    """The weights of a file that comes with the page, in single precision; else as `check_file`."""
    check_file(path, digest)
    return {name: value.float() for name, value in load_file(path).items()}
