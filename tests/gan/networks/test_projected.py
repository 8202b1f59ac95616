"""Facts about Projected GAN's networks, with random weights in place of the trained encoder."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from lab import efficientnet
from lab.efficientnet import CHANNELS, ROWS, STEM, Encoder, pretrained
from lab.errors import InputError
from lab.gan.networks import Critic, projected
from lab.gan.networks.network import Plan
from lab.gan.networks.projected import PAIR, Mixing
from lab.gan.objectives import CriticBatch
from lab.gan.ranks import ALONE, Ranks
from tests.gan.games import real_images, small_game
from tests.gan.networks.builds import codes, images, labels, seeded, small_critic, small_generator
from tests.ranks import on_ranks

SIZES: dict[str, Any] = {"architecture": "projected", "encoder_side": 64}


def random_weights() -> dict[str, Tensor]:
    """Weights under the names of the package, of a size that keeps activations near 1."""
    rng = seeded(3)
    state: dict[str, Tensor] = {}

    def layer(conv: str, norm: str, *shape: int) -> None:
        weight = torch.randn(shape, generator=rng)
        state[f"{conv}.weight"] = weight * (2 / weight[0].numel()) ** 0.5
        for name, value in (("weight", 1.1), ("bias", 0.1), ("running_mean", 0.1)):
            state[f"{norm}.{name}"] = torch.full((shape[0],), value)
        state[f"{norm}.running_var"] = torch.full((shape[0],), 0.9)

    layer("_conv_stem", "_bn0", STEM, 3, 3, 3)
    number, num_in = 0, STEM
    for row in ROWS:
        for _ in range(row.num_blocks):
            at, inner = f"_blocks.{number}.", num_in * row.expansion
            if row.expansion > 1:
                layer(f"{at}_expand_conv", f"{at}_bn0", inner, num_in, 1, 1)
            layer(f"{at}_depthwise_conv", f"{at}_bn1", inner, 1, row.kernel, row.kernel)
            layer(f"{at}_project_conv", f"{at}_bn2", row.num_out, inner, 1, 1)
            number, num_in = number + 1, row.num_out
    return state


@pytest.fixture(autouse=True)
def _encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projected, "pretrained", random_weights)


def test_full_networks_have_the_authors_parameters() -> None:
    """Of fastgan_lite at 256 pixels and of the four small critics."""
    plan = Plan(256, 3, 0, 1.0, latent_size=256, critic_norm="batch")
    counts = [sum(p.numel() for p in build(plan).parameters()) for build in PAIR]
    assert counts == [79_354_307, 10_331_328]


def test_features_have_the_strides_4_to_32() -> None:
    features = Encoder(random_weights(), 3)(images(2, resolution=96))
    sides = [(x.shape[1], x.shape[2]) for x in features]
    assert sides == [(channels, 24 // 2**i) for i, channels in enumerate(CHANNELS)]


def test_grey_images_have_the_features_of_three_equal_colours() -> None:
    grey = images(2, resolution=64, channels=1).double()
    one = Encoder(random_weights(), 1).double()(grey)
    three = Encoder(random_weights(), 3).double()(grey.expand(-1, 3, -1, -1))
    torch.testing.assert_close(one, three, rtol=1e-4, atol=1e-5)  # the weights are float32


@pytest.mark.parametrize("resolution", [16, 28, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("conditional", [False, True])
def test_a_logit_is_the_mean_of_all(resolution: int, channels: int, conditional: bool) -> None:
    sizes = {**SIZES, "resolution": resolution, "channels": channels, "conditional": conditional}
    made = small_generator(**sizes)(codes(), labels())
    assert made.shape == (4, channels, resolution, resolution)
    D = small_critic(**sizes)
    every = D.every_logit(made, labels())
    assert every.shape == (4, 4)
    torch.testing.assert_close(D(made, labels()), every.mean(dim=1))
    torch.testing.assert_close(D.logits(D.features(made), labels()), every.mean(dim=1))


@pytest.mark.parametrize(("side", "places"), [(64, 1), (96, 9), (128, 1), (256, 25)])
def test_each_scale_has_its_logits_at_every_side_of_the_encoder(side: int, places: int) -> None:
    D = small_critic(architecture="projected", encoder_side=side, width=0.02)
    assert D.every_logit(images(1), None).shape == (1, 4 * places)


@pytest.mark.parametrize("norm", ["spectral", "batch", "layer", "weight", "none"])
def test_double_backward_is_right(norm: str) -> None:
    D = small_critic(**SIZES, critic_norm=norm, width=0.02).double()
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
    numeric = (ahead - penalty().detach()) / (2 * step)
    scale = analytic.abs().max().item() + 1e-12
    torch.testing.assert_close((analytic * direction).sum(), numeric, rtol=1e-3, atol=1e-5 * scale)


def test_only_the_small_critics_are_trained_and_stored_is_no_encoder() -> None:
    D = small_critic(**SIZES)
    trained = {name.split(".")[0] for name, _ in D.named_parameters()}
    assert trained == {"critics", "last"}
    assert not any(name.startswith("encoder") for name in D.state_dict())
    assert any(name.startswith("mixing") for name in D.state_dict())


def test_mixing_is_drawn_from_the_rng_alone() -> None:
    def mixing(seed: int) -> Tensor:
        D = small_critic(**SIZES, seed=seed)
        return D.get_buffer("mixing.across_scales.2.weight")

    assert torch.equal(mixing(1), mixing(1))
    assert not torch.equal(mixing(1), mixing(2))


def test_mixing_across_scales_commutes_with_its_up_sampling() -> None:
    mixing = Mixing(8)
    for module in mixing.modules():
        if hasattr(module, "initialise"):
            module.initialise(seeded())
    features = [torch.rand(1, c, 16 >> i, 16 >> i) for i, c in enumerate(CHANNELS)]
    coarse = torch.nn.functional.interpolate(
        mixing.across_channels[3](features[3]),
        scale_factor=2.0,
        mode="bilinear",
        align_corners=True,
    )
    torch.testing.assert_close(mixing(features)[3], mixing.across_scales[3](coarse))


def test_bfloat16_autocast_returns_float32() -> None:
    G, D = small_generator(**SIZES), small_critic(**SIZES)
    with torch.autocast("cpu", torch.bfloat16):
        made = G(codes())
        every = D.every_logit(images(), None)
    assert made.dtype == every.dtype == torch.float32
    torch.testing.assert_close(made, G(codes()), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_a_game_moves_what_is_trained_and_is_continued_bit_for_bit(norm: str) -> None:
    values = {
        "network.architecture": "projected",
        "network.encoder_side": 64,
        "network.critic_norm": norm,
        "network.width": 0.02,
        "training.batch_size": 2,
    }
    game, other = small_game(values), small_game(values)
    mixed = game.critic.get_buffer("mixing.across_channels.0.weight").clone()
    before = {n: w.clone() for n, w in game.critic.named_parameters() if w.requires_grad}
    source = real_images(game)
    for _ in range(2):
        seen = game.step(source).observed
        assert all(bool(value.isfinite()) for value in seen)
    assert not any(torch.equal(w, game.critic.get_parameter(n)) for n, w in before.items())
    assert torch.equal(mixed, game.critic.get_buffer("mixing.across_channels.0.weight"))
    other.load_state(copy.deepcopy(game.state()))
    game.step(source)
    other.step(source)
    for name, value in game.tensors().items():
        assert torch.equal(value, other.tensors()[name]), name


def _played(ranks: Ranks) -> dict[str, Tensor]:
    torch.set_num_threads(1)
    projected.pretrained = random_weights  # in a process of its own
    values = {
        "network.architecture": "projected",
        "network.width": 0.02,
        "network.encoder_side": 64,
        "network.critic_norm": "batch",
        "network.conditional": True,
        "training.batch_size": 4,
    }
    game = small_game(values, precision="float64", ranks=ranks)
    source = real_images(game)
    for _ in range(3):
        game.step(source)
    ranks.require_agreement(game.tensors())
    return {name: value.clone() for name, value in game.tensors().items()}


@pytest.mark.slow
def test_two_workers_equal_one() -> None:
    one, (two, _) = _played(ALONE), on_ranks(2, _played)
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], rtol=1e-9, atol=1e-12, msg=name)


def test_the_loss_is_taken_of_every_logit() -> None:
    game = small_game(
        {
            "network.architecture": "projected",
            "network.encoder_side": 64,
            "network.critic_norm": "none",
            "training.batch_size": 2,
        }
    )
    critic: Critic = game.critic
    real = real_images(game)(0).images
    fake = torch.zeros_like(real)
    with torch.no_grad():
        expected = torch.relu(1 - critic.every_logit(real, None)).mean()
        expected += torch.relu(1 + critic.every_logit(fake, None)).mean()
        batch = CriticBatch(real, fake, None, None, None, None)
        result = game.critic_objective(batch, 0.0)
    torch.testing.assert_close(result.loss, expected)
    torch.testing.assert_close(result.real, critic(real))


def test_without_the_package_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    pretrained.cache_clear()
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"network.architecture projected and .*\[features\]"):
        pretrained()


def test_sides_that_do_not_fit_are_refused() -> None:
    plan = Plan(32, 3, 0, 1.0, latent_size=8, critic_norm="batch", encoder_side=80)
    with pytest.raises(InputError, match=r"network.encoder_side is 80; .* projected"):
        PAIR.critic(plan)
    plan = Plan(48, 3, 0, 1.0, latent_size=8, critic_norm="batch")
    with pytest.raises(InputError, match=r"data.resolution is 48; .* projected"):
        PAIR.generator(plan)
