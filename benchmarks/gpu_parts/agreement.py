"""Correctness 2: five rounds in float64 on the device against the CPU, from the same draws."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu_parts.setting import (
    Cases,
    Setting,
    batch_of,
    combinations,
    game_of,
    play,
    small_config,
)
from lab.gan.draws import Draws
from lab.gan.game import Game

NUM_STEPS = 5
TOLERANCE = 1e-6
"""Of the largest difference in a tensor, over its largest value."""
CPU = torch.device("cpu")


class DrawnOnCpu(Draws):
    """The draws of a run on the CPU, moved to the device: a GPU's own generator differs."""

    def latents(self, player: str, step: int, multiplier: int = 1) -> tuple[Tensor, Tensor | None]:
        z, labels = self._on_cpu.latents(player, step, multiplier)
        return z.to(self.device), None if labels is None else labels.to(self.device)

    def penalty(
        self, critic_step: int, image_size: torch.Size
    ) -> tuple[Tensor | None, Tensor | None]:
        mix, noise = self._on_cpu.penalty(critic_step, image_size)
        return (
            None if mix is None else mix.to(self.device),
            None if noise is None else noise.to(self.device),
        )

    @property
    def _on_cpu(self) -> Draws:
        return Draws(self.config, self.num_classes, CPU, self.dtype)


def cases(setting: Setting) -> Cases:
    """Every network x loss x penalty."""
    for combination in combinations(setting):
        yield " ".join(combination), partial(one, setting, combination)


def one(setting: Setting, combination: tuple[str, str, str]) -> dict[str, Any]:
    """The largest relative difference of a tensor of the game, which has it, and how many do."""
    architecture, loss, penalty = combination
    values = {
        "network.architecture": architecture,
        "network.width": 1 / 16 if setting.reduced else 1 / 8,
        "loss": loss,
        "penalty.kind": penalty,
        "training.batch_size": 4,
    }
    config = small_config(setting, values)
    games = []
    for device in (CPU, setting.device):
        game = game_of(config, device, "float64")
        game.draws = DrawnOnCpu(config, game.shape.num_classes, device, torch.float64)
        play(game, batch_of(config, device), NUM_STEPS)
        games.append(game)
    apart = differences(*games)
    name = max(apart, key=lambda one: (math.isnan(apart[one]), apart[one]))
    num_apart = sum(not value <= TOLERANCE for value in apart.values())  # NaN is apart, too
    return {
        "ok": num_apart == 0,
        "difference": apart[name],
        "tensor": name,
        "num_apart": num_apart,
        "num_tensors": len(apart),
    }


def differences(game: Game, other: Game) -> dict[str, float]:
    """Of each tensor of both games: max |a - b| / max |a|, by the tensor's name."""
    others = other.tensors()
    apart = {}
    for name, tensor in game.tensors().items():
        expected, came = tensor.double().cpu(), others[name].double().cpu()
        scale = max(float(expected.abs().max()), torch.finfo(torch.float64).tiny)
        apart[name] = float((expected - came).abs().max()) / scale
    return apart
