"""Correctness 1: every network x loss x penalty plays a round in each arithmetic."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from benchmarks.gpu_parts.setting import (
    Cases,
    Setting,
    batch_of,
    combinations,
    game_of,
    play,
    settle,
    small_config,
)
from lab.gan.game import Game

MODES = ("float32", "bfloat16", "deterministic")


def cases(setting: Setting) -> Cases:
    """Every combination in float32, in bfloat16, and twice with deterministic algorithms."""
    for combination in combinations(setting):
        for mode in MODES:
            yield f"{' '.join(combination)} {mode}", partial(one, setting, combination, mode)


def one(setting: Setting, combination: tuple[str, str, str], mode: str) -> dict[str, Any]:
    """A round: all finite, weights moved; deterministic: a second game has the same bits."""
    architecture, loss, penalty = combination
    values = {
        "network.architecture": architecture,
        "loss": loss,
        "penalty.kind": penalty,
        "training.deterministic": mode == "deterministic",
    }
    config = small_config(setting, values)
    settle(config, setting.device)
    precision = "bfloat16" if mode == "bfloat16" else "float32"
    num_games = 2 if config.training.deterministic else 1
    games = [game_of(config, setting.device, precision) for _ in range(num_games)]
    batch = batch_of(config, setting.device)
    before = next(games[0].generator.parameters()).detach().clone()
    observed = [play(game, batch) for game in games]
    figures = {
        "finite": bool(torch.stack(observed[0]).isfinite().all()) and _all_finite(games[0]),
        "moved": not torch.equal(before, next(games[0].generator.parameters())),
    }
    if num_games == 2:
        figures["same_bits"] = _same_bits(*games)
    return {"ok": all(figures.values()), **figures}


def _all_finite(game: Game) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in game.tensors().values())


def _same_bits(game: Game, other: Game) -> bool:
    pairs = zip(game.tensors().values(), other.tensors().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)
