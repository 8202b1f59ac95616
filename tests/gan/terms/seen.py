"""What a term sees, of numbers that a test makes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from lab.gan.game import Game
from lab.gan.losses import loss_of
from lab.gan.terms import CriticSeen, GeneratorSeen, Term
from tests.gan.games import small_game

LOGITS = torch.tensor([1.5, -0.5, 0.25, 2.0], dtype=torch.float64)
OTHER_LOGITS = torch.tensor([-1.0, 0.75, 0.5, -2.0], dtype=torch.float64)
SIZE = len(LOGITS)


def term_game(values: dict[str, Any] | None = None, **options: Any) -> Game:
    return small_game({"training.batch_size": SIZE, **(values or {})}, precision="float64")


def the_term(game: Game) -> Any:
    (term,) = game.terms.values()
    assert isinstance(term, Term)
    return term


def now(**values: float) -> SimpleNamespace:
    return SimpleNamespace(**{"weight": 1.0, "step": 0, **values})


def images(game: Game, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(SIZE, 1, 32, 32, generator=rng, dtype=torch.float64) * 2 - 1


def critic_seen(game: Game, **values: Any) -> CriticSeen:
    given: dict[str, Any] = {
        "critic": game.critic,
        "generator": game.generator,
        "loss": loss_of(game.config),
        "real": images(game, 1),
        "fake": images(game, 2),
        "real_labels": None,
        "fake_labels": None,
        "real_logits": LOGITS,
        "fake_logits": OTHER_LOGITS,
        "z": None,
        "draw": game.draws.of_pass("critic", 0, slice(0, SIZE)),
    }
    return CriticSeen(**{**given, **values})


def generator_seen(game: Game, **values: Any) -> GeneratorSeen:
    z, labels = game.draws.latents("generator", 0)
    codes, classes = z.flatten(0, 1), None if labels is None else labels.flatten(0, 1)
    given: dict[str, Any] = {
        "critic": game.critic,
        "generator": game.generator,
        "fake": game.generator(codes, classes),
        "labels": classes,
        "logits": LOGITS,
        "z": codes,
        "real": images(game, 1),
        "real_labels": classes,
        "draw": game.draws.of_pass("generator", 0, slice(0, SIZE)),
        "losses": loss_of(game.config).generator(OTHER_LOGITS, LOGITS),
    }
    return GeneratorSeen(**{**given, **values})
