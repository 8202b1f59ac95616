"""Step speed of the lab's update against a plain training loop, in turn, in one process.

    python -m benchmarks.step_speed [--rounds 9] [--threads 2] [--batch-size 64] [--quick]

The network is sngan-resnet at width .25 on 3x32x32, batch 64, 5 critic steps, hinge loss, spectral
norm. The plain loop and its networks are in plain.py.
Prints seconds a step (medians) and the ratio plain / lab for float32 and bfloat16.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from statistics import median

import torch

from benchmarks.plain import PlainCritic, PlainGenerator, plain_step
from benchmarks.quick import parsed
from lab.config import RunConfig, make_config
from lab.gan.game import Game
from lab.gan.rounds import ImageShape, RealBatch

SHAPE = ImageShape(resolution=32, channels=3, num_classes=10)
SETTINGS = {
    "network.architecture": "sngan-resnet",
    "network.width": 0.25,
    "training.critic_steps": 5,
    "training.budget_images": 1_000_000,
}


def lab_step(config: RunConfig, precision: str) -> Callable[[], None]:
    """The same through the lab's game, with everything a run does in a step."""
    game = Game(config, SHAPE, device=torch.device("cpu"), precision=precision)
    images = torch.randn(config.training.batch_size, 3, 32, 32).clamp(-1, 1)
    batch = RealBatch(
        images.to(memory_format=torch.channels_last),
        torch.zeros(config.training.batch_size, dtype=torch.long),
    )

    def step() -> None:
        game.step(lambda critic_step: batch)

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64)
    arguments = parsed(parser, rounds=1, threads=1, batch_size=8)
    torch.set_num_threads(arguments.threads)

    config = make_config({}, SETTINGS | {"training.batch_size": arguments.batch_size})
    width, training = config.network.width, config.training
    plain_networks = PlainGenerator(width), PlainCritic(width)
    steps = {
        "plain float32": plain_step(plain_networks, training.batch_size, training.critic_steps),
        "lab float32": lab_step(config, "float32"),
        "lab bfloat16": lab_step(config, "bfloat16"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(arguments.rounds + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - start)

    plain = seconds["plain float32"][1:]
    print(f"torch {torch.__version__}, {arguments.threads} threads, {platform.machine()}")
    for name, taken in seconds.items():
        ratios = [a / b for a, b in zip(plain, taken[1:], strict=True)]
        print(f"{name:14s} {median(taken[1:]):7.3f} s a step   plain/this {median(ratios):.2f}")


if __name__ == "__main__":
    main()
