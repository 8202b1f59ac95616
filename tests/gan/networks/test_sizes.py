"""Every architecture at every size of images, and the published numbers of parameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from lab.config import RESOLUTIONS
from lab.gan.networks import find_pair
from lab.gan.networks.network import Plan
from tests.gan.networks.builds import (
    ARCHITECTURES,
    codes,
    images,
    labels,
    norms_of,
    small_critic,
    small_generator,
)


def plan(
    resolution: int,
    *,
    num_classes: int = 0,
    latent_size: int = 128,
    channels: int = 3,
    critic_norm: Any = "spectral",
) -> Plan:
    return Plan(
        resolution=resolution,
        channels=channels,
        num_classes=num_classes,
        width=1.0,
        latent_size=latent_size,
        critic_norm=critic_norm,
    )


def num_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


KINDS = ((1, 0), (3, 10))
"""Of images: channels and classes, in turn over the sizes."""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("resolution", "channels", "num_classes"),
    [(size, *KINDS[index % len(KINDS)]) for index, size in enumerate(RESOLUTIONS)],
)
def test_full_networks_take_every_size(
    architecture: str, resolution: int, channels: int, num_classes: int
) -> None:
    """With tensors without memory, of which only shapes are computed."""
    pair = find_pair(architecture)
    norm = norms_of(architecture)[0]
    sizes = plan(resolution, channels=channels, num_classes=num_classes, critic_norm=norm)
    with FakeTensorMode():  # the device `meta` has no autocast
        G, D = pair.generator(sizes), pair.critic(sizes)
        classes = torch.zeros(2, dtype=torch.long) if num_classes else None
        made = G(torch.zeros(2, sizes.latent_size), classes)
        assert made.shape == (2, channels, resolution, resolution)
        assert D(made, classes).shape == (2,)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("resolution", [16, 128])
def test_small_networks_are_finite_at_other_sizes(architecture: str, resolution: int) -> None:
    sizes: dict[str, Any] = {"architecture": architecture, "resolution": resolution, "width": 0.01}
    made = small_generator(**sizes)(codes(2), labels(2))
    assert made.shape == images(2, resolution=resolution).shape
    logits = small_critic(**sizes)(made, labels(2))
    torch.autograd.backward(logits.sum())
    assert bool(logits.isfinite().all())


@pytest.mark.parametrize(
    ("architecture", "resolution", "num_classes", "latent_size", "expected"),
    [
        # github.com/kwotsin/mimicry
        ("sngan-resnet", 64, 0, 128, (12_220_675, 10_141_441)),
        ("sngan-resnet", 128, 0, 128, (32_150_787, 29_017_857)),
        ("sagan", 32, 10, 128, (4_386_308, 1_075_586)),
        ("sagan", 128, 10, 128, (32_321_412, 29_048_578)),
        # github.com/ajbrock/BigGAN-PyTorch, with G_shared, hier and shared_dim 128
        ("biggan", 32, 10, 80, (9_416_196, 9_641_090)),
        ("biggan", 64, 10, 100, (70_095_492, 43_991_330)),
        ("biggan", 128, 10, 120, (70_307_268, 86_461_730)),
        ("biggan", 256, 10, 140, (82_109_124, 97_705_250)),
    ],
)
def test_full_networks_have_the_parameters_of_the_reference_code(
    architecture: str,
    resolution: int,
    num_classes: int,
    latent_size: int,
    expected: tuple[int, int],
) -> None:
    pair = find_pair(architecture)
    sizes = plan(resolution, num_classes=num_classes, latent_size=latent_size)
    with torch.device("meta"):
        counts = num_parameters(pair.generator(sizes)), num_parameters(pair.critic(sizes))
    assert counts == expected
