"""Facts that hold for every architecture, normalisation, size and colour."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor

from lab.catalogue import NETWORKS
from lab.config import Architecture, NetworkConfig, choices
from lab.gan.networks import Pair, build_critic, build_generator, find_pair
from lab.gan.networks.spectral import Layer
from tests.gan.networks.builds import (
    ARCHITECTURES,
    OWN_LOGITS,
    codes,
    images,
    labels,
    seeded,
    small_critic,
    small_generator,
    with_norms,
)

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
KINDS = ((28, 1, False), (32, 3, True), (64, 1, True), (64, 3, False))
"""Of images: resolution, channels, whether the networks are conditional."""
each_kind_of_images = pytest.mark.parametrize(("resolution", "channels", "conditional"), KINDS)
# Orthonormal critics are built as those without a norm.
each_norm = pytest.mark.parametrize(("architecture", "norm"), with_norms("orthonormal"))


def test_the_registries_hold_exactly_the_configuration_s_words() -> None:
    assert set(NETWORKS) == set(choices(Architecture))
    assert all(isinstance(find_pair(name), Pair) for name in NETWORKS)


@each_architecture
@each_kind_of_images
def test_generators_make_images_in_range(
    architecture: str, resolution: int, channels: int, conditional: bool
) -> None:
    G = small_generator(
        architecture=architecture,
        resolution=resolution,
        channels=channels,
        conditional=conditional,
    )
    made = G(codes() * 100, labels())
    assert made.shape == (4, channels, resolution, resolution)
    assert made.dtype == torch.float32
    assert made.abs().max() <= 1.0 or not G.bounded
    assert made.std() > 0.0


def critics() -> list[Any]:
    """Every critic of every kind of images; all but one kind of each norm, in turn, are slow."""
    at = {architecture: i for i, architecture in enumerate(ARCHITECTURES)}
    turns: Counter[str] = Counter()
    builds = []
    for architecture, norm in with_norms("orthonormal"):
        turn = at[architecture] + turns[architecture]
        turns[architecture] += 1
        for i, kind in enumerate(KINDS):
            quick = i == turn % len(KINDS) or norm == "none"
            marks = () if quick else pytest.mark.slow
            builds.append(pytest.param(architecture, norm, *kind, marks=marks))
    return builds


@pytest.mark.parametrize(
    ("architecture", "norm", "resolution", "channels", "conditional"), critics()
)
def test_critics_give_a_logit_an_image_and_finite_double_backward(
    architecture: str, norm: str, resolution: int, channels: int, conditional: bool
) -> None:
    D = small_critic(
        architecture=architecture,
        critic_norm=norm,
        resolution=resolution,
        channels=channels,
        conditional=conditional,
    )
    x = images(resolution=resolution, channels=channels).requires_grad_()
    logits = D(x, labels())
    assert logits.shape == (4,)
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    gradient.square().sum().backward()
    weights = [layer.weight.grad for layer in D.layers()]
    assert all(g is not None and bool(g.isfinite().all()) for g in weights)
    assert any(bool(g.any()) for g in weights if g is not None)


@each_norm
def test_double_backward_is_right(architecture: str, norm: str) -> None:
    """The gradient penalty's derivative along one direction, against finite differences."""
    D = small_critic(architecture=architecture, critic_norm=norm, width=0.03).double()
    x = images(2).double().requires_grad_()
    weight = D.layers()[1].weight
    direction = torch.randn(weight.shape, dtype=torch.float64, generator=seeded(3))

    def penalty() -> Tensor:
        (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
        return gradient.square().sum()

    (analytic,) = torch.autograd.grad(penalty(), weight)
    step = 1e-6 * weight.abs().mean()
    with torch.no_grad():
        weight.add_(step * direction)
    ahead = penalty().detach()
    with torch.no_grad():
        weight.sub_(2 * step * direction)
    behind = penalty().detach()
    numeric = (ahead - behind) / (2 * step)
    torch.testing.assert_close((analytic * direction).sum(), numeric, rtol=1e-4, atol=1e-8)


@each_norm
def test_a_logit_is_the_head_of_the_features(architecture: str, norm: str) -> None:
    D = small_critic(architecture=architecture, critic_norm=norm)
    features = D.features(images())
    torch.testing.assert_close(D(images(), None), D.head(features).squeeze(1))


@pytest.mark.parametrize("architecture", [a for a in ARCHITECTURES if a not in OWN_LOGITS])
def test_a_conditional_logit_adds_the_projection_of_the_features(architecture: str) -> None:
    D = small_critic(architecture=architecture, conditional=True)
    assert D.projection is not None
    features, embedding = D.features(images()), D.projection.effective_weight()[labels()]
    expected = D.head(features).squeeze(1) + (embedding * features).sum(1)
    torch.testing.assert_close(D(images(), labels()), expected)


@each_architecture
def test_conditional_networks_react_to_labels_and_others_do_not(architecture: str) -> None:
    for conditional in (True, False):
        G = small_generator(architecture=architecture, conditional=conditional)
        D = small_critic(architecture=architecture, conditional=conditional)
        for name, parameter in G.named_parameters():
            if name.endswith("gain_and_bias"):
                torch.nn.init.normal_(parameter, generator=seeded(4))
        for network, first in ((G.eval(), codes()), (D, images())):
            change = (network(first, labels()) - network(first, labels() + 1)).abs().max()
            assert bool(change > 1e-6) == conditional


@each_architecture
def test_builds_from_equal_generators_are_identical_and_touch_no_global_state(
    architecture: str,
) -> None:
    torch.manual_seed(1)
    first = [build(architecture=architecture, seed=7) for build in (small_generator, small_critic)]
    drawn = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), drawn)
    torch.manual_seed(2)
    second = [
        build(architecture=architecture, seed=7) for build in (small_generator, small_critic)
    ]
    other = [build(architecture=architecture, seed=8) for build in (small_generator, small_critic)]
    for a, b, c in zip(first, second, other, strict=True):
        states = a.state_dict(), b.state_dict(), c.state_dict()
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
        assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])


