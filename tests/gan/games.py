"""Tiny games, their real images, and what a step shows of the batches it draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from lab.config import RunConfig, make_config
from lab.gan.game import Game
from lab.gan.games import game_class
from lab.gan.objectives import CriticBatch, CriticResult
from lab.gan.ranks import ALONE, Ranks
from lab.gan.rounds import ImageShape, RealBatch, RealSource
from lab.gan.texts import Texts, unit

SHAPE = ImageShape(resolution=32, channels=1, num_classes=3, text_size=8)
SMALL = {
    "network.architecture": "dcgan",
    "network.width": 1 / 16,
    "network.latent_size": 4,
    "training.batch_size": 4,
    "training.budget_images": 400,
    "training.ema_half_life_images": 40,
    "training.ema_rampup": 0.0,
    "stability.signal_every_steps": 4,
}


def small_config(values: dict[str, Any] | None = None) -> RunConfig:
    return make_config({}, {**SMALL, **(values or {})})


def small_game(
    values: dict[str, Any] | None = None,
    *,
    precision: str = "float32",
    ranks: Ranks = ALONE,
) -> Game:
    cpu = torch.device("cpu")
    config = small_config(values)
    game = game_class(config)(config, SHAPE, device=cpu, precision=precision, ranks=ranks)
    if config.network.has_texts:
        game.draws.texts = small_texts().on(cpu, game.draws.dtype)
    return game


def small_texts() -> Texts:
    """Seven captions of four images, and an encoder of images: means of their pixels."""
    vectors = unit(torch.randn(7, SHAPE.text_size, generator=torch.Generator().manual_seed(3)))

    def encode(images: Tensor) -> Tensor:
        return unit(images.flatten(1).view(len(images), SHAPE.text_size, -1).mean(dim=2) + 0.1)

    return Texts(vectors, torch.tensor([0, 1, 3, 4, 7]), encode)


def real_images(game: Game) -> RealSource:
    """Bright squares on noise, a batch of their own for every critic step."""

    def source(critic_step: int) -> RealBatch:
        draw = torch.Generator().manual_seed(1000 + critic_step)
        size = game.config.training.batch_size
        images = 0.2 * torch.rand(size, 1, 32, 32, generator=draw) - 1
        images[:, :, 8:24, 8:24] = 0.8
        labels = torch.randint(SHAPE.num_classes, (size,), generator=draw)
        if game.config.network.has_texts:
            labels = unit(torch.randn(size, SHAPE.text_size, generator=draw))
        return RealBatch(game.share.of(images), game.share.of(labels))

    return source


def train(game: Game, num_steps: int) -> Game:
    source = real_images(game)
    for _ in range(num_steps):
        game.step(source)
    return game


def weights_and_buffers(game: Game) -> dict[str, Tensor]:
    """A copy of every tensor of the players and the average."""
    return {
        f"{name}.{key}": value.clone()
        for name in (*game.players, "average")
        for key, value in getattr(game, name).state_dict().items()
    }


@dataclass
class Draws:
    """What the steps of one game were given."""

    latents: list[Tensor] = field(default_factory=list)
    classes: list[Tensor] = field(default_factory=list)
    critic_batches: list[CriticBatch] = field(default_factory=list)
    penalty_weights: list[float] = field(default_factory=list)
    critic_results: list[CriticResult] = field(default_factory=list)


def watched(game: Game) -> Draws:
    """Note every latent code and every critic batch from now on."""
    draws = Draws()

    def note(module: nn.Module, given: tuple[Any, ...]) -> None:
        z, labels = given
        draws.latents.append(z)
        if labels is not None:
            draws.classes.append(labels)

    game.generator.register_forward_pre_hook(note)
    objective = game.critic_objective

    class Watched(nn.Module):
        def forward(self, batch: CriticBatch, penalty_weight: float) -> CriticResult:
            draws.critic_batches.append(batch)
            draws.penalty_weights.append(penalty_weight)
            draws.critic_results.append(objective(batch, penalty_weight))
            return draws.critic_results[-1]

    game.critic_objective = Watched()  # type: ignore[assignment]
    return draws
