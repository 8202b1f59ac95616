"""ProGAN (Karras et al. 2018, Table 2): equalised learning rates and pixel normalisation.

With `network.grow_images` both networks begin at 4x4 pixels and fade in one stage after another;
images always have their final size: the generator repeats the pixels of a lower stage, and the
critic averages over them. In a fade the authors mix real images with a coarser copy of
themselves as well; here real images stay as they are, because a critic does not know which side
an image is from.

As in the authors' code, up-sampling comes before a stage's first convolution and average pooling
right after its second, before bias and activation.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import CriticNorm
from lab.gan.networks.equalised import (
    SLOPE,
    SMALLEST,
    EqualisedConv2d,
    EqualisedEmbedding,
    EqualisedLinear,
    EqualisedPooledConv2d,
    EqualisedUpsampledConv2d,
    LabelMap,
    sides_of,
    unit_moment,
    with_deviation,
)
from lab.gan.networks.growth import Growth
from lab.gan.networks.initialisation import normal
from lab.gan.networks.network import Critic, Generator, Pair, Plan, flat, grid
from lab.gan.networks.normalisation import critic_norm
from lab.gan.networks.spectral import hold_biases

GAIN = math.sqrt(2.0)
"""Of weights before an activation (He et al. 2015); it does not apply to their biases."""
BASE, LARGEST = 16384, 512


def channels(plan: Plan) -> list[int]:
    """Channels of each stage, from 4 pixels up: min(16384 / side, 512) times the width."""
    return [plan.scaled(min(BASE // side, LARGEST)) for side in sides_of(plan)]


class UpStage(nn.Module):
    """[up conv3, leaky ReLU, pixel norm], [conv3, leaky ReLU, pixel norm]"""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__()
        self.conv_1 = EqualisedUpsampledConv2d(num_in, num_out, weight_gain=GAIN)
        self.conv_2 = EqualisedConv2d(num_out, num_out, 3, weight_gain=GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, 2H, 2W]"""
        x = unit_moment(F.leaky_relu_(self.conv_1(x), SLOPE))
        return unit_moment(F.leaky_relu_(self.conv_2(x), SLOPE))


class FirstStage(nn.Module):
    """[dense to 4x4, leaky ReLU, pixel norm], [conv3, leaky ReLU, pixel norm]"""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__()
        size = SMALLEST**2 * num_out
        self.dense = EqualisedLinear(num_in, size, weight_gain=GAIN / 4, bias=False)
        self.bias = nn.Parameter(torch.zeros(num_out))
        self.conv = EqualisedConv2d(num_out, num_out, 3, weight_gain=GAIN)

    def forward(self, z: Tensor) -> Tensor:
        """[B, in] -> [B, out, 4, 4]"""
        x = self.dense(z).view(z.shape[0], SMALLEST**2, -1) + self.bias.to(z.dtype)
        x = unit_moment(grid(F.leaky_relu_(x, SLOPE).flatten(1), SMALLEST))
        return unit_moment(F.leaky_relu_(self.conv(x), SLOPE))


