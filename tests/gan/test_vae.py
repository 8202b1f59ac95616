"""The variational games: their bound, where gradients go, and resumption."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from lab.config import VaeConfig
from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.games.encoding import POSTERIOR
from lab.gan.games.vae import Vae
from lab.gan.games.vae_gan import VaeGan, mixed
from lab.gan.likelihoods import bernoulli, likelihood_of
from lab.gan.networks.encoder import Posterior
from lab.gan.rounds import ImageShape, RealBatch
from tests.gan.games import SHAPE, real_images, small_config, small_game, train
from tests.gan.worlds import Values, name_of, variational_games

CPU = torch.device("cpu")
GAUSSIAN = {"training.game": "vae", "vae.likelihood": "gaussian", "vae.sigma": 0.3}
VAE, VAE_GAN = {"training.game": "vae"}, {"training.game": "vae-gan"}


def posterior() -> Posterior:
    rng = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 3, 5, generator=rng, dtype=torch.float64).unbind()
    return Posterior(mean, log_variance)


def gradients(network: nn.Module) -> list[Tensor]:
    return [weight.grad for weight in network.parameters() if weight.grad is not None]


def trained_weights(network: nn.Module) -> list[Tensor]:
    return [weight for weight in network.parameters() if weight.requires_grad]


def held(game: Game) -> list[str]:
    """Keep gradients and weights as a step leaves them: its optimizers do nothing."""
    stepped: list[str] = []
    for player in game.players:
        optimizer = getattr(game, f"{player}_optimizer")
        optimizer.step = lambda player=player: stepped.append(player)
    return stepped


def test_the_divergence_is_that_of_two_normal_distributions() -> None:
    q = posterior()
    exact = kl_divergence(Normal(q.mean, (q.log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(q.divergence(), exact)
    assert Posterior(torch.zeros(2, 4), torch.zeros(2, 4)).divergence().tolist() == [0, 0]


def test_the_divergence_is_the_mean_of_log_ratios_of_samples() -> None:
    q, rng = posterior(), torch.Generator().manual_seed(1)
    noise = torch.randn(100_000, 3, 5, generator=rng, dtype=torch.float64)
    z = q.sample(noise)
    of_q, prior = Normal(q.mean, (q.log_variance / 2).exp()), Normal(0.0, 1.0)
    ratios = (of_q.log_prob(z) - prior.log_prob(z)).sum(dim=2)
    error = ratios.std(dim=0) / math.sqrt(len(ratios))
    assert ((ratios.mean(dim=0) - q.divergence()).abs() < 4 * error).all()


def test_the_likelihoods_are_those_of_torch_distributions() -> None:
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randn(3, 2, 4, 4, generator=rng, dtype=torch.float64)
    black_or_white = torch.randint(2, pixels.shape, generator=rng).double()
    of_bernoulli = Bernoulli(0.5 * (pixels.tanh() + 1)).log_prob(black_or_white).sum((1, 2, 3))
    torch.testing.assert_close(bernoulli(2 * black_or_white - 1, pixels), -of_bernoulli)

    images = torch.rand(pixels.shape, generator=rng, dtype=torch.float64) * 2 - 1
    settings = VaeConfig(likelihood="gaussian", sigma=0.3)
    for bounded, made in ((True, pixels.tanh()), (False, pixels)):
        of_gaussian = Normal(made, 0.3).log_prob(images).sum((1, 2, 3))
        value = likelihood_of(settings, bounded=bounded)(images, pixels)
        torch.testing.assert_close(value, -of_gaussian)


def test_bernoulli_stays_finite_where_the_image_is_saturated() -> None:
    pixels = torch.full((1, 1, 2, 2), 60.0, requires_grad=True)
    value = bernoulli(-torch.ones(1, 1, 2, 2), pixels)
    assert value.item() == pytest.approx(4 * 120)
    value.sum().backward()
    assert pixels.grad is not None
    assert pixels.grad.mean().item() == pytest.approx(2.0)


@pytest.mark.parametrize("values", [VAE, GAUSSIAN], ids=["bernoulli", "gaussian"])
def test_the_loss_is_the_negative_bound_computed_directly(values: Values) -> None:
    game = small_game({**values, "vae.beta": 0.5}, precision="float64")
    assert isinstance(game, Vae)
    held(game)
    seen = game.step(source := real_images(game)).observed._asdict()

    real = source(0).images.double()
    again = small_game({**values, "vae.beta": 0.5}, precision="float64")
    assert isinstance(again, Vae)
    again.encoder.update_spectral_vectors()
    with torch.no_grad():
        q = again.encoder(real)
        noise = again.draws.of_pass("generator", 0, slice(0, 4)).normal(POSTERIOR, 4)
        z = q.mean + (q.log_variance / 2).exp() * noise
        made = again.generator(z)
    if values == VAE:
        p, v = (made + 1) / 2, (real + 1) / 2
        log_likelihood = (v * p.log() + (1 - v) * (1 - p).log()).sum((1, 2, 3)).mean()
    else:
        log_likelihood = Normal(made, 0.3).log_prob(real).sum((1, 2, 3)).mean()
    scale = (q.log_variance / 2).exp()
    divergence = kl_divergence(Normal(q.mean, scale), Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(seen["reconstruction"], -log_likelihood)
    torch.testing.assert_close(seen["kl_divergence"], divergence)
    bound = (-log_likelihood + 0.5 * divergence) / 1024
    torch.testing.assert_close(seen["generator_loss"], bound)


def test_the_bound_falls_and_reconstructions_follow_their_images() -> None:
    values = {**VAE, "optimizer.generator.lr": 1e-2, "vae.beta": 0.1}
    game, losses = small_game(values), []
    source = real_images(game)
    for _ in range(60):
        step = game.step(source)
        losses.append(step.observed._asdict()["generator_loss"].item())
    assert losses[-1] < 0.7 * losses[0]
    error = (step.fake - step.real).square().mean() / step.real.var()
    assert error.item() < 0.2


def test_a_warm_up_moves_beta_and_is_a_column() -> None:
    ramp = {"vae.beta.start": 0.0, "vae.beta.end": 1.0, "vae.beta.until_images": 8.0}
    game = small_game({**VAE, **ramp})
    source, shares = real_images(game), []
    for _ in range(3):
        shares.append(game.present_numbers()["vae.beta"])
        seen = game.step(source).observed._asdict()
        loss = (seen["reconstruction"] + shares[-1] * seen["kl_divergence"]) / 1024
        torch.testing.assert_close(seen["generator_loss"], loss)
    assert shares == [0.0, 0.5, 1.0]


def test_each_network_of_vae_gan_gets_the_gradient_of_its_own_loss() -> None:
    values = {**VAE_GAN, "vae.beta": 0.7, "vae.gamma": 0.01}
    game = small_game(values, precision="float64")
    assert isinstance(game, VaeGan)
    assert held(game) == []
    game._free_critic(False)
    real = game._real(real_images(game)(0))
    game._generator_step(0, real)

    draw = game.draws.of_pass("generator", 0, slice(0, 4))
    z, _ = game.draws.latents("generator", 0)
    q = game.encoder(real.images)
    inferred = q.sample(draw.normal(POSTERIOR, 4))
    rebuilt = game.generator(inferred)
    error = game.critic.features(rebuilt) - game.critic.features(real.images)
    reconstruction = 0.5 * error.square().sum(1).mean()
    of_encoder = reconstruction + 0.7 * q.divergence().mean()
    shown = torch.stack([z[0, 0], inferred[1], z[2, 0], inferred[3]])
    fooled = -game.critic(game.generator(shown)).mean()
    of_generator = fooled + 0.01 * reconstruction

    for network, loss in ((game.encoder, of_encoder), (game.generator, of_generator)):
        wanted = torch.autograd.grad(loss, trained_weights(network), retain_graph=True)
        for gradient, expected in zip(gradients(network), wanted, strict=True):
            torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-9)
    assert gradients(game.critic) == []


def test_the_critic_of_vae_gan_sees_prior_samples_and_reconstructions_by_turns() -> None:
    game = small_game({**VAE_GAN, "network.conditional": True})
    draw = game.draws.of_pass("critic", 0, slice(1, 4), multiplier=2)
    first, second = torch.ones(6, 4), torch.zeros(6, 4)
    labels = torch.full((6,), 2), torch.zeros(6).long()
    z, classes = mixed(draw, (first, second), labels)
    assert z[:, 0].tolist() == [1, 1, 0, 0, 1, 1]
    assert classes is not None
    assert classes.tolist() == [2, 2, 0, 0, 2, 2]


def test_a_step_updates_every_network_and_the_critic_alone_before_the_others() -> None:
    for values, order in ((VAE, ["encoder", "generator"]), (VAE_GAN, ["critic", "encoder"])):
        game = small_game(values)
        stepped = held(game)
        game.step(real_images(game))
        assert stepped[:2] == order
        assert set(stepped) == set(game.players)


@pytest.mark.parametrize("values", [VAE, VAE_GAN], ids=["vae", "vae-gan"])
@pytest.mark.parametrize("architecture", ["dcgan", "sngan-cnn", "sngan-resnet"])
def test_every_architecture_plays_at_each_resolution(values: Values, architecture: str) -> None:
    make = Vae if values == VAE else VaeGan
    for resolution, channels, classes in ((28, 1, 0), (32, 3, 4), (64, 3, 0)):
        named = {
            **values,
            "network.architecture": architecture,
            "network.conditional": bool(classes),
        }
        shape = ImageShape(resolution, channels, classes)
        game = make(small_config(named), shape, device=CPU, precision="float32")
        images = torch.rand(4, channels, resolution, resolution) * 2 - 1
        labels = torch.arange(4) % max(classes, 1)
        step = game.step(lambda _, given=RealBatch(images, labels): given)
        assert step.fake.shape == images.shape
        assert step.fake.abs().max() <= 1
        assert all(value.isfinite() and value.shape == () for value in step.observed)
        assert game.encoder(images, labels).mean.shape == (4, 4)


@pytest.mark.parametrize("values", [VAE, VAE_GAN], ids=["vae", "vae-gan"])
def test_bfloat16_differs_by_rounding(values: Values) -> None:
    seen = [
        torch.stack([*small.step(real_images(small)).observed])
        for small in (small_game(values, precision=name) for name in ("float32", "bfloat16"))
    ]
    torch.testing.assert_close(*seen, rtol=0.3, atol=0.05)
    assert not torch.equal(*seen)


def test_the_encoder_has_the_critics_trunk_and_two_numbers_a_code() -> None:
    game = small_game({**VAE_GAN, "vae.encoder_norm": "none", "network.critic_norm": "none"})
    assert isinstance(game, VaeGan)
    of_critic, of_encoder = (
        sum(weight.numel() for weight in network.parameters())
        for network in (game.critic, game.encoder)
    )
    num_features = game.critic.head.weight.shape[1]
    assert of_encoder - of_critic == (num_features + 1) * (2 * 4 - 1)


@pytest.mark.parametrize("values", variational_games(), ids=name_of)
def test_a_continued_game_is_bit_identical(values: Values) -> None:
    whole = train(small_game(values), 6)
    half = train(small_game(values), 3)
    state = half.state()
    continued = small_game(values)
    continued.load_state(state)
    train(continued, 3)
    for name, value in whole.tensors().items():
        assert torch.equal(value, continued.tensors()[name]), name
    assert any(name.startswith("exp_avg of encoder") for name in whole.tensors())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {**VAE, "penalty.kind": "r1"},
            "penalty.kind is r1 and training.game is vae, which has no critic; set penalty.kind "
            "to none, or training.game to vae-gan",
        ),
        (
            {**VAE, "training.critic_steps": 2},
            "training.critic_steps is 2 and training.game is vae, which has no critic",
        ),
        (
            {**VAE, "terms.lecam.weight": 0.3},
            "terms.lecam.weight is 0.3 and training.game is vae, which has no critic",
        ),
        (
            {**VAE_GAN, "stability.jacobian": True},
            "stability.jacobian is true and training.game is vae-gan, whose field has a third "
            "network; set stability.jacobian to false",
        ),
    ],
)
def test_settings_that_do_not_fit_are_named(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        small_game(values)


def test_an_unbounded_generator_has_no_bernoulli_likelihood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lab.gan.networks.dcgan.DCGANGenerator.bounded", False)
    with pytest.raises(InputError, match=r"vae.likelihood is bernoulli and the generator of"):
        small_game(VAE)
    small_game(GAUSSIAN).step(real_images(small_game(GAUSSIAN)))


def test_a_critic_without_a_linear_head_makes_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    from lab.gan.networks.dcgan import DCGANCritic

    monkeypatch.setattr(
        DCGANCritic, "logits", lambda critic, features, labels: features.sum(1), False
    )
    with pytest.raises(InputError, match=r"training.game is vae, whose encoder is made of a"):
        small_game(VAE)
    assert SHAPE.channels == 1
