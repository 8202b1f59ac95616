"""Normalisation of activations; batch norm takes its statistics over all workers of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import CriticNorm
from lab.gan.networks.initialisation import Fill
from lab.gan.networks.layers import Linear
from lab.gan.networks.spectral import WeightNorm
from lab.gan.ranks import ALONE, Ranks

MOMENTUM = 0.1
"""Weight of a batch in the running statistics while training."""
EPSILON = 1e-5


class _Standardised(nn.Module):
    """Standardises each channel by the batch (training) or by running statistics (evaluation)."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(num_channels))
        self.register_buffer("running_var", torch.ones(num_channels))
        self.ranks = ALONE
        self.momentum = MOMENTUM

    def standardise(self, x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
        """[B, C, H, W] -> the same shape, times `weight` [C] plus `bias` [C] if given."""
        if self.training and self.ranks.several:
            return self._standardise_over_ranks(x, weight, bias)
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            weight,
            bias,
            training=self.training,
            momentum=self.momentum,
            eps=EPSILON,
        )

    def _standardise_over_ranks(
        self, x: Tensor, weight: Tensor | None, bias: Tensor | None
    ) -> Tensor:
        """The same from the statistics of the whole batch, differentiable twice (penalties)."""
        statistics = batch_statistics(x, self.ranks)
        self._track(statistics)
        scale = torch.rsqrt(statistics.var + EPSILON)
        if weight is not None:
            scale = scale * weight
        shift = -statistics.mean * scale
        if bias is not None:
            shift = shift + bias
        y = torch.addcmul(shift[:, None, None], x, scale[:, None, None])
        return y.to(x.dtype)

    @torch.no_grad()
    def _track(self, statistics: BatchStatistics) -> None:
        count = statistics.num_values
        unbiased = statistics.var * (count / (count - 1).clamp_min(1))
        self.running_mean.lerp_(statistics.mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)


class BatchStatistics(NamedTuple):
    """Of each channel, over the samples and pixels of all ranks."""

    mean: Tensor
    """[C]"""
    var: Tensor
    """[C], biased"""
    num_values: Tensor
    """[]: values that a channel was averaged over"""


def batch_statistics(x: Tensor, ranks: Ranks) -> BatchStatistics:
    """Statistics of [B, C, H, W] over ranks, by Chan et al. 1983: sums of squares about each
    rank's own mean lose no digits. One collective."""
    exact = x if x.dtype == torch.float64 else x.float()
    own_var, own_mean = torch.var_mean(exact, (0, 2, 3), correction=0)
    count = torch.full_like(own_mean[:1], x.numel() / x.shape[1])
    local = torch.cat([own_mean, own_var, count])
    gathered = ranks.sum(F.pad(local[None], (0, 0, ranks.rank, ranks.num_ranks - 1 - ranks.rank)))
    channels = x.shape[1]
    means, variances, counts = gathered.tensor_split((channels, 2 * channels), dim=1)
    total = counts.sum()
    shares = counts / total
    mean = (shares * means).sum(0)
    var = (shares * (variances + (means - mean).square())).sum(0)
    return BatchStatistics(mean, var, total)


def standardise_over(network: nn.Module, ranks: Ranks) -> None:
    """Let every batch norm of a network take its statistics over these ranks."""
    for module in network.modules():
        if isinstance(module, _Standardised):
            module.ranks = ranks


def estimate_statistics(
    network: nn.Module, ranks: Ranks, passes: Iterable[Callable[[], object]]
) -> None:
    """Set the running statistics to their plain mean over forward passes of the network.

    Each pass is a batch over all ranks. The network is in evaluation mode before and after.
    """
    norms = [module for module in network.modules() if isinstance(module, _Standardised)]
    if not norms:
        return
    for norm in norms:
        norm.train()
        norm.ranks = ranks
        norm.running_mean.zero_()  # what was not finite would stay so
        norm.running_var.zero_()
    for index, run in enumerate(passes):
        for norm in norms:
            norm.momentum = 1 / (index + 1)
        run()
    for norm in norms:
        norm.eval()
        norm.ranks = ALONE
        norm.momentum = MOMENTUM


class BatchNorm(_Standardised):
    """Batch normalisation (Ioffe & Szegedy 2015); labels are accepted and without effect."""

    def __init__(self, num_channels: int) -> None:
        super().__init__(num_channels)
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """[B, C, H, W] -> the same shape"""
        return self.standardise(x, self.weight, self.bias)


class ConditionalBatchNorm(_Standardised):
    """Batch normalisation with a gain and a bias for each class (Dumoulin et al. 2017)."""

    def __init__(self, num_channels: int, num_classes: int) -> None:
        super().__init__(num_channels)
        gain, bias = torch.ones(num_classes, num_channels), torch.zeros(num_classes, num_channels)
        self.gain_and_bias = nn.Parameter(torch.cat([gain, bias], dim=1))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """[B, C, H, W], [B] int64 or vectors [B, K] -> the same shape as x"""
        assert labels is not None, "a conditional generator needs labels"
        table = self._table(labels).to(x.dtype)
        gain, bias = table[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(bias, self.standardise(x, None, None), gain)

    def _table(self, labels: Tensor) -> Tensor:
        """Gains and biases [B, 2 C]: those of a class, or 1 and 0 plus linear maps of a vector."""
        if not labels.is_floating_point():
            return F.embedding(labels, self.gain_and_bias)
        gain, bias = self.gain_and_bias.chunk(2, dim=1)
        labels = labels.to(gain.dtype)
        return torch.cat([1 + labels @ (gain - 1), labels @ bias], dim=1)


class VectorBatchNorm(_Standardised):
    """Batch normalisation with a gain 1 + W_g c and a bias W_b c of a vector c (BigGAN)."""

    def __init__(
        self, num_channels: int, vector_size: int, *, fill: Fill, weight_norm: WeightNorm
    ) -> None:
        super().__init__(num_channels)
        self.to_gain, self.to_bias = (
            Linear(vector_size, num_channels, fill=fill, bias=False, weight_norm=weight_norm)
            for _ in range(2)
        )

    def forward(self, x: Tensor, vector: Tensor) -> Tensor:
        """[B, C, H, W], [B, vector_size] -> the same shape as x"""
        gain, bias = (1 + self.to_gain(vector)).to(x.dtype), self.to_bias(vector).to(x.dtype)
        standardised = self.standardise(x, None, None)
        return torch.addcmul(bias[:, :, None, None], standardised, gain[:, :, None, None])


class LayerNorm(nn.Module):
    """Standardises each sample over (C, H, W), as WGAN-GP's critic does; affine by channel.

    This is group normalisation with one group: no statistic crosses samples, so the gradient
    penalty of a sample depends on that sample only.
    """

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape"""
        return F.group_norm(x, 1, self.weight, self.bias, EPSILON)


def generator_norm(num_channels: int, num_classes: int) -> BatchNorm | ConditionalBatchNorm:
    """Batch norm of a generator's layer; 0 classes mean an unconditional generator."""
    if num_classes:
        return ConditionalBatchNorm(num_channels, num_classes)
    return BatchNorm(num_channels)


def critic_norm(kind: CriticNorm, num_channels: int) -> nn.Module:
    """What normalises the activations of a critic's layer; spectral norm acts on weights."""
    if kind == "batch":
        return BatchNorm(num_channels)
    if kind == "layer":
        return LayerNorm(num_channels)
    return nn.Identity()
