"""Images a second of full-size networks: the lab's step and the plain loop's, in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import torch

from benchmarks.gpu_parts.setting import ARCHITECTURES, Cases, Setting, batch_of, game_of
from benchmarks.plain import plain_step
from benchmarks.plain_cnns import plain_networks
from lab.config import RunConfig, make_config
from lab.run.bench import settle_algorithms

PRECISIONS = ("float32", "bfloat16")
CRITIC_STEPS = {"sngan-resnet": 5, "sngan-cnn": 1, "dcgan": 1}
"""Of the papers; images a second count what the critic sees."""
NUM_WARM_UP = 5
NUM_ROUNDS = 5
ROUND_SECONDS = 0.4


class Taken(NamedTuple):
    """Seconds of a number of steps."""

    device: float
    """Until the device has done them (on a GPU by its own events)."""
    host: float
    """Until the host has given them to the device."""


def cases(setting: Setting) -> Cases:
    """Each network in float32 with TF32 and in bfloat16."""
    for architecture in ARCHITECTURES:
        for precision in PRECISIONS[: 1 if setting.reduced else None]:
            name = f"{architecture} {precision}"
            yield name, partial(compared, setting, architecture, precision)


def full_config(setting: Setting, architecture: str) -> RunConfig:
    """Width 1 and batch 64; on a CPU a sixteenth and 8."""
    values = {
        "network.architecture": architecture,
        "network.width": 1 / 16 if setting.reduced else 1.0,
        "training.batch_size": 8 if setting.reduced else 64,
        "training.critic_steps": CRITIC_STEPS[architecture],
        "training.budget_images": 10**8,
    }
    return make_config({}, values)


def lab_step(config: RunConfig, setting: Setting, precision: str) -> Callable[[], None]:
    """One round of the lab's game on a batch that is on the device."""
    game, batch = game_of(config, setting.device, precision), batch_of(config, setting.device)

    def step() -> None:
        game.step(lambda critic_step: batch)

    return step


def set_arithmetic(config: RunConfig, setting: Setting) -> None:
    """TF32 where float32 is asked for, and cuDNN's choice of algorithms, for both loops."""
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    settle_algorithms(config, setting.device)


def compared(setting: Setting, architecture: str, precision: str) -> dict[str, Any]:
    """Images a second of both, their ratio, and a step's milliseconds on the device and host."""
    config = full_config(setting, architecture)
    set_arithmetic(config, setting)
    training = config.training
    steps = {
        "lab": lab_step(config, setting, precision),
        "plain": plain_step(
            plain_networks(architecture, config.network.width),
            training.batch_size,
            training.critic_steps,
            device=setting.device,
            bfloat16=precision == "bfloat16",
        ),
    }
    numbers = {name: _num_steps(step, setting) for name, step in steps.items()}
    taken: dict[str, list[Taken]] = {name: [] for name in steps}
    for _ in range(1 if setting.reduced else NUM_ROUNDS):
        for name, step in steps.items():
            taken[name].append(timed(step, numbers[name], setting))
    figures: dict[str, Any] = {"batch_size": training.batch_size, "width": config.network.width}
    for name, rounds in taken.items():
        milliseconds = 1e3 * median(one.device for one in rounds) / numbers[name]
        figures[name] = {
            "images_per_second": round(1e3 * config.images_per_step / milliseconds),
            "milliseconds_a_step": round(milliseconds, 3),
            "host_milliseconds_a_step": round(
                1e3 * median(one.host for one in rounds) / numbers[name], 3
            ),
        }
    ratio = figures["lab"]["images_per_second"] / figures["plain"]["images_per_second"]
    return {**figures, "lab_over_plain": round(ratio, 3)}


def _num_steps(step: Callable[[], None], setting: Setting) -> int:
    """Warm up, and how many steps make a round of the wanted length."""
    num_warm_up = 1 if setting.reduced else NUM_WARM_UP
    timed(step, num_warm_up, setting)
    if setting.reduced:
        return 1
    return max(3, round(ROUND_SECONDS / timed(step, 3, setting).device * 3))


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
