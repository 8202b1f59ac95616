"""What the more expensive signals cost: share of step time at the default cadence.

    python -m benchmarks.signals [--rounds 40] [--threads 1] [--every 24] [--quick]

Two games, dcgan and sngan-cnn at width .25, batch 32, grey 32x32. `measured` plays rounds with and
without the signals in turn (A, B, A, B) and takes medians of neighbours' differences. `counted`
times the extra work alone, group by group, over the time of plain rounds.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch

from benchmarks.quick import parsed
from lab.config import RunConfig, StabilityConfig, make_config
from lab.gan.game import Game
from lab.gan.rounds import ImageShape, RealBatch
from lab.run.probe import (
    Probe,
    copied_weights,
    diversity,
    logits_and_features,
    look_at,
    moves,
    singular_values,
    steepest_slope,
    step_lengths,
    turns,
)
from lab.stability.signals import SignalWindow

SHAPE = ImageShape(resolution=32, channels=1, num_classes=10)
SIZES = {
    "dcgan": {"network.architecture": "dcgan", "network.latent_size": 64},
    "sngan-cnn": {"network.architecture": "sngan-cnn", "network.latent_size": 64},
}
COMMON = {"network.width": 0.25, "training.batch_size": 32, "training.budget_images": 10**8}
NUM_IMAGES = 4096


class Bench:
    """One game with its images, played with or without the signals."""

    def __init__(self, config: RunConfig) -> None:
        self.game = Game(config, SHAPE, device=torch.device("cpu"), precision="float32")
        size = (NUM_IMAGES, SHAPE.channels, SHAPE.resolution, SHAPE.resolution)
        draw = torch.Generator().manual_seed(0)
        self._images = torch.randint(256, size, generator=draw, dtype=torch.uint8)
        self._size = config.training.batch_size
        self.probe = Probe(self.game)
        self.window = SignalWindow()

    def real(self, critic_step: int) -> RealBatch:
        """As lab.run.feed does it: pick, convert, scale."""
        draw = torch.Generator().manual_seed(critic_step)
        picked = self._images[torch.randint(NUM_IMAGES, (self._size,), generator=draw)]
        images = picked.float().div_(127.5).sub_(1)
        return RealBatch(
            images.contiguous(memory_format=torch.channels_last),
            torch.zeros(self._size, dtype=torch.long),
        )

    def plain(self) -> None:
        """A round without any signal beyond what the updates show."""
        self.game.step(self.real)

    def round(self, *, probed: bool) -> None:
        """A round as a run plays it."""
        played = (
            self.probe.step(self.real, self.real(self.game.num_steps_done))
            if probed
            else self.probe.step_after(self.real)
        )
        self.window.add(self.game.images_seen, played.observed._asdict(), *played.sampled)

    def groups(self) -> dict[str, Callable[[], object]]:
        """What a probe does beyond two rounds, piece by piece."""
        game, step = self.game, self.game.num_steps_done
        played = game.step(self.real)
        look = look_at(game, played, self.real, self.real(step + 1))
        return {
            "two batches of images": lambda: (self.real(0), self.real(1)),
            "logits, participation": lambda: logits_and_features(game, look),
            "slope": lambda: steepest_slope(game, look, step),
            "singular values": lambda: (
                singular_values("generator", game.generator_sigmas),
                singular_values("critic", game.critic_sigmas),
            ),
            "diversity": lambda: diversity(game, played),
            "lengths and cosines": self._moves,
            "the window": lambda: self.window.add(0, played.observed._asdict()),
        }

    def _moves(self) -> None:
        """Two rounds are watched, and one is measured."""
        first, second = (moves(self.game, copied_weights(self.game)) for _ in range(2))
        step_lengths(first)
        turns(first, second)


def seconds(work: Callable[[], object]) -> float:
    """Of the processor: what other processes take meanwhile does not count."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measured(config: RunConfig, repetitions: int, every: int) -> float:
    """Extra time of `every` rounds with signals over as many without.

    The three kinds of round that a run plays (probed, the one after, the others) each take turns
    with a plain round of another game; medians of the differences, weighted as in a run.
    """
    bench, other = Bench(config), Bench(config)
    extra: list[list[float]] = [[], [], []]
    plain: list[float] = []
    for _ in range(repetitions + 1):
        for kind in range(3):
            taken = seconds(partial(bench.round, probed=kind == 0))
            plain.append(seconds(other.plain))
            extra[kind].append(taken - plain[-1])
        bench.window.close()
    probed, after, others = (median(kind[1:]) for kind in extra)
    return (probed + after + (every - 2) * others) / (every * median(plain[3:]))


def counted(config: RunConfig, rounds: int, every: int) -> dict[str, float]:
    """Median time of each group of signals over that of `every` plain rounds; and of all."""
    bench = Bench(config)
    groups = bench.groups()
    plain: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in groups}
    for _ in range(rounds + 1):
        plain += [seconds(bench.plain) for _ in range(2)]
        for name, work in groups.items():
            taken[name].append(seconds(work))
    block = every * median(plain[2:])
    shares = {name: median(of[1:]) / block for name, of in taken.items()}
    shares["the window"] *= every
    return {**shares, "all of them": sum(shares.values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=StabilityConfig().signal_every_steps)
    arguments = parsed(parser, rounds=1)
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, {arguments.threads} threads, {platform.machine()}")
    for name, sizes in SIZES.items():
        config = make_config({}, COMMON | sizes)
        print(f"{name}, signals every {arguments.every} steps")
        for group, share in counted(config, 2 * arguments.rounds, arguments.every).items():
            print(f"  {group:24s} {share:7.2%} counted")
        share = measured(config, 2 * arguments.rounds, arguments.every)
        print(f"  {'all of them':24s} {share:7.2%} measured")


if __name__ == "__main__":
    main()
