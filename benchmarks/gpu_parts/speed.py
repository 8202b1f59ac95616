"""Images a second of full-size networks: the lab's step and the plain loop's, in turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from benchmarks.gpu_parts.full_size import (
    CRITIC_STEPS,
    NUM_WARM_UP,
    PRECISIONS,
    Taken,
    full_config,
    lab_step,
    set_arithmetic,
    timed,
)
from benchmarks.gpu_parts.setting import ARCHITECTURES, Cases, Setting
from benchmarks.gpu_parts.time_spent import profiled
from benchmarks.plain import plain_step
from benchmarks.plain_cnns import plain_networks

NUM_ROUNDS = 5
ROUND_SECONDS = 0.4


def cases(setting: Setting) -> Cases:
    """Each network in float32 with TF32 and in bfloat16, and where the time of the lab's goes.

    Both in one process, in which the device's algorithms are chosen once: that takes longer than
    the steps.
    """
    for architecture in ARCHITECTURES:
        for precision in PRECISIONS[: 1 if setting.reduced else None]:
            name = f"{architecture} {precision}"
            yield name, partial(compared, setting, architecture, precision)
            yield f"{name}, time spent", partial(profiled, setting, architecture, precision)


def compared(setting: Setting, architecture: str, precision: str) -> dict[str, Any]:
    """Images a second of both, their ratio, and a step's milliseconds on the device and host.

    A network without a plain twin is measured alone.
    """
    config = full_config(setting, architecture)
    set_arithmetic(config, setting)
    training = config.training
    steps = {"lab": lab_step(config, setting, precision)}
    if architecture in CRITIC_STEPS:
        steps["plain"] = plain_step(
            plain_networks(architecture, config.network.width),
            training.batch_size,
            training.critic_steps,
            device=setting.device,
            bfloat16=precision == "bfloat16",
        )
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
    if "plain" not in figures:
        return figures
    ratio = figures["lab"]["images_per_second"] / figures["plain"]["images_per_second"]
    return {**figures, "lab_over_plain": round(ratio, 3)}


def _num_steps(step: Callable[[], None], setting: Setting) -> int:
    """Warm up, and how many steps make a round of the wanted length."""
    num_warm_up = 1 if setting.reduced else NUM_WARM_UP
    timed(step, num_warm_up, setting)
    if setting.reduced:
        return 1
    return max(3, round(ROUND_SECONDS / timed(step, 3, setting).device * 3))
