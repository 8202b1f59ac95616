"""Plain versions of `sngan-cnn` and `dcgan` for 3x32x32 images, as a first script writes them.

The same layers as the lab's networks at their defaults (spectral norm in the critic), from
torch.nn alone; the training step is `plain.plain_step`.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from benchmarks.plain import LATENT_SIZE, PlainCritic, PlainGenerator

CNN_GENERATOR, CNN_CRITIC = (512, 256, 128, 64), (64, 64, 128, 128, 256, 256, 512)
CNN_KERNELS = (3, 4, 3, 4, 3, 4, 3)
DCGAN_GENERATOR, DCGAN_CRITIC = (256, 128, 64), (64, 128, 256)
START = 4
"""Side of the grid that a generator's dense layer makes and a critic's head reads."""


def up(inputs: int, outputs: int, *, bias: bool) -> nn.ConvTranspose2d:
    """A 4x4 deconvolution that doubles the sides."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


class Head(nn.Module):
    """Features [B, ...] -> logits [B]."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.dense = spectral_norm(nn.Linear(num_features, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x.flatten(1)).squeeze(1)


def cnn_generator(width: float) -> nn.Module:
    """Miyato et al. 2018, Table 3a: latent code [B, 128] -> images [B, 3, 32, 32]."""
    sizes = [round(size * width) for size in CNN_GENERATOR]
    layers: list[nn.Module] = [
        nn.Linear(LATENT_SIZE, START**2 * sizes[0]),
        nn.Unflatten(1, (sizes[0], START, START)),
    ]
    for inputs, outputs in pairwise(sizes):
        layers += [up(inputs, outputs, bias=True), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(sizes[-1], 3, 3, padding=1), nn.Tanh())


def cnn_critic(width: float) -> nn.Module:
    """Miyato et al. 2018, Table 3b: images [B, 3, 32, 32] -> logits [B]."""
    sizes = [3, *(round(size * width) for size in CNN_CRITIC)]
    layers: list[nn.Module] = []
    for (inputs, outputs), kernel in zip(pairwise(sizes), CNN_KERNELS, strict=True):
        convolution = nn.Conv2d(inputs, outputs, kernel, stride=kernel - 2, padding=1)
        layers += [spectral_norm(convolution), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers, Head(START**2 * sizes[-1]))


def dcgan_generator(width: float) -> nn.Module:
    """Radford et al. 2016 at 32 pixels: latent code [B, 128] -> images [B, 3, 32, 32]."""
    sizes = [round(size * width) for size in DCGAN_GENERATOR]
    layers: list[nn.Module] = [
        nn.Linear(LATENT_SIZE, START**2 * sizes[0], bias=False),
        nn.Unflatten(1, (sizes[0], START, START)),
        nn.BatchNorm2d(sizes[0]),
        nn.ReLU(),
    ]
    for inputs, outputs in pairwise(sizes):
        layers += [up(inputs, outputs, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, up(sizes[-1], 3, bias=True), nn.Tanh())


def dcgan_critic(width: float) -> nn.Module:
    """Radford et al. 2016 at 32 pixels: images [B, 3, 32, 32] -> logits [B]."""
    sizes = [3, *(round(size * width) for size in DCGAN_CRITIC)]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        convolution = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)
        layers += [spectral_norm(convolution), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, Head(START**2 * sizes[-1]))


def plain_networks(architecture: str, width: float) -> tuple[nn.Module, nn.Module]:
    """The generator and the critic of one of the lab's architectures."""
    generator, critic = {
        "sngan-resnet": (PlainGenerator, PlainCritic),
        "sngan-cnn": (cnn_generator, cnn_critic),
        "dcgan": (dcgan_generator, dcgan_critic),
    }[architecture]
    return generator(width), critic(width)
