"""The networks of R3GAN (Huang et al. 2024, section 3; github.com/brownvc/R3GAN).

A stage at each side from 4 to the images': a resampling and two residual blocks in G, in D the
mirror image. There is no normalisation; blocks begin as the identity, because their last layer is
zero, and their other layers are scaled by (number of blocks)^(-1/4) (Zhang et al. 2019).

At width 1 a stage has 768 channels up to 32 pixels and half as many with each doubling of the side
beyond (FFHQ-64 and FFHQ-256). The group of a 3x3 convolution has 16 channels; a smaller width
removes groups, a larger one widens them: width 2 at 32 pixels is ImageNet-32.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.errors import InputError
from lab.gan.networks.initialisation import Fill, normal
from lab.gan.networks.layers import Conv2d, Embedding, Linear
from lab.gan.networks.network import Critic, Generator, Pair, Plan
from lab.gan.networks.spectral import Layer

START = 4
SMALLEST = 16
BLOCKS = 2
"""Residual blocks of a stage."""
EXPANSION = 2
SLOPE = 0.2
GROUP = 8
"""Channels of a block for each group of its 3x3 convolution, at width 1."""
WIDTH = 768
WIDE_UNTIL = 32
"""Side up to which a stage has WIDTH channels."""
FILTER = (1.0, 3.0, 3.0, 1.0)
"""[1, 2, 1] convolved with the box of a nearest resampling by 2."""
NORMS = ("none", "orthonormal")


class StageSize(NamedTuple):
    """Sizes of the blocks of a stage."""

    channels: int
    cardinality: int
    """Groups of the 3x3 convolutions."""


def stage_sizes(plan: Plan) -> list[StageSize]:
    """One for each side from 4 to that of the images. Raises InputError for other sides."""
    side = plan.side
    if side < SMALLEST or side & (side - 1):
        raise InputError(
            f"data.resolution is {plan.resolution}; network.architecture r3gan takes 28 or a "
            f"power of two from {SMALLEST} on: set data.resolution to one of these"
        )
    sides = [START << position for position in range(int(math.log2(side // START)) + 1)]
    return [_stage_size(side, plan.width) for side in sides]


def _stage_size(side: int, width: float) -> StageSize:
    groups = max(1, WIDTH * WIDE_UNTIL // max(side, WIDE_UNTIL) // GROUP)
    if width < 1:
        groups = max(1, round(groups * width))
        return StageSize(GROUP * groups, groups)
    return StageSize(groups * round(GROUP * width), groups)


def fan_in(gain: float = 1.0) -> Fill:
    """N(0, gain^2 / fan-in) (He et al. 2015, eq. 10)."""

    def fill(weight: Tensor, rng: torch.Generator) -> None:
        with torch.no_grad():
            weight.normal_(0.0, gain / math.sqrt(weight[0].numel()), generator=rng)

    return fill


def of_classes(num_classes: int, gain: float = 1.0) -> Fill:
    """N(0, gain^2 / number of classes): an embedding as the matrix of one-hot labels."""

    def fill(weight: Tensor, rng: torch.Generator) -> None:
        with torch.no_grad():
            weight.normal_(0.0, gain / math.sqrt(num_classes), generator=rng)

    return fill


def zeros(weight: Tensor, rng: torch.Generator) -> None:
    """All zero."""
    nn.init.zeros_(weight)


class GroupedConv2d(Layer):
    """A 3x3 convolution whose channels form `groups` that do not mix, with a bias."""

    def __init__(self, channels: int, groups: int, *, fill: Fill) -> None:
        shape = (channels, channels // groups, 3, 3)
        super().__init__(shape, bias=True, fill=fill, weight_norm="none")
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape"""
        return F.conv2d(x, self.effective_weight(), self.bias, padding=1, groups=self.groups)


