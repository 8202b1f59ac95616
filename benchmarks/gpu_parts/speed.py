"""Images a second of full-size networks: the lab's step and the plain loop's, in turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from benchmarks.gpu_parts.full_size import (
    CRITIC_STEPS,
    LAZY,
    PRECISIONS,
    Taken,
    full_config,
    is_lazy,
    lab_step,
    num_warm_up,
    set_arithmetic,
    timed,
)
from benchmarks.gpu_parts.setting import Cases, Setting
from benchmarks.gpu_parts.time_spent import profiled
from benchmarks.plain import plain_step
from benchmarks.plain_cnns import plain_networks
from lab.config import RunConfig
from lab.gan.capture import can_record

NUM_ROUNDS = 5
ROUND_SECONDS = 0.4


def cases(setting: Setting) -> Cases:
    """Each network in bfloat16 and in float32 with TF32, those with a plain twin first; then
    where the time of the lab's step goes.

    All in one process, in which the device's algorithms are chosen once: that takes longer than
    the steps.
    """
    networks = sorted(setting.networks, key=lambda name: name not in CRITIC_STEPS)
    for measure, suffix in ((compared, ""), (profiled, ", time spent")):
        if setting.reduced and measure is profiled:
            networks = networks[:1]
        for architecture in networks:
            for precision in PRECISIONS[-1:] if setting.reduced else PRECISIONS:
                name = f"{architecture} {precision}{suffix}"
                yield name, partial(measure, setting, architecture, precision)


def compared(setting: Setting, architecture: str, precision: str) -> dict[str, Any]:
    """Images a second of the lab's step, of the same without recordings, and of the plain one;
    their ratios, and a step's milliseconds on the device and host.

    Not every network has a plain twin.
    """
    config = full_config(setting, architecture)
    set_arithmetic(config, setting)
    training = config.training
    steps = {"lab": lab_step(config, setting, precision)}
    if can_record(config, setting.device):
        steps["unrecorded"] = lab_step(config, setting, precision, recorded=False)
    if architecture in CRITIC_STEPS:
        steps["plain"] = plain_step(
            plain_networks(architecture, config.network.width),
            training.batch_size,
            training.critic_steps,
            device=setting.device,
            bfloat16=precision == "bfloat16",
        )
    numbers = {name: _num_steps(step, config, setting) for name, step in steps.items()}
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
    rates = {name: figures[name]["images_per_second"] for name in steps}
    lab = rates.pop("lab")
    return {
        **figures,
        **{f"lab_over_{name}": round(lab / rate, 3) for name, rate in rates.items()},
    }


def _num_steps(step: Callable[[], None], config: RunConfig, setting: Setting) -> int:
    """Warm up, and how many steps make a round of the wanted length, or a whole cycle."""
    timed(step, num_warm_up(config, setting), setting)
    if setting.reduced:
        return 1
    if is_lazy(config):
        return LAZY
    return max(3, round(ROUND_SECONDS / timed(step, 3, setting).device * 3))
