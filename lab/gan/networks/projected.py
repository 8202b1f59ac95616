"""Projected GAN (Sauer et al. 2021; github.com/autonomousvision/projected-gan).

The critic judges features of a frozen EfficientNet-Lite0 at four scales, mixed across channels and
scales by random maps that are drawn once and never trained. A small critic at each scale gives a
logit for each place; the loss is taken of every logit. The generator is the light FastGAN.

Images are resized to `network.encoder_side` for the encoder, the published 224 by default. Below
128 each small critic has one halving less, so that a 4x4 image is left for its last layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.efficientnet import CHANNELS, STRIDE, Encoder, pretrained
from lab.errors import InputError
from lab.gan.networks.fastgan import FILL, FastGenerator, Valid4x4
from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Conv2d, Embedding, FixedConv1x1, Linear
from lab.gan.networks.network import Critic, Pair, Plan, flat, grid
from lab.gan.networks.normalisation import critic_norm
from lab.gan.networks.spectral import Layer, WeightNorm, hold_biases

SLOPE = 0.2
MIXED = 64
"""Channels of the finest mixed features at width 1; each coarser scale has twice as many."""
HALVINGS = (4, 3, 2, 1)
"""Of the small critics, from the finest scale on."""
SIDE_OF_ALL = 128
"""Smallest side of the encoder's input at which each small critic has all halvings."""
EMBEDDED, CLASS_SIZE = 128, 64
"""Lengths of a class's embedding, and of what is multiplied with the critic's output."""


class Mixing(nn.Module):
    """Random maps across channels, then across scales from the coarsest on; both are linear.

    The 1x1 convolution after each up-sampling commutes with it and runs on the small side.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        sizes = [size * 2**i for i in range(len(CHANNELS))]
        self.across_channels = nn.ModuleList(
            FixedConv1x1(num_in, num_out) for num_in, num_out in zip(CHANNELS, sizes, strict=True)
        )
        self.across_scales = nn.ModuleList(
            FixedConv1x1(num_in, num_out)
            for num_in, num_out in zip(sizes, self.sizes(size), strict=True)
        )

    @staticmethod
    def sizes(size: int) -> list[int]:
        """Channels of what comes out, from the finest scale on."""
        return [size, size, 2 * size, 4 * size]

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """[B, CHANNELS[i], H, W] -> [B, sizes[i], 2H, 2W] for each scale i"""
        mixed: list[Tensor] = []
        for i in reversed(range(len(features))):
            x = self.across_channels[i](features[i])
            if mixed:
                x = x + mixed[0]
            x = self.across_scales[i](x)
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
            mixed.insert(0, x)
        return mixed


class SmallCritic(nn.Module):
    """[conv4 of stride 2, norm, leaky] several times, before its head."""

    def __init__(self, sizes: Sequence[int], plan: Plan, weight_norm: WeightNorm) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            Conv2d(a, b, 4, fill=FILL, stride=2, weight_norm=weight_norm)
            for a, b in pairwise(sizes)
        )
        self.norms = nn.ModuleList(critic_norm(plan.critic_norm, size) for size in sizes[1:])
        if plan.critic_norm == "batch":
            hold_biases(self.convolutions)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, F, H / 2^n, W / 2^n]"""
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.leaky_relu(norm(convolution(x)), SLOPE)
        return x


class Head(nn.Module):
    """conv4 to a logit for each place; with classes, a product with a map of the embedding."""

    def __init__(self, num_in: int, num_classes: int, weight_norm: WeightNorm) -> None:
        super().__init__()
        num_out = CLASS_SIZE if num_classes else 1
        self.convolution = Valid4x4(num_in, num_out, weight_norm=weight_norm)
        self.embedding: Embedding | None = None
        if num_classes:
            self.embedding = Embedding(num_classes, EMBEDDED, fill=normal(1.0), weight_norm="none")
            self.dense = Linear(EMBEDDED, CLASS_SIZE, fill=FILL)

    def forward(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """[B, F, H, W], [B] int64 or None -> [B, places]"""
        y: Tensor = self.convolution(x)
        if self.embedding is None:
            return y.flatten(1)
        assert labels is not None, "a conditional critic needs labels"
        of_class = F.leaky_relu(self.dense(self.embedding(labels)), SLOPE)
        return torch.einsum("bchw,bc->bhw", y, of_class).flatten(1) / math.sqrt(CLASS_SIZE)


class ProjectedCritic(Critic):
    """Frozen encoder, random mixing, and a small critic at each of four scales.

    `network.critic_norm` batch is the published critic: spectral norm of the weights and batch
    norm. The others are what they say, for the small critics alone.
    """

    def __init__(self, plan: Plan) -> None:
        nn.Module.__init__(self)  # instead of the one head of other critics it has four
        self.margin = plan.margin
        side = plan.encoder_side
        if side % STRIDE or side < 2 * STRIDE:
            raise InputError(
                f"network.encoder_side is {side}; the encoder of network.architecture projected "
                f"halves it five times: set network.encoder_side to a multiple of {STRIDE} from "
                f"{2 * STRIDE} on"
            )
        self.encoder_side = side
        self.encoder = Encoder(pretrained(), plan.channels)
        size = plan.scaled(MIXED)
        self.mixing = Mixing(size)
        weight_norm: WeightNorm = "spectral" if plan.critic_norm == "batch" else plan.weight_norm
        fewer = int(side < SIDE_OF_ALL)
        critics, heads, self.ends = [], [], []
        for scale, (num_in, halvings) in enumerate(zip(Mixing.sizes(size), HALVINGS, strict=True)):
            # The published channels go by the nominal side: 64 at 64 pixels to 512 at 8.
            after = [size * 8 // 2 ** (halvings - 1 - i) for i in range(halvings - fewer)]
            sizes = [num_in, *after]
            critics.append(SmallCritic(sizes, plan, weight_norm))
            heads.append(Head(sizes[-1], plan.num_classes, weight_norm))
            self.ends.append((sizes[-1], side // 2 >> scale >> (halvings - fewer)))
        self.critics = nn.ModuleList(critics)
        self.last = nn.ModuleList(heads)

    @property
    def logit_layers(self) -> Sequence[Layer]:
        """The last convolution of each scale."""
        return [head.convolution for head in self.last]  # type: ignore[misc]

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F], what enters the heads, scale after scale"""
        if images.shape[-1] != self.encoder_side:
            size = (self.encoder_side, self.encoder_side)
            images = F.interpolate(images, size, mode="bilinear", align_corners=False)
        mixed = self.mixing(self.encoder(images))
        ends = [critic(x) for critic, x in zip(self.critics, mixed, strict=True)]
        return torch.cat([flat(end) for end in ends], dim=1)

    def every_logit(self, images: Tensor, labels: Tensor | None) -> Tensor:
        """[B, K], those of each scale and place"""
        return self._logits(self.features(images), labels)

    def logits(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """[B, F], [B] int64 -> [B], the mean over scales and places"""
        return self._logits(features, labels).mean(dim=1)

    def _logits(self, features: Tensor, labels: Tensor | None) -> Tensor:
        parts = torch.split(features, [size * side**2 for size, side in self.ends], dim=1)
        logits = []
        with torch.autocast(features.device.type, enabled=False):
            for head, part, (_, side) in zip(self.last, parts, self.ends, strict=True):
                logits.append(head(grid(part.contiguous(), side), labels))
        return torch.cat(logits, dim=1)


PAIR = Pair(FastGenerator, ProjectedCritic)
