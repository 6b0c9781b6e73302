"""Networks of one's own, as whoever starts the server builds them: `--network own_networks:Bare`."""

from torch import nn
from torch.nn.functional import gelu


class Bare(nn.Module):
    """As ConvNeXt: no activation is a module, and each block adds its input."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.blocks = nn.ModuleList(nn.Conv2d(8, 8, 7, padding=3, groups=8) for _ in range(3))

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + gelu(block(x))
        return x.mean((2, 3))


class Small(nn.Sequential):
    """As networks for CIFAR: a square of 32 pixels and nothing else."""

    def __init__(self):
        features = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1)]
        features += [nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()]
        super().__init__(*features, nn.Flatten(), nn.Linear(16 * 8 * 8, 10))


class Square(nn.Module):
    """One layer of one channel, which refuses whatever is no square."""

    def __init__(self, activation=nn.SiLU):
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, padding=1)
        self.act = activation()

    def forward(self, x):
        assert x.shape[2] == x.shape[3], "expected a square"
        return self.act(self.conv(x))


class Plain(Square):
    """The same without an activation."""

    def __init__(self):
        super().__init__(nn.Identity)


class Still(nn.Sequential):
    """Every cell of its map is zero."""

    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        nn.init.zeros_(self[0].weight)
        nn.init.zeros_(self[0].bias)
