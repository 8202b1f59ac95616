"""Facts about the three normalisations of activations."""

from __future__ import annotations

import torch

from lab.gan.networks.normalisation import BatchNorm, ConditionalBatchNorm, LayerNorm
from tests.gan.networks.builds import seeded


def _activations() -> torch.Tensor:
    return torch.randn(6, 4, 5, 5, dtype=torch.float64, generator=seeded()) * 3 + 2


def test_batch_norm_standardises_channels_and_remembers_them() -> None:
    norm, x = BatchNorm(4).double(), _activations()
    y = norm(x)
    mean, variance = y.mean(dim=(0, 2, 3)), y.var(dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(mean, torch.zeros_like(mean))
    torch.testing.assert_close(variance, torch.ones_like(mean), atol=1e-4, rtol=0)
    torch.testing.assert_close(norm.running_mean, 0.1 * x.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * x.var(dim=(0, 2, 3)))


def test_batch_norm_in_evaluation_treats_samples_one_by_one() -> None:
    norm, x = BatchNorm(4).double(), _activations()
    norm(x)
    norm.eval()
    torch.testing.assert_close(norm(x)[:1], norm(x[:1]))


def test_conditional_batch_norm_gives_each_class_its_gain_and_bias() -> None:
    norm, x = ConditionalBatchNorm(4, 3).double(), _activations()
    labels = torch.tensor([0, 2, 1, 1, 0, 2])
    torch.nn.init.normal_(norm.gain_and_bias, generator=seeded(1))
    plain = BatchNorm(4).double()(x)
    gain, bias = norm.gain_and_bias.detach().split(4, dim=1)
    for sample, label in enumerate(labels):
        expected = plain[sample] * gain[label][:, None, None] + bias[label][:, None, None]
        torch.testing.assert_close(norm(x, labels)[sample], expected)


def test_fresh_conditional_batch_norm_is_batch_norm() -> None:
    x, labels = _activations(), torch.tensor([0, 2, 1, 1, 0, 2])
    conditional, plain = ConditionalBatchNorm(4, 3).double(), BatchNorm(4).double()
    torch.testing.assert_close(conditional(x, labels), plain(x))


def test_layer_norm_standardises_each_sample_over_all_its_values() -> None:
    norm, x = LayerNorm(4).double(), _activations()
    torch.nn.init.normal_(norm.weight, generator=seeded(1))
    torch.nn.init.normal_(norm.bias, generator=seeded(2))
    flat = x.flatten(1)
    variance = flat.var(1, correction=0, keepdim=True)
    standard = (flat - flat.mean(1, keepdim=True)) / (variance + 1e-5).sqrt()
    expected = standard.view_as(x) * norm.weight[:, None, None] + norm.bias[:, None, None]
    torch.testing.assert_close(norm(x), expected)
