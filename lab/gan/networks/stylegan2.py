"""StyleGAN2 (Karras et al. 2020), with the sizes of the three set-ups of StyleGAN2-ADA.

A mapping network turns z into w; each convolution of the generator scales its input channels by an
affine map of w and restores unit variance of its output (demodulation). Images of all stages are
summed, each filtered and up-sampled (skip generator). The critic is residual, or without
residuals in the set-up of CIFAR-10.

Sizes are those of the authors' PyTorch code (github.com/NVlabs/stylegan2-ada-pytorch). Its clamp
of activations at 256, a guard of half precision, is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import CriticNorm
from lab.gan.networks.equalised import (
    EPSILON,
    SLOPE,
    SMALLEST,
    Equalised,
    EqualisedConv2d,
    EqualisedLinear,
    Fir,
    LabelMap,
    sides_of,
    unit_moment,
    with_deviation,
)
from lab.gan.networks.initialisation import normal
from lab.gan.networks.network import Critic, Generator, Pair, Plan, flat, placed
from lab.gan.networks.normalisation import critic_norm
from lab.gan.networks.numbers import Numbers
from lab.gan.networks.spectral import Layer, hold_biases

ROOT_2 = math.sqrt(2.0)
MAPPING_RATE = 0.01
MAPPING_LAYERS = 8
LARGEST = 512
"""Channels of the small stages, and length of w."""


def channels(plan: Plan, base: int) -> dict[int, int]:
    """Channels of each stage by its side: min(base / side, 512) times the width."""
    return {side: plan.scaled(min(base // side, LARGEST)) for side in sides_of(plan)}


class Mapping(nn.Module):
    """Dense layers with leaky ReLU, whose learning rate is 1/100 of the other layers'."""

    def __init__(self, num_in: int, size: int, num_layers: int) -> None:
        super().__init__()
        sizes = [num_in] + [size] * num_layers
        self.layers = nn.ModuleList(
            EqualisedLinear(a, b, gain=ROOT_2, rate=MAPPING_RATE) for a, b in pairwise(sizes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, num_in] -> [B, size]"""
        for layer in self.layers:
            x = F.leaky_relu_(layer(x), SLOPE)
        return x


class Constant(Layer):
    """The learned first activations, [C, 4 * 4], the same for all samples."""

    def __init__(self, num_channels: int) -> None:
        shape = (num_channels, SMALLEST**2)
        super().__init__(shape, bias=False, fill=normal(1.0), weight_norm="none")

    def forward(self, count: int) -> Tensor:
        """[count, C, 4, 4]"""
        one = self.weight.view(1, -1, SMALLEST, SMALLEST).expand(count, -1, -1, -1)
        return one.contiguous(memory_format=torch.channels_last)


class Style(EqualisedLinear):
    """Scales of a layer's input channels: an affine map of w that starts round 1."""

    def __init__(self, num_in: int, num_channels: int) -> None:
        super().__init__(num_in, num_channels, start=1.0)

    def forward(self, w: Tensor) -> Tensor:
        """[B, W] -> [B, C], never in half precision"""
        with torch.autocast(w.device.type, enabled=False):
            return super().forward(w)


class ModulatedConv2d(Equalised):
    """A 3x3 convolution of modulated inputs, demodulated (eq. 1 and 3), with noise and leaky ReLU.

    With s the scales of a sample's input channels, W' = s W / sqrt(sum (s W)^2 + eps) would be a
    kernel for each sample. It is applied as conv(s x, W) / sqrt(s^2 . sum_k W^2 + eps): the scales
    commute with the convolution, so that one kernel serves the whole batch. Against a grouped
    convolution with the kernels W' that takes a half to a tenth of the time on a CPU
    (docs/methods/stylegan2.md).
    """

    noise: Tensor

    def __init__(self, num_in: int, num_out: int, num_style: int, side: int, *, up: bool) -> None:
        super().__init__((num_out, num_in, 3, 3), bias=True, fill=normal(1.0), weight_norm="none")
        self.equalise(1.0, 1.0, 1.0)
        self.style = Style(num_style, num_in)
        self.blur = Fir(gain=4.0) if up else None
        self.register_buffer("noise", torch.zeros(side, side))
        self.noise_strength = nn.Parameter(torch.zeros(()))

    @torch.no_grad()
    def initialise(self, rng: torch.Generator) -> None:
        """Draw the weight and the noise of evaluations."""
        super().initialise(rng)
        self.noise.normal_(generator=rng)

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        """[B, in, H, W], [B, style], noise [B, 1, H', W'] -> [B, out, H', W']

        Without noise the fixed one of the layer is added.
        """
        style = self.style(w)
        weight = self.effective_weight()
        x = x * style.to(x.dtype)[:, :, None, None]
        if self.blur is None:
            y = F.conv2d(x, weight, None, padding=1)
        else:
            y = F.conv_transpose2d(x, weight.transpose(0, 1), None, stride=2)
            y = self.blur(y, padding=1)
        noise = self.noise if noise is None else noise
        assert self.bias is not None
        scale, bias, strength = (
            (ROOT_2 * value).to(y.dtype)
            for value in (self._demodulation(weight, style), self.bias, self.noise_strength)
        )
        y = torch.addcmul(bias[:, None, None], y, scale[:, :, None, None])
        return F.leaky_relu_(y.add_(noise.to(y.dtype) * strength), SLOPE)

    def _demodulation(self, weight: Tensor, style: Tensor) -> Tensor:
        """1 / sqrt(sum over in, k of (s W)^2), [B, out]"""
        with torch.autocast(weight.device.type, enabled=False):
            squares = style.square() @ weight.square().sum(dim=(2, 3)).t()
            return (squares + EPSILON).rsqrt()


class ToImage(Equalised):
    """A modulated 1x1 convolution to the image's channels, without demodulation.

    Its few outputs make a kernel for each sample cheaper than scaling all inputs.
    """

    def __init__(self, num_in: int, num_out: int, num_style: int) -> None:
        super().__init__((num_out, num_in), bias=True, fill=normal(1.0), weight_norm="none")
        self.equalise(1.0, 1.0, 1.0)
        self.style = Style(num_style, num_in)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """[B, in, H, W], [B, style] -> [B, out, H, W] in w's type"""
        assert self.bias is not None
        kernels = self.effective_weight() * self.style(w)[:, None, :]
        pixels = x.permute(0, 2, 3, 1).flatten(1, 2)
        made = torch.bmm(pixels, kernels.to(x.dtype).transpose(1, 2)).to(w.dtype) + self.bias
        return made.view(x.shape[0], *x.shape[2:], -1).permute(0, 3, 1, 2)


class StyleStage(nn.Module):
    """One side of images: [up conv] conv, and what it adds to the image."""

    def __init__(self, num_in: int, num_out: int, plan: Plan, num_style: int, side: int) -> None:
        super().__init__()
        sizes = (num_in, num_out) if side > SMALLEST else (num_out,)
        self.convolutions = nn.ModuleList(
            ModulatedConv2d(size, num_out, num_style, side, up=side > SMALLEST and index == 0)
            for index, size in enumerate(sizes)
        )
        self.to_image = ToImage(num_out, plan.channels, num_style)
        self.resample = Fir(gain=4.0)
        self.side = side

    def forward(
        self, x: Tensor, image: Tensor | None, w: Tensor, draw: Numbers | None
    ) -> tuple[Tensor, Tensor]:
        """[B, in, H, W], image so far, w of its layers [B, 2 or 3, W] -> (x, image)"""
        for index, convolution in enumerate(self.convolutions):
            noise = None
            if draw is not None:
                name = f"noise {index} at {self.side} pixels"
                noise = draw.normal(name, 1, self.side, self.side)
            x = convolution(x, w[:, index], noise)
        added = self.to_image(x, w[:, len(self.convolutions)])
        return x, added if image is None else self.resample.upsampled(image) + added


class StyleGAN2Generator(Generator):
    """Mapping network and skip generator; its pixels are not bounded."""

    draws = True
    bounded = False
    takes = frozenset({"mapping_layers", "style_mixing"})

    def __init__(self, plan: Plan, base: int, mapping_layers: int) -> None:
        super().__init__(plan)
        sizes = channels(plan, base)
        num_style = plan.scaled(LARGEST)
        embedded = num_style if plan.num_classes else 0
        self.label_map = LabelMap(plan.num_classes, embedded) if plan.num_classes else None
        num_layers = plan.mapping_layers or mapping_layers
        self.mapping = Mapping(plan.latent_size + embedded, num_style, num_layers)
        self.constant = Constant(sizes[SMALLEST])
        self.stages = nn.ModuleList(
            StyleStage(sizes[max(side // 2, SMALLEST)], size, plan, num_style, side)
            for side, size in sizes.items()
        )
        self.num_layers = 2 * len(sizes)
        self.style_mixing = plan.style_mixing
        self._truncation: tuple[float, Tensor] | None = None

    @torch.no_grad()
    def truncate(self, psi: float, codes: Iterable[tuple[Tensor, Tensor]]) -> None:
        """From now on evaluations take mean(w) + psi (w - mean(w)) in place of w.

        The mean is over `codes` (z [n, latent_size] and classes [n] each). Karras et al. 2019,
        appendix B; psi in [0, 1]: 1 changes nothing, 0 makes the mean image alone.
        """
        weight = self.constant.weight
        sums = [
            (self._mapped(z.to(weight), self._condition_of(labels)).double().sum(dim=0), len(z))
            for z, labels in codes
        ]
        total = torch.stack([of_part for of_part, _ in sums]).sum(dim=0)
        mean = (total / sum(count for _, count in sums)).to(weight.dtype)
        self._truncation = psi, mean

    def _condition_of(self, labels: Tensor) -> Tensor | None:
        return self.conditioned(placed(labels, self.constant.weight))

    def mapped(self, z: Tensor, labels: Tensor | None, draw: Numbers | None = None) -> Tensor:
        """[B, latent_size], [B] -> w of each layer [B, L, W]

        With `draw` and style mixing, a sample's layers from a random one on get the w of another
        code (Karras et al. 2019, section 3.1).
        """
        w = self._mapped(z, labels)[:, None].expand(-1, self.num_layers, -1)
        if draw is None or self.style_mixing == 0:
            return w
        other = self._mapped(draw.normal("mixed code", z.shape[1]), labels)[:, None]
        mixed, share = draw.uniform("mixed layers", 2)[..., None].unbind(1)
        first = 1 + (share * (self.num_layers - 1)).floor()
        layer = torch.arange(self.num_layers, device=z.device)
        taken = (mixed < self.style_mixing) & (layer >= first)
        return torch.where(taken[..., None], other, w)

    def _mapped(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, W]"""
        with torch.autocast(z.device.type, enabled=False):
            x = unit_moment(z)
            if self.label_map is not None:
                assert labels is not None, "a conditional generator needs labels"
                x = torch.cat([x, self.label_map(labels)], dim=1)
            w: Tensor = self.mapping(x)
            return w

    def from_mapped(self, w: Tensor, draw: Numbers | None = None) -> Tensor:
        """[B, L, W] -> [B, channels, side, side]; noise is fixed without `draw`."""
        x, layer = self.constant(w.shape[0]), 0
        image: Tensor | None = None
        for stage in self.stages:
            assert isinstance(stage, StyleStage)
            x, image = stage(x, image, w[:, layer:], draw)
            layer += len(stage.convolutions)
        assert image is not None
        return image

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], [B] -> [B, channels, side, side]"""
        w = self.mapped(z, labels)
        if self._truncation is not None:
            psi, mean = self._truncation
            w = mean.lerp(w, psi)
        return self.from_mapped(w)

    def drawn_pixels(self, z: Tensor, labels: Tensor | None, draw: Numbers) -> Tensor:
        """As `pixels`, with noise and mixed styles."""
        return self.from_mapped(self.mapped(z, labels, draw), draw)


class DownStage(nn.Module):
    """conv3, then filtered conv3 of stride 2; and the filtered conv1 beside them if residual.

    Both ends of a residual stage are scaled by 1/sqrt(2), which keeps the variance.
    """

    def __init__(
        self, num_in: int, num_out: int, *, residual: bool, norm: CriticNorm, plan: Plan
    ) -> None:
        super().__init__()
        conv = partial(EqualisedConv2d, weight_norm=plan.weight_norm)
        self.conv_1 = conv(num_in, num_in, 3, gain=ROOT_2)
        self.norm_1 = critic_norm(norm, num_in)
        gain = 1.0 if residual else ROOT_2
        self.conv_2 = conv(num_in, num_out, 3, gain=gain, stride=2, padding=0)
        self.norm_2 = critic_norm(norm, num_out)
        self.shortcut = conv(num_in, num_out, 1, gain=1 / ROOT_2, bias=False) if residual else None
        self.filter = Fir()
        if norm == "batch":
            hold_biases((self.conv_1, self.conv_2))

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / 2, W / 2]"""
        y = F.leaky_relu_(self.norm_1(self.conv_1(x)), SLOPE)
        y = F.leaky_relu_(self.norm_2(self.conv_2(self.filter(y))), SLOPE)
        if self.shortcut is None:
            return y
        return self.shortcut(self.filter(x, stride=2, padding=1)) + y


class StyleGAN2Critic(Critic):
    """Stages down to 4x4, minibatch standard deviation, conv3, dense.

    A conditional logit is <features' map, labels' map> / sqrt(size): classes go through a mapping
    network of their own (Karras et al. 2020, StyleGAN2-ADA).
    """

    def __init__(self, plan: Plan, base: int, *, residual: bool) -> None:
        sizes = channels(plan, base)
        last, norm = sizes[SMALLEST], plan.critic_norm
        super().__init__(replace(plan, num_classes=0), last, fill=normal(1.0))
        dense = partial(EqualisedLinear, weight_norm=plan.weight_norm)
        self.head = dense(last, last if plan.num_classes else 1)
        self.label_map = _label_map(plan, last) if plan.num_classes else None
        self.group = plan.minibatch_std
        conv = partial(EqualisedConv2d, weight_norm=plan.weight_norm)
        self.from_image = conv(plan.channels, sizes[plan.side], 1, gain=ROOT_2)
        self.stages = nn.ModuleList(
            DownStage(sizes[side], sizes[side // 2], residual=residual, norm=norm, plan=plan)
            for side in reversed(sizes)
            if side > SMALLEST
        )
        self.last_conv = conv(last + (self.group > 1), last, 3, gain=ROOT_2)
        self.last_dense = dense(SMALLEST**2 * last, last, gain=ROOT_2)

    def trunk(self, images: Tensor) -> Tensor:
        """[B, channels, side, side] -> [B, F]"""
        x = F.leaky_relu_(self.from_image(images), SLOPE)
        for stage in self.stages:
            x = stage(x)
        if self.group > 1:
            x = with_deviation(x, self.group)
        x = F.leaky_relu_(self.last_conv(x), SLOPE)
        return F.leaky_relu_(self.last_dense(flat(x)), SLOPE)

    def logits(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """[B, F], [B] int64 -> [B]"""
        if self.label_map is None:
            return super().logits(features, labels)
        assert labels is not None, "a conditional critic needs labels"
        with torch.autocast(features.device.type, enabled=False):
            mapped = self.label_map(labels)
            products: Tensor = self.head(features) * mapped
            return products.sum(1) / math.sqrt(mapped.shape[1])


def _label_map(plan: Plan, size: int) -> nn.Sequential:
    """Classes to vectors [B, size]: an embedding and eight dense layers.

    No spectral norm: it bounds the critic's slope in the images.
    """
    return nn.Sequential(LabelMap(plan.num_classes, size), Mapping(size, size, MAPPING_LAYERS))


def _pair(base: int, *, mapping_layers: int = MAPPING_LAYERS, residual: bool = True) -> Pair:
    return Pair(
        partial(StyleGAN2Generator, base=base, mapping_layers=mapping_layers),
        partial(StyleGAN2Critic, base=base, residual=residual),
    )


PAIR = _pair(32768)
PAPER_256 = _pair(16384)
CIFAR = _pair(32768, mapping_layers=2, residual=False)
