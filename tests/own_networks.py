"""Networks of one's own, as whoever starts the server builds them: `--network own_networks:Bare`."""

import torch
from torch import nn
from torch.nn.functional import dropout, gelu, relu


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


class Normed(nn.Sequential):
    """Trained, by its statistics, on values a hundredth of these."""

    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self[1].running_var.fill_(1e-5)


class Plain(Square):
    """The same without an activation."""

    def __init__(self):
        super().__init__(nn.Identity)


class Judge(Square):
    """The same with one number for two classes."""

    def forward(self, x):
        return super().forward(x).mean((2, 3))


class Still(nn.Sequential):
    """Every cell of its map is zero."""

    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        nn.init.zeros_(self[0].weight)
        nn.init.zeros_(self[0].bias)


class LeNet(nn.Module):
    """Of one channel, 28×28, and flattening in a way that wants the channels first in memory."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc = nn.Linear(16 * 5 * 5, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(relu(self.conv2(x)), 2)
        return self.fc(x.view(1, -1))


class Odd(LeNet):
    """Drops out whatever the mode, and has convolutions that do not run."""

    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList(nn.Conv2d(6, 2, 1) for _ in range(5))

    def forward(self, x):
        return super().forward(dropout(x, 0.5, training=True))


class Chain(nn.Module):
    """Six convolutions and a classifier, whose numbers become what `change` makes of them at one place."""

    place, outputs = 3, 4

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.convs = nn.ModuleList(nn.Conv2d(3 if place == 0 else 8, 8, 3, padding=1) for place in range(6))
        self.fc = nn.Linear(8, self.outputs)

    def change(self, x):
        return x

    def forward(self, x):
        for place, conv in enumerate(self.convs):
            x = relu(self.change(conv(x)) if place == self.place else conv(x))
        return self.finish(self.fc(x.mean((2, 3))))

    def finish(self, x):
        return x


class Burst(Chain):
    """The fourth convolution and what follows it is not finite."""

    def __init__(self):
        super().__init__()
        self.convs[3].bias.data.fill_(torch.inf)


class Dip(Chain):
    """The fourth convolution is not finite; what follows it is."""

    def __init__(self):
        super().__init__()
        self.convs[3].bias.data.fill_(2.0e38)
        self.convs[3].weight.data.mul_(1e38)

    def change(self, x):
        return torch.exp(x).clamp(max=1)


class Meek(Chain):
    """Finite as it is trained, and not where its weights are random."""

    place = 5

    def __init__(self):
        super().__init__()
        self.convs[5].weight.data.zero_()

    def change(self, x):
        return torch.exp(1e4 * x)


class Void(Chain):
    """Every layer is NaN."""

    def __init__(self):
        super().__init__()
        for parameter in self.parameters():
            parameter.data.fill_(torch.nan)


class Steep(Chain):
    """The answer is finite; the gradients of the first four layers are not."""

    def change(self, x):
        return (x - x.detach()).abs().sqrt() + x


class Single(Chain):
    """One number for two classes."""

    outputs = 1


class Shares(Chain):
    """Gives probabilities."""

    def finish(self, x):
        return x.softmax(1)


class Each(Chain):
    """Decides each class by itself."""

    def finish(self, x):
        return x.sigmoid()


class Whole(Single):
    """Gives one probability."""

    def finish(self, x):
        return x.sigmoid()


class Hand(nn.Module):
    """Its activations are written by hand: x · σ(x), and the larger of x and 0."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 4, 3, padding=1)

    def forward(self, x):
        x = self.first(x)
        x = x * torch.sigmoid(x)
        return torch.clamp(self.second(x), min=0)
