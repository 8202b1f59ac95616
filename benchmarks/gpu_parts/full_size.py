"""A full-size step of a network, and how long steps take: for `speed` and `time_spent`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from benchmarks.gpu_parts.setting import (
    OF_NETWORK,
    SHAPE,
    SHAPES,
    Setting,
    batch_of,
    game_of,
)
from lab.config import RunConfig, make_config
from lab.run.bench import settle_algorithms

PRECISIONS = ("bfloat16", "float32")
CRITIC_STEPS = {"sngan-resnet": 5, "dcgan": 1, "sngan-cnn": 1}
"""Of the papers, for networks that have a plain twin. The critic sees the images of a second."""
AS_PUBLISHED: dict[str, dict[str, Any]] = {
    "r3gan": {"loss": "relativistic", "penalty.kind": "r1-r2"},
    "stylegan2-cifar": {
        "network.critic_norm": "none",
        "loss": "non-saturating",
        "penalty.kind": "r1",
        "penalty.every_steps": 16,
    },
}
AS_PUBLISHED["stylegan2-256"] = {
    **AS_PUBLISHED["stylegan2-cifar"],
    "terms.path_length.weight": 2.0,
    "terms.path_length.every_steps": 4,
    "training.batch_size": 16,
}
"""Losses and penalties that the method is known with; the rest has hinge and spectral norm."""
NUM_WARM_UP = 5
LAZY = 16
"""Steps after which every lazy penalty and term has had its turn."""


class Taken(NamedTuple):
    """Seconds of a number of steps."""

    device: float
    """Until the device has done them (on a GPU by its own events)."""
    host: float
    """Until the host has given them to the device."""


def full_config(setting: Setting, architecture: str) -> RunConfig:
    """Width 1 and batch 64; on a CPU a sixteenth and 8."""
    values = {
        "network.architecture": architecture,
        "network.width": 1 / 16 if setting.reduced else 1.0,
        "training.batch_size": 8 if setting.reduced else 64,
        "training.critic_steps": CRITIC_STEPS.get(architecture, 1),
        "training.budget_images": 10**8,
    }
    if not setting.reduced:
        values |= AS_PUBLISHED.get(architecture, {})
    return make_config({}, {**values, **OF_NETWORK.get(architecture, {})})


def is_lazy(config: RunConfig) -> bool:
    """Whether steps differ."""
    return config.penalty.every_steps > 1


def num_warm_up(config: RunConfig, setting: Setting) -> int:
    """Steps before any is timed: all kinds of steps have been recorded then."""
    if setting.reduced:
        return 1
    return 3 * LAZY + 1 if is_lazy(config) else NUM_WARM_UP


def lab_step(
    config: RunConfig, setting: Setting, precision: str, *, recorded: bool = True
) -> Callable[[], None]:
    """One round of the lab's game on a batch that is on the device, as a run plays it."""
    shape = SHAPE if setting.reduced else SHAPES.get(config.network.architecture, SHAPE)
    game = game_of(config, setting.device, precision, shape)
    batch = batch_of(config, setting.device, shape)
    if recorded:
        game.record_where_possible()

    def step() -> None:
        game.step(lambda critic_step: batch)

    return step


def set_arithmetic(config: RunConfig, setting: Setting) -> None:
    """TF32 where float32 is asked for, and cuDNN's choice of algorithms, for both loops."""
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    settle_algorithms(config, setting.device)


def timed(step: Callable[[], None], num_steps: int, setting: Setting) -> Taken:
    """Seconds of so many steps; the device is idle before and after."""
    setting.wait()
    if setting.device.type != "cuda":
        start = time.perf_counter()
        for _ in range(num_steps):
            step()
        seconds = time.perf_counter() - start
        return Taken(seconds, seconds)
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start = time.perf_counter()
    first.record()
    for _ in range(num_steps):
        step()
    last.record()
    host = time.perf_counter() - start
    last.synchronize()
    return Taken(first.elapsed_time(last) / 1e3, host)
