"""Facts about the layers that fold a resampling into their kernel, and about initialisation."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from lab.gan.networks.initialisation import glorot_uniform, normal
from lab.gan.networks.layers import ConvTranspose2d, PooledConv2d, UpsampledConv2d
from tests.gan.networks.builds import seeded

MEMORY = [torch.contiguous_format, torch.channels_last]


@pytest.mark.parametrize("memory", MEMORY)
def test_upsampled_convolution_is_nearest_upsampling_then_convolution(
    memory: torch.memory_format,
) -> None:
    layer = UpsampledConv2d(6, 5, fill=normal(1.0)).double().to(memory_format=memory)
    layer.initialise(seeded())
    torch.nn.init.normal_(layer.bias, generator=seeded(1))
    x = torch.randn(2, 6, 4, 4, dtype=torch.float64, generator=seeded(2)).to(memory_format=memory)
    upsampled = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    torch.testing.assert_close(layer(x), F.conv2d(upsampled, layer.weight, layer.bias, padding=1))


@pytest.mark.parametrize("memory", MEMORY)
def test_pooled_convolution_is_convolution_then_average_pooling(
    memory: torch.memory_format,
) -> None:
    layer = PooledConv2d(6, 5, fill=normal(1.0), weight_norm="none").double()
    layer = layer.to(memory_format=memory)
    layer.initialise(seeded())
    torch.nn.init.normal_(layer.bias, generator=seeded(1))
    x = torch.randn(2, 6, 8, 8, dtype=torch.float64, generator=seeded(2)).to(memory_format=memory)
    full = F.conv2d(x, layer.weight, layer.bias, padding=1)
    pooled = full.unflatten(3, (4, 2)).unflatten(2, (4, 2)).mean(dim=(3, 5))
    torch.testing.assert_close(layer(x), pooled)


def test_transposed_convolution_is_the_adjoint_of_the_strided_one() -> None:
    layer = ConvTranspose2d(6, 5, fill=normal(1.0)).double()
    layer.initialise(seeded())
    x = torch.randn(2, 6, 4, 4, dtype=torch.float64, generator=seeded(1))
    y = torch.randn(2, 5, 8, 8, dtype=torch.float64, generator=seeded(2))
    adjoint = F.conv2d(y, layer.weight.transpose(0, 1), stride=2, padding=1)
    torch.testing.assert_close((layer(x) * y).sum(), (x * adjoint).sum())


def test_normal_has_its_standard_deviation() -> None:
    weight = torch.empty(64, 64, 3, 3)
    normal(0.02)(weight, seeded())
    assert weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert weight.mean().item() == pytest.approx(0.0, abs=5e-4)


@pytest.mark.parametrize("gain", [1.0, math.sqrt(2.0)])
def test_glorot_uniform_has_variance_two_over_the_fans(gain: float) -> None:
    weight = torch.empty(48, 80, 3, 3)
    glorot_uniform(gain)(weight, seeded())
    variance = gain**2 * 2.0 / (9 * (48 + 80))
    assert weight.var().item() == pytest.approx(variance, rel=0.02)
    assert weight.abs().max().item() <= math.sqrt(3.0 * variance)