class ProGANGenerator(Generator):
    """Stages from 4x4 up, each with a 1x1 convolution to an image; no tanh."""

    bounded = False
    takes = frozenset({"grow_images"})

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        sizes = channels(plan)
        embedded = plan.latent_size if plan.num_classes else 0
        self.label_map = LabelMap(plan.num_classes, embedded) if plan.num_classes else None
        self.stages = nn.ModuleList([FirstStage(plan.latent_size + embedded, sizes[0])])
        self.stages.extend(UpStage(a, b) for a, b in pairwise(sizes))
        # Without growth the last stage's image alone is ever made.
        self.to_image = nn.ModuleList(
            EqualisedConv2d(size, plan.channels, 1)
            for size in (sizes if plan.grow_images else sizes[-1:])
        )
        self.growth = Growth(plan.grow_images, len(sizes))

    def set_images_seen(self, images_seen: int) -> None:
        """Fade in the stages that are due."""
        self.growth.show(images_seen)

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        level = self.growth.level
        x, before = self._code(z, labels), None
        for stage in self.stages[: level.stage + 1]:
            x, before = stage(x), x
        image: Tensor = self.to_image[level.stage if self.growth.images_per_phase else 0](x)
        if level.share < 1:
            assert before is not None
            coarse = _repeated(self.to_image[level.stage - 1](before), 2)
            image = torch.lerp(coarse, image, level.share)
        return _repeated(image, 2 ** (self.growth.last - level.stage))

    def _code(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """What the first layer is given, [B, latent_size] or twice that length."""
        code = unit_moment(z)
        if self.label_map is None:
            return code
        assert labels is not None, "a conditional generator needs labels"
        return torch.cat([code, self.label_map(labels)], dim=1)


class DownStage(nn.Module):
    """[conv3, leaky ReLU], [conv3, average pooling, leaky ReLU]"""

    def __init__(self, num_in: int, num_out: int, norm: CriticNorm, plan: Plan) -> None:
        super().__init__()
        kind = plan.weight_norm
        self.conv_1 = EqualisedConv2d(num_in, num_in, 3, weight_gain=GAIN, weight_norm=kind)
        self.norm_1 = critic_norm(norm, num_in)
        self.conv_2 = EqualisedPooledConv2d(num_in, num_out, weight_gain=GAIN, weight_norm=kind)
        self.norm_2 = critic_norm(norm, num_out)
        if norm == "batch":
            hold_biases((self.conv_1, self.conv_2))

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / 2, W / 2]"""
        x = F.leaky_relu_(self.norm_1(self.conv_1(x)), SLOPE)
        return F.leaky_relu_(self.norm_2(self.conv_2(x)), SLOPE)


class ProGANCritic(Critic):
    """Stages down to 4x4, minibatch standard deviation, conv3, dense, and the head."""

    def __init__(self, plan: Plan) -> None:
        sizes, norm = channels(plan), plan.weight_norm
        last = sizes[0]
        super().__init__(plan, last, fill=normal(1.0))
        self.head = EqualisedLinear(last, 1, weight_norm=norm)
        if plan.num_classes:
            self.projection = EqualisedEmbedding(plan.num_classes, last, weight_norm=norm)
        self.group = plan.minibatch_std
        conv = partial(EqualisedConv2d, weight_gain=GAIN, weight_norm=norm)
        self.from_image = nn.ModuleList(
            conv(plan.channels, size, 1) for size in (sizes if plan.grow_images else sizes[-1:])
        )
        # Stage k halves the images of stage k to those of stage k - 1; there is none at 4x4.
        self.stages = nn.ModuleList(
            DownStage(a, b, plan.critic_norm, plan) for b, a in pairwise(sizes)
        )
        self.last_conv = conv(last + (self.group > 1), last, 3)
        self.last_dense = EqualisedLinear(
            SMALLEST**2 * last, last, weight_gain=GAIN, weight_norm=norm
        )
        self.growth = Growth(plan.grow_images, len(sizes))

    def set_images_seen(self, images_seen: int) -> None:
        """Fade in the stages that are due."""
        self.growth.show(images_seen)

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        x = self._smallest(images)
        if self.group > 1:
            x = with_deviation(x, self.group)
        x = F.leaky_relu_(self.last_conv(x), SLOPE)
        return F.leaky_relu_(self.last_dense(flat(x)), SLOPE)

    def _smallest(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, C, 4, 4]"""
        level = self.growth.level
        images = _averaged(images, 2 ** (self.growth.last - level.stage))
        x = self._entered(images, level.stage)
        for stage in range(level.stage, 0, -1):
            x = self.stages[stage - 1](x)
            if stage == level.stage and level.share < 1:
                coarse = self._entered(_averaged(images, 2), stage - 1)
                x = torch.lerp(coarse, x, level.share)
        return x

    def _entered(self, images: Tensor, stage: int) -> Tensor:
        """Images as the activations that a stage is given."""
        layer = self.from_image[stage if self.growth.images_per_phase else 0]
        return F.leaky_relu_(layer(images), SLOPE)


def _repeated(images: Tensor, factor: int) -> Tensor:
    if factor == 1:
        return images
    return F.interpolate(images, scale_factor=float(factor), mode="nearest")


def _averaged(images: Tensor, factor: int) -> Tensor:
    return images if factor == 1 else F.avg_pool2d(images, factor)


PAIR = Pair(ProGANGenerator, ProGANCritic)
