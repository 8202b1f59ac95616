"""On demand, at an evaluation: eigenvalues of the game's Jacobian, and G's condition."""

from __future__ import annotations

import math
from functools import partial

import torch

from lab.gan.field import Field
from lab.gan.game import Game
from lab.gan.rounds import RealBatch
from lab.randomness import counted_generator
from lab.record import SIGNAL_PREFIX
from lab.stability.jacobian import game_spectrum, generator_condition, require_small

NUM_CODES = 16
"""Codes that the generator's condition is averaged over."""


def require_small_game(game: Game) -> None:
    """Raise InputError when the Jacobian is asked for and the networks are too large for it."""
    if game.config.stability.jacobian:
        networks = game.generator, game.critic
        require_small(sum(w.numel() for network in networks for w in network.parameters()))


def curvature(game: Game, real: RealBatch) -> dict[str, float]:
    """Columns of the evaluation row; `real` is a whole batch. Changes nothing of the game.

    A column is left out where its number cannot be had: weights that are not finite, or an
    iteration that did not settle.
    """
    field = Field(game, real)
    weights = [*field.generator, *field.critic]
    if not all(bool(weight.isfinite().all()) for weight in weights):
        return {}
    rng = counted_generator(game.config.seed, "Arnoldi's start", game.num_steps_done)
    start = torch.randn(sum(weight.numel() for weight in weights), generator=rng)
    spectrum = game_spectrum(field.losses, field.generator, field.critic, start)
    columns = {f"jacobian_{name}": value for name, value in spectrum._asdict().items()}
    columns["generator_condition"] = _condition(game)
    return {SIGNAL_PREFIX + name: value for name, value in columns.items() if math.isfinite(value)}


def _condition(game: Game) -> float:
    """Of the averaged generator, each code with a class of its own if conditional."""
    average = game.average
    weight = next(average.parameters())
    rng = counted_generator(game.config.seed, "condition", 0)
    codes = torch.randn(NUM_CODES, average.latent_size, generator=rng).to(weight)
    if not average.conditional:
        return generator_condition(average, codes)
    logs = []
    for i, code in enumerate(codes):
        labels = torch.full((len(code),), i % game.shape.num_classes, device=code.device)
        logs.append(math.log(generator_condition(partial(average, labels=labels), code[None])))
    return math.exp(sum(logs) / len(logs))
