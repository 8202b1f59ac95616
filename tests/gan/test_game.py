"""The two updates: who moves, by how much, at what rates, and what continues them."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
import torch

from lab.config import CriticNorm, LossName, PenaltyKind, choices
from lab.gan.game import Game, _over_critic_steps
from lab.gan.networks.spectral import orthonormal_departure
from lab.gan.passes import critic_passes, generator_passes
from tests.gan.games import (
    real_images,
    small_config,
    small_game,
    train,
    watched,
    weights_and_buffers,
)

CPU = torch.device("cpu")


def test_a_step_moves_both_players_and_the_clock() -> None:
    game = small_game({"training.critic_steps": 3, "loss": "minimax"})
    before = weights_and_buffers(game)

    step = game.step(real_images(game))

    after = weights_and_buffers(game)
    trained = [name for name, _ in game.generator.named_parameters(prefix="generator")]
    trained += [name for name, _ in game.critic.named_parameters(prefix="critic")]
    assert [name for name in trained if torch.equal(before[name], after[name])] == []
    assert (game.num_steps_done, game.images_seen) == (1, 12)
    assert all(value.shape == () and value.isfinite() for value in step.observed)
    assert not any(value.requires_grad for value in (*step.observed, step.real, step.fake))


def test_what_is_observed_is_the_mean_of_the_critic_steps_and_the_gradients() -> None:
    game = small_game({"training.critic_steps": 2})
    draws = watched(game)
    observed = game.step(real_images(game)).observed

    rounds = draws.critic_results[-2:]
    assert observed.critic_loss == torch.stack([it.loss for it in rounds]).mean()
    assert observed.logit_real == torch.stack([it.real.mean() for it in rounds]).mean()
    assert observed.logit_fake == torch.stack([it.fake.mean() for it in rounds]).mean()
    shares = [(it.real > it.fake).float().mean() for it in rounds]
    assert observed.critic_accuracy == torch.stack(shares).mean()

    game = small_game({"training.critic_steps": 1})
    observed = game.step(real_images(game)).observed
    for norm, player in (
        (observed.critic_grad_norm, game.critic),
        (observed.generator_grad_norm, game.generator),
    ):
        squares = [float(weight.grad.square().sum()) for weight in player.parameters()]
        assert float(norm) == pytest.approx(sum(squares) ** 0.5, rel=1e-5)


def test_accuracy_is_one_when_every_real_image_ranks_above_its_fake() -> None:
    game = train(small_game({"optimizer.critic.lr": 0.01, "optimizer.generator.lr": 1e-6}), 10)
    observed = game.step(real_images(game)).observed

    assert observed.critic_accuracy == 1.0
    assert observed.logit_real > observed.logit_fake


def test_the_power_iteration_moves_once_a_critic_step() -> None:
    game = small_game({"training.critic_steps": 3})
    calls = []
    update = game.critic.update_spectral_vectors
    game.critic.update_spectral_vectors = lambda: calls.append(update())  # type: ignore[method-assign]
    game.step(real_images(game))

    assert len(calls) == 3


def test_spectral_norm_follows_weights_that_move_fast() -> None:
    game = train(small_game({"optimizer.critic.lr": 0.02}), 20)

    for layer in game.critic.layers():
        top = torch.linalg.matrix_norm(layer.effective_weight().detach().flatten(1), 2)
        assert float(top) == pytest.approx(1.0, abs=0.2)


def test_a_new_game_is_a_function_of_its_seed() -> None:
    one, same, other = (weights_and_buffers(small_game({"seed": seed})) for seed in (1, 1, 2))

    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["generator.dense.weight"], other["generator.dense.weight"])


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_the_generators_step_leaves_no_gradient_on_the_critic(loss: str) -> None:
    game = small_game({"loss": loss})
    at_critic: list[list[torch.Tensor]] = []
    optimizer_step = game.critic_optimizer.step
    weights = [weight for weight in game.critic.parameters() if weight.requires_grad]

    def noted() -> Any:
        at_critic.append([weight.grad.clone() for weight in weights])
        assert all(weight.grad is None for weight in game.generator.parameters())
        return optimizer_step()

    game.critic_optimizer.step = noted  # type: ignore[method-assign, assignment]
    game.step(real_images(game))

    after_the_round = [weight.grad for weight in weights]
    assert len(at_critic) == 1
    for own, left in zip(at_critic[0], after_the_round, strict=True):
        assert left is not None
        assert torch.equal(own, left)
    assert all(weight.grad is not None for weight in game.generator.parameters())


def test_the_critics_step_makes_its_fakes_without_a_graph() -> None:
    game = small_game()
    draws = watched(game)
    game.step(real_images(game))

    assert draws.critic_batches[0].fake.grad_fn is None
    assert not draws.critic_batches[0].fake.requires_grad


@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("loss", choices(LossName))
def test_every_loss_trains_in_every_precision(
    loss: str, conditional: bool, precision: str
) -> None:
    values = {"loss": loss, "network.conditional": conditional, "penalty.kind": "r1"}
    game = train(small_game(values, precision=precision), 2)

    assert all(value.isfinite().all() for value in weights_and_buffers(game).values())
    wanted = torch.float64 if precision == "float64" else torch.float32
    assert {weight.dtype for weight in game.critic.parameters()} == {wanted}


@pytest.mark.parametrize("kind", choices(PenaltyKind))
@pytest.mark.parametrize("norm", choices(CriticNorm))
def test_every_penalty_trains_with_every_norm(kind: str, norm: str) -> None:
    game = train(small_game({"penalty.kind": kind, "network.critic_norm": norm}), 2)

    assert all(value.isfinite().all() for value in weights_and_buffers(game).values())


def test_a_conditional_game_hears_the_labels() -> None:
    game = small_game({"network.conditional": True})
    draws = watched(game)
    game.step(real_images(game))

    batch = draws.critic_batches[0]
    assert batch.real_labels is not None
    assert batch.fake_labels is not None
    assert torch.equal(batch.real_labels, real_images(game)(0).labels)
    assert set(torch.cat(draws.classes).tolist()) <= {0, 1, 2}


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_the_generators_batch_is_a_multiple(loss: str) -> None:
    game = small_game({"training.generator_batch_multiplier": 3, "loss": loss})
    draws = watched(game)
    step = game.step(real_images(game))

    assert [len(z) for z in draws.latents] == [4, 12]
    assert (len(step.real), len(step.fake)) == (4, 12)


def test_noise_differs_between_steps_and_between_players() -> None:
    game = small_game({"training.critic_steps": 2})
    draws = watched(game)
    train(game, 2)

    codes = {tuple(z.flatten().tolist()) for z in draws.latents}
    assert len(codes) == len(draws.latents) == 6


@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_lazy_penalty_costs_the_same_on_average(every: int) -> None:
    values = {"penalty.kind": "r1", "penalty.weight": 0.75, "penalty.every_steps": every}
    game = small_game({**values, "training.critic_steps": 2})
    draws = watched(game)
    train(game, 5)

    weights = draws.penalty_weights
    assert weights == [0.75 * every if i % every == 0 else 0.0 for i in range(10)]
    assert sum(weights) / len(weights) == pytest.approx(0.75)
    drawn = [batch.mix is not None for batch in draws.critic_batches]
    assert drawn == [weight > 0 for weight in weights]


def test_clipping_bounds_every_weight_of_the_critic_alone() -> None:
    values = {"penalty.clip": 0.01, "network.critic_norm": "none", "loss": "wasserstein"}
    game = train(small_game(values), 1)

    bound = torch.tensor(0.01)
    assert max(weight.abs().max() for weight in game.critic.parameters()) == bound
    assert max(weight.abs().max() for weight in game.generator.parameters()) > bound


def test_a_linear_schedule_ends_one_step_above_zero() -> None:
    game = small_game({"optimizer.schedule": "linear", "training.budget_images": 16})
    rates = []
    for _ in range(4):
        game.step(real_images(game))
        rates.append([game.generator_optimizer.param_groups[0]["lr"]])
        rates[-1].append(game.critic_optimizer.param_groups[0]["lr"])

    assert rates == [pytest.approx([2e-4 * left] * 2) for left in (1.0, 0.75, 0.5, 0.25)]


def test_each_player_has_its_own_adam() -> None:
    values = {
        f"optimizer.{player}.{name}": value
        for player, name, value in [
            ("generator", "lr", 0.1),
            ("generator", "beta1", 0.2),
            ("generator", "beta2", 0.3),
            ("critic", "lr", 0.4),
            ("critic", "beta1", 0.5),
            ("critic", "beta2", 0.6),
        ]
    }
    game = small_game(values)

    groups = [game.generator_optimizer.param_groups[0], game.critic_optimizer.param_groups[0]]
    assert [(group["lr"], group["betas"]) for group in groups] == [
        (0.1, (0.2, 0.3)),
        (0.4, (0.5, 0.6)),
    ]


def test_one_pass_over_real_and_fake_equals_two() -> None:
    for norm in ("spectral", "layer", "none"):
        values = {"network.critic_norm": norm, "network.conditional": True}
        game = small_game(values, precision="float64")
        draws = watched(game)
        game.step(real_images(game))
        batch = draws.critic_batches[0]

        found = []
        objective = small_game(values, precision="float64").critic_objective
        for joint in (True, False):
            objective.joint = joint
            objective.zero_grad()
            result = objective(batch, 0.0)
            result.loss.backward()
            grads = [weight.grad for weight in objective.critic.parameters()]
            found.append([result.loss.detach(), result.real, result.fake, *grads])
        torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-14)


def test_only_batch_norm_keeps_real_and_fake_apart() -> None:
    joint = {
        norm: small_game({"network.critic_norm": norm}).critic_objective.joint
        for norm in choices(CriticNorm)
    }

    assert joint == {norm: norm != "batch" for norm in choices(CriticNorm)}


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return dict(torch.load(file, weights_only=True))


@pytest.mark.parametrize(
    "values",
    [
        {"penalty.kind": "dragan", "penalty.every_steps": 2, "network.conditional": True},
        {"network.critic_norm": "batch", "optimizer.schedule": "linear"},
        {"loss": "relativistic", "training.generator_batch_multiplier": 2},
    ],
)
def test_a_game_continues_bit_for_bit_from_its_stored_state(values: dict[str, Any]) -> None:
    whole = train(small_game(values), 5)
    half = through_a_file(train(small_game(values), 3).state())

    continued = small_game(values)
    continued.load_state(half)
    assert continued.num_steps_done == 3
    train(continued, 2)

    expected = weights_and_buffers(whole)
    for name, value in weights_and_buffers(continued).items():
        assert torch.equal(value, expected[name]), name


def test_the_state_of_another_architecture_is_refused() -> None:
    state = small_game().state()

    with pytest.raises(RuntimeError):
        small_game({"network.architecture": "sngan-cnn"}).load_state(state)
    with pytest.raises(KeyError):
        small_game().load_state({})


def test_weights_are_channels_last_and_stay_so_through_a_state() -> None:
    game = train(small_game({"network.width": 0.25}), 1)
    game.load_state(through_a_file(game.state()))

    for weight in (w for w in game.critic.parameters() if w.dim() == 4):
        assert weight.is_contiguous(memory_format=torch.channels_last)


def test_each_resolution_and_colour_plays() -> None:
    from lab.gan.rounds import ImageShape, RealBatch

    for resolution, channels in ((28, 1), (64, 3)):
        shape = ImageShape(resolution, channels, 0)
        game = Game(small_config(), shape, device=CPU, precision="float32")
        images = torch.rand(4, channels, resolution, resolution)
        step = game.step(lambda _, images=images: RealBatch(images, torch.zeros(4).long()))
        assert step.fake.shape == images.shape


def test_orthonormal_critics_pay_for_their_departure_and_approach_orthonormality() -> None:
    def departure(weight: float) -> float:
        values = {
            "network.critic_norm": "orthonormal",
            "penalty.orthonormal_weight": weight,
            "optimizer.critic.lr": 0.01,
        }
        game = train(small_game(values), 30)
        return orthonormal_departure(game.critic.layers()).item()

    assert departure(1.0) < 0.1 * departure(0.0)


def test_every_critic_step_of_a_round_is_observed() -> None:
    seen = torch.tensor([[1.0, 0.0, 0.0, 0.5], [3.0, 2.0, 0.0, 1.0]])
    mean, norm = _over_critic_steps([(seen[0], torch.tensor(9.0)), (seen[1], torch.tensor(2.0))])
    assert mean.tolist() == [2.0, 1.0, 0.0, 0.75]
    assert norm == 9.0
    bad, _ = _over_critic_steps([(seen[0] * math.nan, norm), (seen[1], norm)])
    assert not bad.isfinite().any()


@pytest.mark.parametrize("multiplier", [1, 2])
def test_a_loss_of_pairs_compares_images_of_one_class(multiplier: int) -> None:
    values = {"network.conditional": True, "loss": "relativistic"}
    game = small_game({**values, "training.generator_batch_multiplier": multiplier})
    real = real_images(game)(0)
    (of_critic,) = critic_passes(game.draws, game.share, 0, real)
    (of_generator,) = generator_passes(game.draws, game.share, 0, real, needs_real=True)
    for given in (of_critic, of_generator):
        assert given.labels is not None
        assert given.real_labels is not None
        assert torch.equal(given.labels, given.real_labels)


def test_classes_are_drawn_in_the_shares_of_the_data() -> None:
    size = {"training.batch_size": 3000, "training.budget_images": 3000}
    game = small_game({"network.conditional": True, **size})
    game.draws.class_counts = (20, 0, 10)
    _, labels = game.draws.latents("critic", 0)
    assert labels is not None
    counts = torch.bincount(labels.flatten(), minlength=3)
    assert counts.sum() == 3000
    assert counts[1] == 0
    assert abs(int(counts[0]) - 2000) < 5 * (3000 * 2 / 9) ** 0.5
