"""Base classes of generators and critics: padding, tanh, classes, spectral vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import CriticNorm
from lab.gan.networks.conditioning import Conditioning
from lab.gan.networks.initialisation import Fill
from lab.gan.networks.layers import Embedding, Linear
from lab.gan.networks.numbers import Numbers
from lab.gan.networks.spectral import Layer, WeightNorm


@dataclass(frozen=True)
class Plan:
    """The sizes that a network is built with."""

    resolution: int
    """Side of the images in pixels."""
    channels: int
    """1 for grey, 3 for colour."""
    num_classes: int
    """0 when unconditional. With texts the size of their vectors: a condition then is a vector
    [B, E] in place of a class [B], of which the one-hot code of a class is a special case."""
    width: float
    """Multiplier of every channel count."""
    latent_size: int
    """Length of the latent code."""
    critic_norm: CriticNorm
    """Normalisation of the critic's layers."""
    pack: int = 1
    """Images that a critic sees joined over channels, which `channels` counts then."""
    projection: bool = True
    """Whether the logits of a conditional critic depend on the class."""
    minibatch_std: int = 4
    """Samples of a group of the minibatch standard deviation; 1: none."""
    mapping_layers: int = 0
    """Layers of a mapping network; 0: as published."""
    style_mixing: float = 0.0
    """Probability of mixing the styles of two codes in training."""
    grow_images: int = 0
    """Images seen in each phase of growth; 0: all stages from the start."""
    encoder_side: int = 224
    """Side of the images that a frozen encoder gets."""

    @property
    def side(self) -> int:
        """Side of the layers' images in pixels: 28 are padded to 32."""
        return 32 if self.resolution == 28 else self.resolution

    @property
    def margin(self) -> int:
        """Pixels of padding at each border."""
        return (self.side - self.resolution) // 2

    @property
    def weight_norm(self) -> WeightNorm:
        """Normalisation of the weights of the critic's layers."""
        return self.critic_norm if self.critic_norm in ("spectral", "weight") else "none"

    def doubled(self, num_stages: int) -> list[int]:
        """Channels at this width from the images inwards: 64, doubled each stage up to 1,024."""
        return [self.scaled(min(64 * 2**stage, 1024)) for stage in range(num_stages)]

    def scaled(self, num_channels: int) -> int:
        """A published channel count at this width: a multiple of 4, at least 4."""
        return max(4, 4 * round(num_channels * self.width / 4))


