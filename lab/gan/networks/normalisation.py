"""Normalisation of activations. Statistics over several workers have their place here."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import CriticNorm

MOMENTUM = 0.1
EPSILON = 1e-5


class _BatchStatistics(nn.Module):
    """Standardises each channel by the batch (training) or by running statistics (evaluation)."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(num_channels))
        self.register_buffer("running_var", torch.ones(num_channels))

    def standardise(self, x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
        """[B, C, H, W] -> the same shape, times `weight` [C] plus `bias` [C] if given."""
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            weight,
            bias,
            training=self.training,
            momentum=MOMENTUM,
            eps=EPSILON,
        )


class BatchNorm(_BatchStatistics):
    """Batch normalisation (Ioffe & Szegedy 2015); labels are accepted and without effect."""

    def __init__(self, num_channels: int) -> None:
        super().__init__(num_channels)
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """[B, C, H, W] -> the same shape"""
        return self.standardise(x, self.weight, self.bias)


class ConditionalBatchNorm(_BatchStatistics):
    """Batch normalisation with a gain and a bias for each class (Dumoulin et al. 2017)."""

    def __init__(self, num_channels: int, num_classes: int) -> None:
        super().__init__(num_channels)
        gain, bias = torch.ones(num_classes, num_channels), torch.zeros(num_classes, num_channels)
        self.gain_and_bias = nn.Parameter(torch.cat([gain, bias], dim=1))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """[B, C, H, W], [B] int64 -> the same shape as x"""
        assert labels is not None, "a conditional generator needs labels"
        table = F.embedding(labels, self.gain_and_bias).to(x.dtype)
        gain, bias = table[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(bias, self.standardise(x, None, None), gain)


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
