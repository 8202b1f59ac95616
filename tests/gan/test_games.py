"""Games by name, lookahead and optimistic descent: what each updates, and that it continues."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from lab.config import GameName, PlayerOptimizer, choices
from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.games import game_class
from lab.gan.games.joint import trained
from lab.gan.games.unrolled import CriticAhead
from lab.gan.optimizers import player_optimizer
from tests.gan.games import real_images, small_config, small_game, train, weights_and_buffers

SGD = {
    "optimizer.generator.kind": "sgd",
    "optimizer.critic.kind": "sgd",
    "optimizer.generator.lr": 0.05,
    "optimizer.critic.lr": 0.02,
}
SHORT = {"training.unrolled_steps": 2, "penalty.consensus_weight": 0.1}
METHODS: tuple[dict[str, Any], ...] = (
    *({"training.game": name} for name in choices(GameName)),
    {"training.game": "consensus", "loss": "relativistic", "penalty.kind": "r1-r2"},
    {"training.game": "unrolled", "network.conditional": True, "penalty.kind": "wgan-gp"},
    {"optimizer.lookahead.steps": 2, "training.accumulate": 2},
    {"optimizer.critic.kind": "optimistic-adam", "optimizer.generator.kind": "optimistic-sgd"},
)


def named(values: dict[str, Any]) -> str:
    return "-".join(map(str, values.values()))


@pytest.mark.parametrize("values", METHODS, ids=named)
def test_each_trains_to_finite_losses_in_bfloat16(values: dict[str, Any]) -> None:
    values = values | SHORT
    game = small_game(values, precision="bfloat16")
    before = weights_and_buffers(game)
    observed = [torch.stack(game.step(real_images(game)).observed) for _ in range(2)]
    assert torch.stack(observed).isfinite().all()
    for player in game.players:
        for name, weight in trained(getattr(game, player)).items():
            assert not torch.equal(weight, before[f"{player}.{name}"]) or "bias" in name, name


@pytest.mark.parametrize("values", METHODS, ids=named)
def test_a_stored_game_continues_bit_for_bit(values: dict[str, Any]) -> None:
    values = values | SHORT
    undisturbed = train(small_game(values), 4)
    stored = copy.deepcopy(train(small_game(values), 2).state())
    resumed = small_game(values)
    resumed.load_state(stored)
    train(resumed, 2)
    expected = undisturbed.tensors()
    assert resumed.tensors().keys() == expected.keys()
    for name, value in resumed.tensors().items():
        assert torch.equal(value, expected[name]), name


def gradients(game: Game) -> dict[str, list[Tensor]]:
    """Of both players where they stand, on the first batch."""
    real = game._real(real_images(game)(0))
    game.critic.update_spectral_vectors()
    game._free_critic(True)
    game._critic_gradients(0, real)
    game._free_critic(False)
    game._generator_gradients(0, real)
    return {
        player: [w.grad.clone() for w in getattr(game, player).parameters() if w.grad is not None]
        for player in ("generator", "critic")
    }


def moved_by(game: Game, before: dict[str, Tensor], player: str) -> list[Tensor]:
    named_weights = getattr(game, player).named_parameters()
    return [w.detach() - before[f"{player}.{name}"] for name, w in named_weights]


def test_simultaneous_updates_are_of_one_point() -> None:
    game = small_game({**SGD, "training.game": "simultaneous"}, precision="float64")
    before = weights_and_buffers(game)
    field = gradients(small_game(SGD, precision="float64"))
    train(game, 1)
    for player, rate in (("generator", 0.05), ("critic", 0.02)):
        moves = [move for move in moved_by(game, before, player) if move.any()]
        wanted = [-rate * gradient for gradient in field[player] if gradient.any()]
        for move, want in zip(moves, wanted, strict=True):
            torch.testing.assert_close(move, want, rtol=1e-9, atol=1e-14)


def test_extragradient_is_a_step_from_here_with_the_gradient_one_step_ahead() -> None:
    values = {**SGD, "network.critic_norm": "none"}
    game = small_game({**values, "training.game": "extragradient"}, precision="float64")
    before = weights_and_buffers(game)
    train(game, 1)
    ahead = small_game({**values, "training.game": "simultaneous"}, precision="float64")
    train(ahead, 1)
    field = gradients(ahead)
    for player, rate in (("generator", 0.05), ("critic", 0.02)):
        moves = [move for move in moved_by(game, before, player) if move.any()]
        wanted = [-rate * gradient for gradient in field[player] if gradient.any()]
        for move, want in zip(moves, wanted, strict=True):
            torch.testing.assert_close(move, want, rtol=1e-9, atol=1e-14)


def test_consensus_adds_the_gradient_of_half_the_squared_joint_gradient() -> None:
    """Along a random direction, by central differences too short to cross a ReLU's corner."""
    values = {**SGD, "training.game": "consensus", "loss": "relativistic", "penalty.kind": "r1"}
    weightless = {**values, "penalty.consensus_weight": 0.0}

    def field(shift: float, direction: list[Tensor], values: dict[str, Any]) -> Tensor:
        game = small_game(values, precision="float64")
        weights = [*game.critic.parameters(), *game.generator.parameters()]
        with torch.no_grad():
            for weight, part in zip(weights, direction, strict=True):
                weight.add_(shift * part)
        game._gradients(0, game._real(real_images(game)(0)))  # type: ignore[attr-defined]
        parts = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
        return torch.cat([part.flatten() for part in parts])

    game = small_game(values, precision="float64")
    draw = torch.Generator().manual_seed(1)
    weights = [*game.critic.parameters(), *game.generator.parameters()]
    direction = [
        torch.randn(w.shape, generator=draw, dtype=torch.float64) * w.requires_grad
        for w in weights
    ]
    reach = 1e-8
    energy = [
        0.5 * field(sign * reach, direction, weightless).square().sum() for sign in (1.0, -1.0)
    ]
    slope = (energy[0] - energy[1]) / (2 * reach)
    pull = field(0.0, direction, values) - field(0.0, direction, weightless)
    along = (pull / 10.0) @ torch.cat([part.flatten() for part in direction])
    torch.testing.assert_close(along, slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_the_critic_ahead_follows_the_optimizer_itself(kind: str) -> None:
    values = {"optimizer.critic.kind": kind, "optimizer.critic.momentum": 0.5}
    game = train(small_game({**values, "training.game": "unrolled"}, precision="float64"), 2)
    critic = list(game.critic.parameters())
    critic = [weight for weight in critic if game.critic_optimizer.state[weight]]
    ahead = CriticAhead(game.critic_optimizer, critic, game.config.optimizer.critic)
    for index in range(3):
        for weight in critic:
            weight.grad = torch.full_like(weight, 0.1 * (index + 1))
        ahead.step([weight.grad.clone() for weight in critic if weight.grad is not None])
        game.critic_optimizer.step()
        for mine, theirs in zip(ahead.weights, critic, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-14)


def test_the_unrolled_gradient_is_the_whole_derivative() -> None:
    """Of the generator's loss against the critic two steps on, by central differences."""
    values = {**SGD, "training.game": "unrolled", "training.unrolled_steps": 2}
    values |= {"network.critic_norm": "layer", "penalty.kind": "r1-r2", "penalty.weight": 0.5}
    losses, reach = [], 1e-8
    for sign in (1.0, -1.0, 0.0):
        game = small_game(values, precision="float64")
        real = game._real(real_images(game)(0))
        game._free_critic(False)
        weights = list(trained(game.generator).values())
        draw = torch.Generator().manual_seed(1)
        direction = [torch.randn(w.shape, generator=draw, dtype=w.dtype) for w in weights]
        with torch.no_grad():
            for weight, part in zip(weights, direction, strict=True):
                weight.add_(sign * reach * part)
        loss, _, _ = game._generator_gradients(0, real)
        losses.append(loss)
    slope = (losses[0] - losses[1]) / (2 * reach)
    along = sum(
        (w.grad * part).sum()
        for w, part in zip(weights, direction, strict=True)
        if w.grad is not None
    )
    torch.testing.assert_close(torch.as_tensor(along), slope, rtol=1e-4, atol=1e-6)


def test_lookahead_is_the_algorithm_written_out() -> None:
    values = {"optimizer.lookahead.steps": 3, "optimizer.lookahead.alpha": 0.3}
    game, plain = small_game(values), small_game()
    source = real_images(game)
    fast = [*plain.generator.parameters(), *plain.critic.parameters()]
    slow = [weight.detach().clone() for weight in fast]
    for step in range(1, 8):
        game.step(source)
        plain.step(source)
        if step % 3 == 0:
            with torch.no_grad():
                for kept, weight in zip(slow, fast, strict=True):
                    kept += 0.3 * (weight - kept)
                    weight.copy_(kept)
        players = [*game.generator.parameters(), *game.critic.parameters()]
        for mine, written in zip(players, fast, strict=True):
            torch.testing.assert_close(mine, written, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["optimistic-sgd", "optimistic-adam"])
def test_optimistic_descent_takes_twice_the_direction_less_the_last(kind: str) -> None:
    settings = PlayerOptimizer(kind=kind, lr=0.1, beta1=0.5, beta2=0.9)
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer = player_optimizer([weight], settings)
    expected, mean, square = weight.detach().clone(), 0.0, 0.0
    previous = torch.zeros(2, dtype=torch.float64)
    for step in range(1, 6):
        gradient = torch.tensor([1.0, 0.3], dtype=torch.float64) * step**0.5 - 1.2
        weight.grad = gradient.clone()
        optimizer.step()
        direction = gradient
        if kind == "optimistic-adam":
            mean = 0.5 * mean + 0.5 * gradient
            square = 0.9 * square + 0.1 * gradient**2
            divisor = (square / (1 - 0.9**step)).sqrt() + settings.epsilon
            direction = mean / (1 - 0.5**step) / divisor
        expected = expected - 0.1 * (2 * direction - previous)
        previous = direction
        torch.testing.assert_close(weight.detach(), expected, rtol=1e-12, atol=1e-14)


def test_rates_and_limits_reach_every_game() -> None:
    for name in choices(GameName):
        values = {"training.game": name, "optimizer.schedule": "linear"}
        values |= {"optimizer.generator.max_grad_norm": 1e-12, "optimizer.generator.kind": "sgd"}
        game = small_game(values)
        before = weights_and_buffers(game)
        train(game, 2)
        assert game.generator_optimizer.param_groups[0]["lr"] < 2e-4
        moves = moved_by(game, before, "generator")
        assert max(float(move.abs().max()) for move in moves) < 1e-7, name


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"training.game": "extragradient", "training.critic_steps": 2},
            "set training.critic_steps to 1",
        ),
        ({"training.game": "consensus", "training.accumulate": 2}, "set training.accumulate to 1"),
        (
            {"training.game": "unrolled", "training.generator_batch_multiplier": 2},
            "set training.generator_batch_multiplier to 1",
        ),
        ({"training.game": "consensus", "terms.lecam.weight": 0.3}, "terms.lecam.weight"),
        ({"training.game": "unrolled", "optimizer.critic.kind": "rmsprop"}, "adam and sgd"),
    ],
)
def test_settings_that_do_not_fit_are_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as mistake:
        small_game(values)
    assert f"training.game is '{values['training.game']}'" in str(mistake.value)


def test_an_unknown_game_is_named_with_those_there_are() -> None:
    with pytest.raises(InputError, match="alternating, simultaneous, extragradient"):
        small_config({"training.game": "no-such"})


def test_the_game_of_a_configuration_is_a_class() -> None:
    assert game_class(small_config()) is Game