class Generator(nn.Module):
    """Latent codes to images. An architecture implements `pixels`.

    One with `draws` gets random numbers besides its codes while it trains, say for noise inputs,
    which `drawn_pixels` may use; evaluations call `pixels`.
    """

    __call__: Callable[..., Tensor]
    draws = False
    bounded = True
    """Whether a tanh bounds the pixels; else they are images as they are."""
    takes: frozenset[str] = frozenset()
    """Settings of the configuration's section `network` that only some architectures have."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.latent_size = plan.latent_size
        self.resolution = plan.resolution
        self.conditional = plan.num_classes > 0
        self.conditioning: Conditioning | None = None  # set by condition_on_texts
        self.margin = plan.margin

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] int64 or None -> [B, channels, side, side] before the tanh"""
        raise NotImplementedError

    def update_spectral_vectors(self) -> None:
        """One power iteration in every layer with spectral norm; call before a generator step."""
        update_spectral_vectors(self)

    def drawn_pixels(self, z: Tensor, labels: Tensor | None, draw: Numbers) -> Tensor:
        """As `pixels`, while training."""
        return self.pixels(z, labels)

    def condition_on_texts(self, conditioning: Conditioning) -> None:
        """Let conditions be vectors of texts, [B, E]; call once, before the weights are drawn."""
        self.conditioning = conditioning
        self.draws = self.draws or conditioning.draws

    def conditioned(self, labels: Tensor | None, draw: Numbers | None = None) -> Tensor | None:
        """What `pixels` gets as its condition: classes as they are, texts after `conditioning`."""
        if not self.conditional or self.conditioning is None:
            return labels if self.conditional else None
        assert labels is not None, "a generator of texts needs their vectors"
        made: Tensor = self.conditioning(labels, draw)
        return made

    def set_images_seen(self, images_seen: int) -> None:
        """Called before each round of training: for networks that change with the images seen."""

    def forward(
        self, z: Tensor, labels: Tensor | None = None, draw: Numbers | None = None
    ) -> Tensor:
        """[B, latent_size], [B] int64 -> images [B, channels, resolution, resolution] in [-1, 1]

        Labels are ignored by an unconditional generator. Images have the type of z, also under
        autocast: eight bits of mantissa would be coarser than a pixel's 256 levels.
        """
        pixels = self.before_tanh(z, labels, draw)
        return torch.tanh(pixels) if self.bounded else pixels

    def before_tanh(
        self, z: Tensor, labels: Tensor | None = None, draw: Numbers | None = None
    ) -> Tensor:
        """As `forward`, without the tanh that bounds the pixels."""
        labels = self.conditioned(labels, draw)
        pixels = self.pixels(z, labels) if draw is None else self.drawn_pixels(z, labels, draw)
        return self.cropped(pixels).to(z.dtype)

    def cropped(self, pixels: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, channels, resolution, resolution]"""
        return F.pad(pixels, (-self.margin,) * 4) if self.margin else pixels


def generated(
    generator: Generator, z: Tensor, labels: Tensor | None, draw: Numbers | None
) -> Tensor:
    """Images of a training step: a generator that `draws` gets more than its codes."""
    if generator.draws and draw is not None:
        return generator(z, labels, draw)
    return generator(z, labels)


class Critic(nn.Module):
    """Images to logits. An architecture implements `trunk` and names its number of features.

    Conditional critics add the projection <embedding(label), features> (Miyato & Koyama 2018).
    With a `pack` of m the trunk sees m images joined over channels (Lin et al. 2018), and each of
    them has the pack's features and logit.
    """

    __call__: Callable[..., Tensor]
    pack = 1
    heads: nn.ModuleDict
    """Further linear layers on the features, by name."""
    group = 1
    """Consecutive samples of a batch that depend on each other: workers take whole groups."""

    def __init__(self, plan: Plan, num_features: int, *, fill: Fill, bias: bool = True) -> None:
        super().__init__()
        self.margin = plan.margin
        self.pack = plan.pack
        self._head = partial(Linear, num_features, fill=fill, weight_norm=plan.weight_norm)
        self.head = self._head(1, bias=bias)
        self.projection = (
            Embedding(plan.num_classes, num_features, fill=fill, weight_norm=plan.weight_norm)
            if plan.num_classes and plan.projection
            else None
        )
        self.heads = nn.ModuleDict()

    def add_head(self, name: str, size: int, rng: torch.Generator) -> None:
        """One more linear layer on the features, F -> size, its weights drawn from `rng`."""
        head = self._head(size)
        head.initialise(rng)
        self.heads[name] = head

    def of_head(self, name: str, features: Tensor) -> Tensor:
        """[B, F] -> [B, size], in the precision of the weights."""
        with torch.autocast(features.device.type, enabled=False):
            values: Tensor = self.heads[name](features)
            return values

    @property
    def logit_layers(self) -> Sequence[Layer]:
        """The layers whose output is a logit."""
        return (self.head,)

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        raise NotImplementedError

    def set_images_seen(self, images_seen: int) -> None:
        """As of `Generator`."""

    def features(self, images: Tensor) -> Tensor:
        """[B, channels, resolution, resolution] -> [B, F], the input of the last linear layer"""
        count = len(images)
        if self.pack > 1:
            images = joined(images, self.pack)
        if self.margin:
            images = F.pad(images, (self.margin,) * 4, value=-1.0)
        features = self.trunk(images).to(self.logit_layers[0].weight.dtype)
        return features if self.pack == 1 else features.repeat_interleave(self.pack, 0)[:count]

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images, [B] int64 -> logits [B], in the precision of the weights also under autocast

        Labels are ignored by an unconditional critic.
        """
        return self.logits(self.features(images), labels)

    def every_logit(self, images: Tensor, labels: Tensor | None) -> Tensor:
        """What the loss is taken of, each alike: logits [B], or [B, K] of K heads.

        `forward` then is the mean over the heads, for all that reads one logit a sample.
        """
        return self(images, labels)

    def logits(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """[B, F], [B] int64 -> [B]: the head and the class projection."""
        with torch.autocast(features.device.type, enabled=False):
            logits: Tensor = self.head(features).squeeze(1)
            if self.projection is None:
                return logits
            assert labels is not None, "a conditional critic needs labels"
            embedded: Tensor = self.projection(labels)
            return logits + (embedded * features).sum(1)

    def layers(self) -> list[Layer]:
        """The layers with a weight, in order of construction: the head comes first."""
        return layers_of(self)

    def update_spectral_vectors(self) -> None:
        """One power iteration in every layer with spectral norm; call before a critic step."""
        update_spectral_vectors(self)


class Pair(NamedTuple):
    """An architecture: what builds its generator and its critic."""

    generator: Callable[[Plan], Generator]
    critic: Callable[[Plan], Critic]


def joined(images: Tensor, pack: int) -> Tensor:
    """Neighbouring images joined over channels: [B, C, H, W] -> [ceil(B / m), m C, H, W].

    The first images complete a last pack, which only measurements have.
    """
    if missing := -len(images) % pack:
        wanted = torch.arange(len(images) + missing, device=images.device) % len(images)
        images = images[wanted]
    grouped = images.reshape(len(images) // pack, pack * images.shape[1], *images.shape[2:])
    return grouped.contiguous(memory_format=torch.channels_last)


def placed(labels: Tensor, like: Tensor) -> Tensor:
    """Classes on the device of a network's weight; vectors of texts in its type as well."""
    return labels.to(like) if labels.is_floating_point() else labels.to(like.device)


def layers_of(network: nn.Module) -> list[Layer]:
    """The layers with a weight, in order of construction."""
    return [module for module in network.modules() if isinstance(module, Layer)]


def update_spectral_vectors(network: nn.Module) -> None:
    """One power iteration in every layer with spectral norm."""
    for layer in layers_of(network):
        if layer.spectral:
            layer.iterate()


def grid(x: Tensor, side: int) -> Tensor:
    """[B, side*side*C] -> [B, C, side, side], channels-last without a copy"""
    return x.view(x.shape[0], side, side, -1).permute(0, 3, 1, 2)


def flat(x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, H*W*C]; the order does not depend on the memory format"""
    return x.permute(0, 2, 3, 1).flatten(1)
