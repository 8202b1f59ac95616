"""StyleGAN2: published sizes, formulas against direct ones, draws of training."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lab.config import NetworkConfig
from lab.errors import InputError
from lab.gan.networks import build_critic, build_generator, find_pair
from lab.gan.networks.equalised import Fir, with_deviation
from lab.gan.networks.network import Plan
from lab.gan.networks.stylegan2 import ModulatedConv2d, StyleGAN2Generator
from tests.gan.games import small_game, train, weights_and_buffers
from tests.gan.networks.builds import codes, images, labels, seeded, small_critic, small_generator

NAMES = ("stylegan2", "stylegan2-256", "stylegan2-cifar")


@pytest.mark.parametrize(
    ("name", "resolution", "expected"),
    [
        ("stylegan2-cifar", 32, (19_947_539, 20_720_641)),
        ("stylegan2-256", 256, (24_767_458, 24_001_089)),
        ("stylegan2", 1024, (30_370_060, 29_012_513)),
    ],
)
def test_published_set_ups_have_the_parameters_of_the_authors_networks(
    name: str, resolution: int, expected: tuple[int, int]
) -> None:
    plan = Plan(resolution, 3, 0, width=1.0, latent_size=512, critic_norm="none")
    with torch.device("meta"):
        networks = [build(plan) for build in find_pair(name)]
    assert tuple(sum(p.numel() for p in of.parameters()) for of in networks) == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution", [16, 128])
def test_any_power_of_two_is_a_resolution(name: str, resolution: int) -> None:
    made = small_generator(architecture=name, resolution=resolution, width=0.02)(codes(2))
    assert made.shape == (2, 3, resolution, resolution)
    critic = small_critic(architecture=name, resolution=resolution, width=0.02)
    assert critic(made).shape == (2,)


def test_other_sizes_are_refused() -> None:
    with pytest.raises(InputError, match=r"data\.resolution is 48, and network\.architecture"):
        small_generator(architecture="stylegan2", resolution=48)


def test_settings_of_stylegan2_are_refused_elsewhere() -> None:
    with pytest.raises(InputError, match=r"network\.mapping_layers is 3, which network\.arch"):
        small_generator(architecture="dcgan", mapping_layers=3)
    with pytest.raises(InputError, match=r"network\.grow_images is 10, which network\.arch"):
        small_generator(architecture="stylegan2", grow_images=10)


@pytest.mark.parametrize("up", [False, True])
def test_a_modulated_convolution_has_a_kernel_for_each_sample(up: bool) -> None:
    layer = ModulatedConv2d(5, 6, 7, 16 if up else 8, up=up).double()
    layer.initialise(seeded())
    with torch.no_grad():
        layer.noise_strength.fill_(0.3)
        assert layer.bias is not None
        layer.bias.normal_(generator=seeded(1))
    x = torch.randn(3, 5, 8, 8, generator=seeded(2)).double()
    w = torch.randn(3, 7, generator=seeded(3)).double()
    made = layer(x, w, None)
    for sample in range(3):
        kernel = layer.weight * layer.style(w)[sample][None, :, None, None]
        kernel = kernel / kernel.square().sum((1, 2, 3), keepdim=True).sqrt()
        one = x[sample : sample + 1]
        if up:
            # Zeros between pixels, the kernel (a convolution: flipped), the filter of gain 4.
            wide = torch.zeros(1, 5, 16, 16).double()
            wide[:, :, ::2, ::2] = one
            wide = F.conv2d(F.pad(wide, (4, 4, 4, 4)), kernel.flip(2, 3))
            taps = torch.tensor([1.0, 3.0, 3.0, 1.0]).double()
            fir = (torch.outer(taps, taps) / 16).expand(6, 1, 4, 4)
            y = F.conv2d(wide, fir, groups=6)[:, :, 1:17, 1:17]
        else:
            y = F.conv2d(one, kernel, padding=1)
        y = y + 0.3 * layer.noise + layer.bias[:, None, None]
        expected = 2**0.5 * F.leaky_relu(y, 0.2)
        torch.testing.assert_close(made[sample : sample + 1], expected, rtol=1e-6, atol=1e-6)


def test_the_filter_keeps_a_constant_image_inside() -> None:
    fir = Fir(gain=4.0)
    made = fir.upsampled(torch.ones(1, 2, 6, 6))
    assert made.shape == (1, 2, 12, 12)
    torch.testing.assert_close(made[:, :, 1:-1, 1:-1], torch.ones(1, 2, 10, 10))
    halved = Fir()(torch.ones(1, 2, 8, 8), stride=2, padding=1)
    torch.testing.assert_close(halved[:, :, 1:-1, 1:-1], torch.ones(1, 2, 2, 2))


def test_the_deviation_is_of_consecutive_samples() -> None:
    x = torch.randn(10, 3, 4, 4, generator=seeded())
    together = with_deviation(x, 4)
    torch.testing.assert_close(together[:4], with_deviation(x[:4], 4))
    torch.testing.assert_close(together[4:8], with_deviation(x[4:8], 4))
    torch.testing.assert_close(together[8:], with_deviation(x[8:], 2))
    direct = x[:4].var(dim=0, correction=0).add(1e-8).sqrt().mean()
    torch.testing.assert_close(together[0, 3], direct.expand(4, 4))
    alike = with_deviation(x[:1].expand(4, -1, -1, -1), 4)
    assert alike[:, 3].max() < 1e-3


class _Numbers:
    """Numbers of a pass that need no configuration."""

    def normal(self, purpose: str, *shape: int) -> Tensor:
        return torch.randn(4, *shape, generator=seeded(len(purpose)))

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        return torch.rand(4, *shape, generator=seeded(5))


def _mixing(probability: float) -> StyleGAN2Generator:
    made = small_generator(architecture="stylegan2", style_mixing=probability)
    assert isinstance(made, StyleGAN2Generator)
    return made


def test_mixed_styles_are_two_codes_from_some_layer_on() -> None:
    G = _mixing(1.0)
    own, mixed = G.mapped(codes(), None), G.mapped(codes(), None, _Numbers())
    assert own.shape == (4, 8, G.mapping.layers[-1].weight.shape[0])
    assert all(torch.equal(own[:, 0], own[:, layer]) for layer in range(8))
    taken = (own != mixed).any(dim=2)
    assert not taken[:, 0].any()
    assert taken[:, -1].all()
    assert bool((taken[:, 1:] >= taken[:, :-1]).all())
    assert torch.equal(_mixing(0.0).mapped(codes(), None, _Numbers()), own)


def test_noise_is_fixed_in_evaluations_and_drawn_in_training() -> None:
    G = _mixing(0.0)
    for name, parameter in G.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.ones_(parameter)
    assert torch.equal(G(codes()), G(codes()))
    assert not torch.equal(G(codes()), G(codes(), None, _Numbers()))
    torch.testing.assert_close(G(codes()), G.from_mapped(G.mapped(codes(), None)))


def test_truncation_moves_w_towards_its_mean() -> None:
    """psi 1 changes nothing, 0 makes one image, a half the image of the w half-way."""
    generator = small_generator(architecture="stylegan2", resolution=16).eval()
    assert isinstance(generator, StyleGAN2Generator)
    z, others = codes(3), torch.randn(64, 16, generator=seeded(5))
    given = [(part, torch.zeros(len(part), dtype=torch.int64)) for part in others.split(40)]
    with torch.no_grad():
        whole, w = generator(z), generator.mapped(z, None)
        mean = generator.mapped(others, None).mean(dim=0)
        generator.truncate(1.0, given)
        torch.testing.assert_close(generator(z), whole)
        generator.truncate(0.0, given)
        torch.testing.assert_close(generator(z), generator.from_mapped(mean.expand(3, -1, -1)))
        generator.truncate(0.5, given)
        torch.testing.assert_close(generator(z), generator.from_mapped((w + mean) / 2))


def test_a_batch_that_groups_do_not_divide_is_refused() -> None:
    values = {"network.architecture": "stylegan2-cifar", "training.batch_size": 6}
    with pytest.raises(InputError, match=r"network\.minibatch_std is 4, but a pass .* has 6 im"):
        small_game(values)
    with pytest.raises(InputError, match=r"training\.accumulate 2"):
        small_game({**values, "training.batch_size": 4, "training.accumulate": 2})


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_game_of_it_trains_and_continues(precision: str) -> None:
    values = {
        "network.architecture": "stylegan2-cifar",
        "network.critic_norm": "none",
        "network.style_mixing": 0.9,
        "penalty.kind": "r1",
    }
    whole = train(small_game(values, precision=precision), 3)
    first = train(small_game(values, precision=precision), 2)
    second = small_game(values, precision=precision)
    second.load_state(first.state())
    train(second, 1)
    others = weights_and_buffers(second)
    for name, value in weights_and_buffers(whole).items():
        assert bool(value.isfinite().all()), name
        assert torch.equal(value, others[name]), name


def test_the_numbers_of_small_networks_stay_what_they_are() -> None:
    sums = []
    for name in NAMES:
        config = NetworkConfig(
            architecture=name, width=0.05, latent_size=16, conditional=True, critic_norm="none"
        )
        sizes = {"resolution": 32, "channels": 3, "num_classes": 10}
        G = build_generator(config, **sizes, rng=seeded()).double()
        D = build_critic(config, **sizes, rng=seeded()).double()
        z = codes().double()
        made, logits = G(z, labels()), D(images().double(), labels())
        sums += [made.square().mean().item(), *logits.tolist()]
    assert sums == pytest.approx(GOLDEN, rel=1e-5)


GOLDEN = [
    0.87753129,
    -0.028624697,
    -0.08066836,
    -0.062139061,
    -0.089678012,
    0.87753129,
    -0.028624697,
    -0.08066836,
    -0.062139061,
    -0.089678012,
    1.5255935,
    -0.029516836,
    -0.16719517,
    -0.02039867,
    -0.087532154,
]
"""Of each set-up the mean square of the images, then the logits."""
