"""Correctness 2: five rounds in float64 on the device against the CPU, from the same draws."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu_parts.methods import Values, game_on, images_for, methods
from benchmarks.gpu_parts.setting import (
    Cases,
    Setting,
    batch_of,
    combinations,
    game_of,
    play,
    small_config,
)
from lab.gan.draws import Draws, Wanted
from lab.gan.game import Game

NUM_STEPS = 5
TOLERANCE = 1e-6
"""Of the largest difference in a tensor, over its largest value."""
CPU = torch.device("cpu")


class DrawnOnCpu(Draws):
    """The draws of a run on the CPU, moved to the device: a GPU's own generator differs."""

    def drawn(self, purpose: str, step: int, *wanted: Wanted) -> list[Tensor]:
        """As of `Draws`."""
        on_cpu = Draws(self.config, self.num_classes, CPU, self.dtype)
        return [tensor.to(self.device) for tensor in on_cpu.drawn(purpose, step, *wanted)]


def cases(setting: Setting) -> Cases:
    """Every method of the world-size tests, then every network x loss x penalty."""
    for name, values in methods(reduced=setting.reduced):
        yield name, partial(of_method, setting, values)
    for combination in combinations(setting):
        yield " ".join(combination), partial(of_combination, setting, combination)


def of_method(setting: Setting, values: Values) -> dict[str, Any]:
    """As `compared`."""
    games = []
    for device in (CPU, setting.device):
        game = with_draws_of_cpu(game_on(values, device, "float64"))
        source = images_for(game)
        for _ in range(NUM_STEPS):
            game.step(source)
        games.append(game)
    return compared(*games)


def of_combination(setting: Setting, combination: tuple[str, str, str]) -> dict[str, Any]:
    """As `compared`."""
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
        game = with_draws_of_cpu(game_of(config, device, "float64"))
        play(game, batch_of(config, device), NUM_STEPS)
        games.append(game)
    return compared(*games)


def with_draws_of_cpu(game: Game) -> Game:
    """The game, whose random numbers are those of a CPU from now on."""
    game.draws = DrawnOnCpu(game.config, game.shape.num_classes, game.device, torch.float64)
    return game


def compared(game: Game, other: Game) -> dict[str, Any]:
    """The largest relative difference of a tensor, which has it, and how many do."""
    apart = differences(game, other)
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