@each_norm
def test_a_state_dict_carries_the_outputs_to_another_network(architecture: str, norm: str) -> None:
    D = small_critic(architecture=architecture, critic_norm=norm, conditional=True)
    for _ in range(3):
        D.update_spectral_vectors()
        D(images(), labels())
    twin = small_critic(architecture=architecture, critic_norm=norm, conditional=True, seed=9)
    twin.load_state_dict(D.state_dict())
    assert torch.equal(D(images(), labels()), twin(images(), labels()))
    G = small_generator(architecture=architecture, conditional=True)
    G(codes(), labels())
    twin_G = small_generator(architecture=architecture, conditional=True, seed=9)
    twin_G.load_state_dict(G.state_dict())
    assert torch.equal(G.eval()(codes(), labels()), twin_G.eval()(codes(), labels()))


@each_norm
def test_bfloat16_autocast_stays_near_float32_and_returns_it(architecture: str, norm: str) -> None:
    G = small_generator(architecture=architecture, width=0.1)
    D = small_critic(architecture=architecture, critic_norm=norm, width=0.1)
    with torch.autocast("cpu", torch.bfloat16):
        made, logits, features = G(codes()), D(images()), D.features(images())
    assert made.dtype == logits.dtype == features.dtype == torch.float32
    torch.testing.assert_close(made, G(codes()), rtol=0.1, atol=0.1)
    scale = D.features(images()).abs().max().item()
    torch.testing.assert_close(features, D.features(images()), rtol=0.1, atol=0.1 * scale)


