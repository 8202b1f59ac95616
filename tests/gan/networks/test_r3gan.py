"""Facts about R3GAN's networks; the counts are those of the authors' code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from lab.config import NetworkConfig
from lab.errors import InputError
from lab.gan.networks import build_critic, build_generator
from lab.gan.networks.network import Plan
from lab.gan.networks.r3gan import PAIR, Block, Resample, stage_sizes
from lab.gan.networks.spectral import TopSingularValues
from tests.gan.networks.builds import codes, images, labels, seeded, small_critic, small_generator

GOLDEN = Path(__file__).with_name("r3gan.json")


def plan(resolution: int, *, width: float = 1.0, num_classes: int = 0) -> Plan:
    return Plan(resolution, 3, num_classes, width, latent_size=64, critic_norm="none")


@pytest.mark.parametrize(
    ("resolution", "num_classes", "expected"),
    [
        (32, 0, (20_732_160, 20_683_776)),  # CIFAR-10
        (32, 10, (20_781_952, 21_280_512)),
        (64, 0, (22_429_824, 22_381_440)),  # FFHQ-64
        (256, 0, (23_057_952, 23_009_568)),  # FFHQ-256
    ],
)
def test_full_networks_have_the_authors_parameters(
    resolution: int, num_classes: int, expected: tuple[int, int]
) -> None:
    with torch.device("meta"):
        built = [build(plan(resolution, num_classes=num_classes)) for build in PAIR]
    assert tuple(sum(p.numel() for p in network.parameters()) for network in built) == expected


def test_stages_are_those_of_ffhq_256_and_imagenet_32() -> None:
    sizes = stage_sizes(plan(256))
    assert [size.channels for size in sizes] == [768, 768, 768, 768, 384, 192, 96]
    assert [size.cardinality for size in sizes] == [96, 96, 96, 96, 48, 24, 12]
    assert set(stage_sizes(plan(32, width=2.0))) == {(1536, 96)}


@pytest.mark.parametrize("width", [0.01, 1 / 12, 0.3, 1.3, 2.5])
def test_groups_divide_the_channels_at_every_width(width: float) -> None:
    for channels, cardinality in stage_sizes(plan(512, width=width)):
        assert 2 * channels % cardinality == 0
        assert channels % 4 == 0


@pytest.mark.parametrize("resolution", [16, 28, 128])
def test_other_sides_work(resolution: int) -> None:
    sizes = {"architecture": "r3gan", "width": 0.01, "resolution": resolution}
    made = small_generator(**sizes)(codes(2))
    assert made.shape == (2, 3, resolution, resolution)
    assert small_critic(**sizes)(made).shape == (2,)


def test_blocks_begin_as_the_identity() -> None:
    network = small_critic(architecture="r3gan", width=0.1)
    blocks = [module for module in network.modules() if isinstance(module, Block)]
    assert len(blocks) == 8
    x = torch.randn(2, blocks[0].conv_1.weight.shape[1], 8, 8, generator=seeded())
    assert torch.equal(blocks[0](x), x)


def test_resampling_is_nearest_and_then_the_filter_1_2_1() -> None:
    x = torch.rand(1, 1, 6, 6, generator=seeded())
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    blur = torch.outer(row, row)[None, None]
    near = nn.functional.interpolate(x, scale_factor=2, mode="nearest")
    expected = nn.functional.conv2d(near, blur, padding=1)
    torch.testing.assert_close(Resample(1, up=True)(x), expected)
    expected = nn.functional.avg_pool2d(nn.functional.conv2d(x, blur, padding=1), 2)
    torch.testing.assert_close(Resample(1, up=False)(x), expected)


def test_a_conditional_critic_has_no_part_without_the_class() -> None:
    critic = small_critic(architecture="r3gan", conditional=True)
    assert critic.projection is not None
    with torch.no_grad():
        critic.projection.weight[3] = 0.0
    assert critic(images(1), torch.tensor([3])).item() == 0.0
    assert critic(images(1), torch.tensor([4])).item() != 0.0


def test_forward_passes_are_those_of_the_kept_file() -> None:
    """The file was made when the networks equalled the authors' code to 3e-6 of the maximum."""
    values = []
    for conditional in (False, True):
        for build, x in ((small_generator, codes(2)), (small_critic, images(2))):
            network = build(architecture="r3gan", conditional=conditional, seed=5)
            with torch.no_grad():
                for parameter in network.parameters():
                    if not parameter.any():
                        parameter.normal_(0.0, 0.05, generator=seeded(6))
                made = network(x, labels(2)).flatten()
            values.append([made[0].item(), made[-1].item(), made.std().item()])
    torch.testing.assert_close(values, json.loads(GOLDEN.read_text()), rtol=1e-5, atol=1e-5)


def test_the_top_singular_value_of_a_layer_that_began_at_zero_is_found_later() -> None:
    block = small_critic(architecture="r3gan", width=0.05)
    layer = next(module for module in block.modules() if isinstance(module, Block)).conv_3
    sigmas = TopSingularValues([layer], seeded())
    assert sigmas.read().item() == 0.0
    with torch.no_grad():
        layer.weight.normal_(generator=seeded(1))
    for _ in range(100):
        found = sigmas.read()
    expected = torch.linalg.matrix_norm(layer.matrix(), 2)
    torch.testing.assert_close(found.squeeze(), expected, rtol=1e-3, atol=0.0)


@pytest.mark.parametrize("norm", ["spectral", "batch", "layer", "weight"])
def test_a_norm_of_the_critic_is_refused(norm: str) -> None:
    network = NetworkConfig(architecture="r3gan", critic_norm=norm, width=0.05)
    with pytest.raises(InputError, match=r"network.critic_norm is .* network.architecture r3gan"):
        build_critic(network, resolution=32, channels=1, num_classes=0, rng=seeded())


@pytest.mark.parametrize("resolution", [8, 48])
def test_a_side_that_is_no_power_of_two_is_refused(resolution: int) -> None:
    network = NetworkConfig(architecture="r3gan", width=0.05)
    with pytest.raises(InputError, match=r"data.resolution is .* network.architecture r3gan"):
        build_generator(network, resolution=resolution, channels=1, num_classes=0, rng=seeded())
