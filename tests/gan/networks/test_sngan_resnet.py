"""The ResNet against published sizes and against the paper's formulas, written out."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import NetworkConfig
from lab.gan.networks import build_critic, build_generator
from lab.gan.networks.sngan_resnet import CriticBlock, FirstBlock, UpBlock
from lab.gan.networks.spectral import Layer
from tests.gan.networks.builds import images, labels, seeded, small_critic


def num_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(("conditional", "expected"), [(False, 4_276_739), (True, 4_304_387)])
def test_full_generator_has_the_published_number_of_parameters(
    conditional: bool, expected: int
) -> None:
    """Conditional: six norms carry ten gains and biases of 256 channels instead of one."""
    assert expected == 4_276_739 + (27_648 if conditional else 0)
    network = build_generator(
        NetworkConfig(architecture="sngan-resnet", conditional=conditional),
        resolution=32,
        channels=3,
        num_classes=10,
        rng=seeded(),
    )
    assert num_parameters(network) == expected


@pytest.mark.parametrize("conditional", [False, True])
def test_full_critic_has_the_published_number_of_parameters(conditional: bool) -> None:
    """1,053,696 without the last layer; it has 128 weights and, in the authors' code, no bias."""
    conv, first, shortcut = 128 * 128 * 9 + 128, 3 * 128 * 9 + 128, 128 * 128 + 128
    formula = first + conv + (3 * 128 + 128) + 2 * conv + shortcut + 4 * conv + 128
    assert formula == 1_053_824
    network = build_critic(
        NetworkConfig(architecture="sngan-resnet", conditional=conditional),
        resolution=32,
        channels=3,
        num_classes=10,
        rng=seeded(),
    )
    assert num_parameters(network) == formula + (10 * 128 if conditional else 0)


def _ready(block: nn.Module) -> nn.Module:
    block.double()
    for seed, module in enumerate(block.modules()):
        if isinstance(module, Layer):
            module.initialise(seeded(seed))
            nn.init.normal_(module.bias, generator=seeded(seed + 100))  # type: ignore[arg-type]
    return block


def _noise(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=seeded(5))


def _batch_norm(x: Tensor) -> Tensor:
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    return (x - mean) / (((x - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True) + 1e-5).sqrt()


def _layer_norm(x: Tensor) -> Tensor:
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) / (((x - mean) ** 2).mean(dim=(1, 2, 3), keepdim=True) + 1e-5).sqrt()


def _convolve(x: Tensor, layer: Layer, *, spectral: bool) -> Tensor:
    """The paper's convolution: W over u^T W v with W as [out, in*k*k]."""
    weight = layer.weight
    if spectral:
        size = weight.shape[2]
        v = layer.right.view(size, size, -1).permute(2, 0, 1).flatten()
        weight = weight / (layer.left @ weight.flatten(1) @ v)
    return F.conv2d(x, weight, layer.bias, padding=weight.shape[2] // 2)


def test_up_block_is_the_paper_s() -> None:
    block = _ready(UpBlock(6, 4, num_classes=0))
    x = _noise(3, 6, 4, 4)
    h = F.interpolate(_batch_norm(x).relu(), scale_factor=2)
    h = _batch_norm(_convolve(h, block.conv_1, spectral=False)).relu()
    h = _convolve(h, block.conv_2, spectral=False)
    shortcut = _convolve(F.interpolate(x, scale_factor=2), block.shortcut, spectral=False)
    torch.testing.assert_close(block(x), h + shortcut)


@pytest.mark.parametrize("spectral", [True, False])
def test_first_block_is_the_paper_s(spectral: bool) -> None:
    block = _ready(FirstBlock(3, 5, "spectral" if spectral else "none"))
    x = _noise(2, 3, 8, 8)
    h = _convolve(x, block.conv_1, spectral=spectral).relu()
    h = F.avg_pool2d(_convolve(h, block.conv_2, spectral=spectral), 2)
    shortcut = _convolve(F.avg_pool2d(x, 2), block.shortcut, spectral=spectral)
    torch.testing.assert_close(block(x), h + shortcut)


@pytest.mark.parametrize("norm", ["spectral", "none", "batch", "layer"])
@pytest.mark.parametrize(("pool", "num_out"), [(True, 6), (True, 8), (False, 8)])
def test_critic_block_is_the_paper_s(
    norm: Literal["spectral", "none", "batch", "layer"], pool: bool, num_out: int
) -> None:
    spectral = norm == "spectral"
    weight_norm: Literal["spectral", "none"] = "spectral" if spectral else "none"
    block = _ready(CriticBlock(6, num_out, pool=pool, norm=norm, weight_norm=weight_norm))
    normalise = {"batch": _batch_norm, "layer": _layer_norm}.get(norm, lambda x: x)
    x = _noise(2, 6, 8, 8)
    h = _convolve(normalise(x).relu(), block.conv_1, spectral=spectral)
    h = _convolve(normalise(h).relu(), block.conv_2, spectral=spectral)
    shortcut = _convolve(x, block.shortcut, spectral=spectral)
    expected = F.avg_pool2d(h + shortcut, 2) if pool else h + shortcut
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("norm", ["spectral", "none", "batch", "layer"])
def test_a_block_without_convolved_shortcut_adds_x_itself_and_leaves_it_alone(
    norm: Literal["spectral", "none", "batch", "layer"],
) -> None:
    """An in-place ReLU before the shortcut would add relu(x), and change the caller's tensor."""
    block = CriticBlock(6, 6, pool=False, norm=norm, weight_norm="none").double()
    for layer in (block.conv_1, block.conv_2):
        nn.init.zeros_(layer.weight)
    x = _noise(2, 6, 4, 4)
    kept = x.clone()
    torch.testing.assert_close(block(x), kept)
    assert torch.equal(x, kept)


def test_features_are_sums_over_positions() -> None:
    critic = small_critic(architecture="sngan-resnet").double()
    hidden: list[Tensor] = []
    critic.blocks[-1].register_forward_hook(lambda _m, _i, out: hidden.append(out.clone()))
    features = critic.features(images().double())
    torch.testing.assert_close(features, hidden[0].relu().sum(dim=(2, 3)))


def test_last_norm_of_a_conditional_generator_is_unconditional() -> None:
    network = build_generator(
        NetworkConfig(architecture="sngan-resnet", conditional=True, width=0.06),
        resolution=32,
        channels=3,
        num_classes=10,
        rng=seeded(),
    )
    tables = [name for name, _ in network.named_parameters() if name.endswith("gain_and_bias")]
    assert len(tables) == 6
    assert network(torch.zeros(4, 128), labels()).shape == (4, 3, 32, 32)
