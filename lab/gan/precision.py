"""Measures which arithmetic is faster on a device: float32 or bfloat16 autocast."""

from __future__ import annotations

import time
from statistics import median

import torch

from lab.config import RunConfig
from lab.gan.game import Game
from lab.gan.games import game_class
from lab.gan.rounds import ImageShape, RealBatch

NUM_ROUNDS = 5
"""Most of them play recordings, where updates are recorded."""
WORTH_IT = 1.15
"""Least speed-up for which bfloat16 is used: it costs precision, and timings are noisy."""


def faster_precision(config: RunConfig, shape: ImageShape, device: torch.device) -> str:
    """`float32` or `bfloat16`, by timing a few rounds of the game in each, in turn."""
    make_game = game_class(config)
    games = {
        name: make_game(config, shape, device=device, precision=name)
        for name in ("float32", "bfloat16")
    }
    for game in games.values():
        game.record_where_possible()
    size = config.training.batch_size
    pixels = torch.zeros(size, shape.channels, shape.resolution, shape.resolution, device=device)
    batch = RealBatch(
        pixels.to(memory_format=torch.channels_last),
        torch.zeros(size, dtype=torch.long, device=device),
    )
    seconds: dict[str, list[float]] = {name: [] for name in games}
    for _ in range(NUM_ROUNDS + 1):
        for name, game in games.items():
            seconds[name].append(_time_round(game, batch))
    float32, bfloat16 = (median(seconds[name][1:]) for name in ("float32", "bfloat16"))
    return "bfloat16" if float32 > WORTH_IT * bfloat16 else "float32"


def _time_round(game: Game, batch: RealBatch) -> float:
    start = time.perf_counter()
    game.step(lambda critic_step: batch)
    if game.device.type == "cuda":
        torch.cuda.synchronize(game.device)
    return time.perf_counter() - start
