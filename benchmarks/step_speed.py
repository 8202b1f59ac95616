"""Step speed of the lab's update against a plain training loop, in turn, in one process.

    python benchmarks/step_speed.py [--rounds 9] [--threads 2]

The network is sngan-resnet at width .25 on 3x32x32, batch 64, 5 critic steps, hinge loss, spectral
norm. The plain loop is what a first script does: contiguous layout, real and fake in separate
passes, gradients through G in the critic's step, ordinary Adam, `.item()` on every loss.
Prints seconds a step (medians) and the ratio plain / lab for float32 and bfloat16.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from statistics import median

import torch
from torch.nn.functional import relu

from lab.config import RunConfig, make_config
from lab.gan.game import Game, ImageShape, RealBatch
from lab.gan.networks import build_critic, build_generator

SHAPE = ImageShape(resolution=32, channels=3, num_classes=10)
SETTINGS = {
    "network.architecture": "sngan-resnet",
    "network.width": 0.25,
    "training.batch_size": 64,
    "training.critic_steps": 5,
    "training.budget_images": 1_000_000,
}


def plain_step(config: RunConfig) -> Callable[[], None]:
    """One generator step with its critic steps, as a plain script writes it."""
    built = {"resolution": 32, "channels": 3, "num_classes": 10}
    draw = torch.Generator().manual_seed(0)
    G = build_generator(config.network, generator=draw, **built).train()
    D = build_critic(config.network, generator=draw, **built).train()
    optimizer_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    size, latent = config.training.batch_size, config.network.latent_size
    real = torch.randn(size, 3, 32, 32).clamp(-1, 1)
    seen: list[float] = []

    def step() -> None:
        for _ in range(config.training.critic_steps):
            D.update_spectral_vectors()
            fake = G(torch.randn(size, latent), None)
            loss_d = relu(1 - D(real, None)).mean() + relu(1 + D(fake, None)).mean()
            optimizer_d.zero_grad()
            loss_d.backward()
            optimizer_d.step()
            seen.append(loss_d.item())
        loss_g = -D(G(torch.randn(size, latent), None), None).mean()
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        seen.append(loss_g.item())

    return step


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
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    config = make_config({}, SETTINGS)
    steps = {
        "plain float32": plain_step(config),
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
