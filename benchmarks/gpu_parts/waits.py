"""No host synchronisation inside a step: torch raises where the host would wait for the GPU.

torch.cuda.set_sync_debug_mode covers most of the operations that wait, not all; the part
`time_spent` shows what is left. On a CPU the rounds are played, and nothing can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from benchmarks.gpu_parts.setting import (
    ARCHITECTURES,
    SHAPE,
    Cases,
    Setting,
    batch_of,
    game_of,
    settle,
    small_config,
)
from lab.data import Split
from lab.gan.rounds import RealBatch
from lab.run.probe import Probe
from lab.stability.signals import SignalWindow

NUM_WARM_UP, NUM_STEPS = 2, 3
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bfloat16": {"training.precision": "bfloat16"},
    "deterministic": {"training.deterministic": True},
    "r1-r2": {"penalty.kind": "r1-r2"},
    "wgan-gp, weight norm, clipped": {
        "loss": "wasserstein",
        "penalty.kind": "wgan-gp",
        "penalty.clip": 0.1,
        "network.critic_norm": "weight",
    },
    "dragan, batch norm, accumulated": {
        "penalty.kind": "dragan",
        "network.critic_norm": "batch",
        "training.accumulate": 2,
    },
    "relativistic, conditional, two fakes an image": {
        "loss": "relativistic",
        "network.conditional": True,
        "training.generator_batch_multiplier": 2,
    },
    "orthonormal, decaying rates": {
        "network.critic_norm": "orthonormal",
        "optimizer.schedule": "linear",
    },
}


def cases(setting: Setting) -> Cases:
    """Rounds of every network in every variant, then rounds as a run plays them."""
    for architecture in ARCHITECTURES[-1:] if setting.reduced else ARCHITECTURES:
        for name, values in VARIANTS.items():
            values = {"network.architecture": architecture, **values}
            yield f"{architecture}, {name}", partial(rounds, setting, values)
    yield "images from a split on the device", partial(fed, setting)
    yield "rounds with signals", partial(probed, setting)


@contextmanager
def waiting_raises(setting: Setting) -> Iterator[None]:
    """On a GPU, an operation that makes the host wait raises a RuntimeError in here."""
    if setting.device.type != "cuda":
        yield
        return
    torch.cuda.synchronize(setting.device)
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def rounds(setting: Setting, values: dict[str, Any]) -> dict[str, Any]:
    """`Game.step` on a batch that is on the device."""
    config = small_config(setting, values)
    settle(config, setting.device)
    precision = config.training.precision
    game = game_of(config, setting.device, "float32" if precision == "auto" else precision)
    batch = batch_of(config, setting.device)
    for _ in range(NUM_WARM_UP):
        game.step(lambda critic_step: batch)
    with waiting_raises(setting):
        for _ in range(NUM_STEPS):
            game.step(lambda critic_step: batch)
    return _checked(setting)


def fed(setting: Setting) -> dict[str, Any]:
    """A batch drawn as lab.run.feed draws it, mirrored."""
    draw = torch.Generator().manual_seed(0)
    size = (256, SHAPE.resolution, SHAPE.resolution, SHAPE.channels)
    images = torch.randint(256, size, dtype=torch.uint8, generator=draw)
    split = Split(images, torch.arange(256) % SHAPE.num_classes).resident(setting.device)
    order, mirror = torch.randperm(256, generator=draw)[:8], torch.arange(8) % 2 == 0
    split.batch(order, setting.device, mirror)
    with waiting_raises(setting):
        split.batch(order, setting.device, mirror)
    return _checked(setting)


def probed(setting: Setting) -> dict[str, Any]:
    """What lab.run.loop does in a round: a probed one, the one after, and the window."""
    config = small_config(setting, {})
    settle(config, setting.device)
    game = game_of(config, setting.device, "float32")
    batch, probe, window = batch_of(config, setting.device), Probe(game), SignalWindow()

    def source(critic_step: int) -> RealBatch:
        return batch

    def two_rounds() -> None:
        for played in (probe.step(source, batch), probe.step_after(source)):
            window.add(game.images_seen, played.observed._asdict(), *played.sampled)

    two_rounds()
    with waiting_raises(setting):
        two_rounds()
    return {**_checked(setting), "num_signals": len(window.close())}


def _checked(setting: Setting) -> dict[str, Any]:
    return {"ok": True, "checked": setting.device.type == "cuda"}