class Block(nn.Module):
    """x + [conv1 leaky conv3 leaky conv1], the middle twice as wide and in groups.

    The biases of the first two layers are those of the activations in the authors' code.
    """

    def __init__(self, size: StageSize, num_blocks: int) -> None:
        super().__init__()
        inner = EXPANSION * size.channels
        gain = math.sqrt(2 / (1 + SLOPE**2)) * num_blocks**-0.25
        self.conv_1 = Conv2d(size.channels, inner, 1, fill=fan_in(gain))
        self.conv_2 = GroupedConv2d(inner, size.cardinality, fill=fan_in(gain))
        self.conv_3 = Conv2d(inner, size.channels, 1, fill=zeros, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape"""
        residual = F.leaky_relu_(self.conv_1(x), SLOPE)
        residual = F.leaky_relu_(self.conv_2(residual), SLOPE)
        return self.conv_3(residual).add_(x)


class Resample(nn.Module):
    """Doubles or halves the sides with the filter [1, 3, 3, 1]; beyond the border are zeros."""

    kernel: Tensor

    def __init__(self, channels: int, *, up: bool) -> None:
        super().__init__()
        row = torch.tensor(FILTER)
        kernel = torch.outer(row, row) / row.sum() ** 2 * (4 if up else 1)
        each = kernel.expand(channels, 1, 4, 4).contiguous(memory_format=torch.channels_last)
        self.register_buffer("kernel", each, persistent=False)
        self.up = up

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, 2H, 2W] or [B, C, H / 2, W / 2]"""
        # On CPUs depth-wise convolutions in bfloat16 take 20 times those in float32.
        kernel = self.kernel if x.is_cpu else self.kernel.to(x.dtype)
        with torch.autocast(x.device.type, enabled=False):
            resampled = F.conv_transpose2d if self.up else F.conv2d
            y = resampled(x.to(kernel.dtype), kernel, stride=2, padding=1, groups=len(kernel))
        return y.to(x.dtype)


def transition(num_in: int, num_out: int, *, up: bool) -> nn.Sequential:
    """A resampling; where the number of channels changes, a 1x1 convolution on its small side."""
    resample = Resample(num_out if up else num_in, up=up)
    if num_in == num_out:
        return nn.Sequential(resample)
    mix = Conv2d(num_in, num_out, 1, fill=fan_in(), bias=False)
    return nn.Sequential(mix, resample) if up else nn.Sequential(resample, mix)


class Basis(Layer):
    """A 4x4 image for each channel, [C, 1, 4, 4]."""

    def __init__(self, channels: int, *, fill: Fill) -> None:
        shape = (channels, 1, START, START)
        super().__init__(shape, bias=False, fill=fill, weight_norm="none")

    def images(self) -> Tensor:
        """[1, C, 4, 4], channels-last"""
        return self.weight.squeeze(1).permute(1, 2, 0).contiguous()[None].permute(0, 3, 1, 2)


class R3Generator(Generator):
    """A learned 4x4 basis times a linear map of the code, then stages, and conv1 to the image."""

    bounded = False

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        sizes = stage_sizes(plan)
        first = sizes[0].channels
        embedded = 0
        self.embedding: Embedding | None = None
        if plan.num_classes:
            embedded = plan.latent_size
            fill = of_classes(plan.num_classes)
            self.embedding = Embedding(plan.num_classes, embedded, fill=fill, weight_norm="none")
        self.basis = Basis(first, fill=normal(1.0))
        self.dense = Linear(plan.latent_size + embedded, first, fill=fan_in(), bias=False)
        stages: list[nn.Module] = []
        for position, size in enumerate(sizes):
            if position:
                stages.append(transition(sizes[position - 1].channels, size.channels, up=True))
            stages += [Block(size, BLOCKS * len(sizes)) for _ in range(BLOCKS)]
        self.stages = nn.Sequential(*stages)
        self.to_pixels = Conv2d(sizes[-1].channels, plan.channels, 1, fill=fan_in(), bias=False)

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        if self.embedding is not None:
            assert labels is not None, "a conditional generator needs labels"
            z = torch.cat([z, self.embedding(labels).to(z.dtype)], dim=1)
        scales = self.dense(z)[:, None, None].permute(0, 3, 1, 2)
        pixels: Tensor = self.to_pixels(self.stages(self.basis.images() * scales))
        return pixels


class R3Critic(Critic):
    """conv1 of the image, stages, a depth-wise 4x4 convolution, dense.

    With classes the dense layer keeps its width, and the logit is the product of its output with
    the class's vector: there is no part without the class.
    """

    def __init__(self, plan: Plan) -> None:
        if plan.critic_norm not in NORMS:
            raise InputError(
                f"network.critic_norm is '{plan.critic_norm}'; the critic of network.architecture "
                "r3gan has layers that begin at zero and no normalisation: set "
                "network.critic_norm to 'none'"
            )
        sizes = list(reversed(stage_sizes(plan)))
        num_features = sizes[-1].channels
        super().__init__(plan, num_features, fill=fan_in(), bias=False)
        if plan.num_classes:
            self.head = Linear(num_features, num_features, fill=fan_in(), bias=False)
            fill = of_classes(plan.num_classes, 1 / math.sqrt(num_features))
            self.projection = Embedding(
                plan.num_classes, num_features, fill=fill, weight_norm="none"
            )
        self.from_pixels = Conv2d(plan.channels, sizes[0].channels, 1, fill=fan_in(), bias=False)
        stages: list[nn.Module] = []
        for position, size in enumerate(sizes):
            if position:
                stages.append(transition(sizes[position - 1].channels, size.channels, up=False))
            stages += [Block(size, BLOCKS * len(sizes)) for _ in range(BLOCKS)]
        self.stages = nn.Sequential(*stages)
        self.basis = Basis(num_features, fill=fan_in())

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        x: Tensor = self.stages(self.from_pixels(images))
        return (x * self.basis.images()).sum(dim=(2, 3))

    def logits(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """[B, F], [B] int64 -> [B]"""
        if self.projection is None:
            return super().logits(features, labels)
        assert labels is not None, "a conditional critic needs labels"
        with torch.autocast(features.device.type, enabled=False):
            embedded: Tensor = self.projection(labels)
            projected: Tensor = self.head(features)
            return (projected * embedded).sum(dim=1)


PAIR = Pair(R3Generator, R3Critic)