@each_architecture
def test_28_pixels_are_the_centre_of_32_and_padded_with_black(architecture: str) -> None:
    inner, outer = (small_generator(architecture=architecture, resolution=r) for r in (28, 32))
    torch.testing.assert_close(inner(codes()), outer(codes())[:, :, 2:30, 2:30])
    small, large = (small_critic(architecture=architecture, resolution=r) for r in (28, 32))
    framed = torch.full((4, 3, 32, 32), -1.0)
    framed[:, :, 2:30, 2:30] = images(resolution=28)
    torch.testing.assert_close(small(images(resolution=28)), large(framed))


@pytest.mark.parametrize(
    ("architecture", "resolution", "expected"),
    [
        ("sngan-cnn", 32, (3_812_355, 2_935_873)),
        ("sngan-cnn", 64, (6_982_659, 2_960_449)),
        ("dcgan", 32, (1_183_619, 662_977)),
        ("dcgan", 64, (3_806_083, 2_764_737)),
        ("sngan-resnet", 64, (12_220_675, 10_141_441)),
    ],
)
def test_full_networks_have_the_parameters_of_their_layer_tables(
    architecture: Architecture, resolution: int, expected: tuple[int, int]
) -> None:
    counts = tuple(
        sum(
            parameter.numel()
            for parameter in build(
                NetworkConfig(architecture=architecture),
                resolution=resolution,
                channels=3,
                num_classes=10,
                rng=seeded(),
            ).parameters()
        )
        for build in (build_generator, build_critic)
    )
    assert counts == expected == _table(architecture, resolution)


def _table(architecture: str, resolution: int) -> tuple[int, int]:
    """Parameters summed over the published layers, independently of the classes."""

    def conv(num_in: int, num_out: int, kernel: int, bias: int = 1) -> int:
        return num_in * num_out * kernel**2 + bias * num_out

    def dense(num_in: int, num_out: int, bias: int = 1) -> int:
        return num_in * num_out + bias * num_out

    start = resolution // 8
    if architecture == "sngan-cnn":
        up = sum(conv(a, b, 4) + 2 * b for a, b in ((512, 256), (256, 128), (128, 64)))
        pairs = ((3, 64, 3), (64, 64, 4), (64, 128, 3), (128, 128, 4), (128, 256, 3))
        down = sum(conv(*pair) for pair in (*pairs, (256, 256, 4), (256, 512, 3)))
        generator = dense(128, start**2 * 512) + up + conv(64, 3, 3)
        return generator, down + dense(start**2 * 512, 1)
    if architecture == "dcgan":
        sizes = (256, 128, 64) if resolution == 32 else (512, 256, 128, 64)
        steps = list(itertools.pairwise(sizes))
        up = sum(conv(a, b, 4, bias=0) + 2 * b for a, b in steps) + 2 * sizes[0]
        generator = dense(128, 16 * sizes[0], bias=0) + up + conv(64, 3, 4)
        down = conv(3, 64, 4) + sum(conv(b, a, 4) for a, b in steps)
        return generator, down + dense(16 * sizes[0], 1)
    ups = sum(
        2 * a + conv(a, b, 3) + 2 * b + conv(b, b, 3) + conv(a, b, 1)
        for a, b in ((1024, 512), (512, 256), (256, 128), (128, 64))
    )
    downs = sum(
        conv(a, a, 3) + conv(a, b, 3) + conv(a, b, 1)
        for a, b in ((64, 128), (128, 256), (256, 512), (512, 1024))
    )
    first = conv(3, 64, 3) + conv(64, 64, 3) + conv(3, 64, 1)
    generator = dense(128, 4**2 * 1024) + ups + 2 * 64 + conv(64, 3, 3)
    return generator, first + downs + dense(1024, 1)


@each_architecture
def test_width_rounds_channels_to_multiples_of_four(architecture: str) -> None:
    for width in (0.01, 0.11, 0.3):
        D = small_critic(architecture=architecture, width=width)
        layers = [
            layer
            for name, layer in D.named_modules()
            if isinstance(layer, Layer) and not name.startswith("attention")
        ]
        outputs = [layer.weight.shape[0] for layer in layers if layer.weight.dim() == 4]
        assert all(size >= 4 and size % 4 == 0 for size in outputs)
