"""What a checkpoint costs, and what resuming from it does, as a share of an evaluation interval.

    python -m benchmarks.checkpoint [--rounds 5] [--threads 1] [--device cpu] [--folder DIR]
                                   [--quick]

For sngan-resnet at full size (width 1, the gpu preset's interval) and for the laptop preset's
network: seconds of gathering the state, of its checksum, of writing and flushing it to the disk;
of reading and verifying it, and of building the game again. The interval is the preset's
`evaluation.every_images` over the images a second that a round of training reaches here.
Medians. The file is read from the system's cache, as after a kill on the same machine.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.quick import parsed
from lab.config import RunConfig, make_config
from lab.gan.game import Game
from lab.gan.rounds import ImageShape, RealBatch
from lab.plan import find_preset
from lab.run.checkpoint import checksum, content_of, read_checkpoint, write_checkpoint

FULL: dict[str, Any] = {
    **find_preset("gpu").base,
    "network.architecture": "sngan-resnet",
    "network.width": 1.0,
    "training.batch_size": 64,
    "training.critic_steps": 5,
    "training.precision": "float32",
}
LAPTOP: dict[str, Any] = dict(find_preset("laptop").base)


@dataclass(frozen=True)
class Case:
    """A network, and the interval at which it is stored."""

    name: str
    config: RunConfig
    shape: ImageShape


FULL_CASE = Case("sngan-resnet, full size", make_config({}, FULL), ImageShape(32, 3, 10))
LAPTOP_CASE = Case("laptop preset", make_config({}, LAPTOP), ImageShape(32, 1, 10))
STEPS = ("gather", "checksum", "write + fsync", "read + verify", "rebuild")


def trained(case: Case, device: torch.device) -> tuple[Game, float]:
    """A game with its optimizers' state, and the images a second of its second round."""
    game = new_game(case, device)
    size = case.config.training.batch_size
    images = torch.randn(size, case.shape.channels, 32, 32, device=device).clamp(-1, 1)
    batch = RealBatch(
        images.to(memory_format=torch.channels_last),
        torch.zeros(size, dtype=torch.long, device=device),
    )
    seconds = [timed(lambda: game.step(lambda _: batch), device) for _ in range(2)]
    return game, case.config.images_per_step / seconds[-1]


def new_game(case: Case, device: torch.device) -> Game:
    return Game(case.config, case.shape, device=device, precision="float32")


def timed(act: Callable[[], Any], device: torch.device) -> float:
    """Seconds until `act` and what it started on the device are done."""
    start = time.perf_counter()
    act()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def cost(case: Case, game: Game, folder: Path) -> dict[str, float]:
    """Seconds of every step of one storing and one resuming."""
    device, images_seen = game.device, game.images_seen
    gather = timed(lambda: content_of(game.state(), images_seen), device)
    content = content_of(game.state(), images_seen)
    check = timed(lambda: checksum(content), device)
    whole = timed(lambda: write_checkpoint(folder, game.state(), images_seen), device)
    path = next(folder.glob("checkpoint-*.pt"))
    read = timed(lambda: read_checkpoint(path), device)
    stored = read_checkpoint(path)
    rebuild = timed(lambda: new_game(case, device).load_state(stored["game"]), device)
    return dict(
        zip(STEPS, (gather, check, max(0.0, whole - gather - check), read, rebuild), strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--folder", type=Path)
    arguments = parsed(parser, rounds=1)
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    print(f"torch {torch.__version__}, {arguments.threads} threads, {name}")
    for case in (LAPTOP_CASE,) if arguments.quick else (FULL_CASE, LAPTOP_CASE):
        game, speed = trained(case, device)
        rounds = []
        for _ in range(arguments.rounds):
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                rounds.append(cost(case, game, Path(folder)))
                size = len(next(Path(folder).glob("*.pt")).read_bytes())
        show(case, {step: median(each[step] for each in rounds) for step in STEPS}, size, speed)


def show(case: Case, seconds: dict[str, float], num_bytes: int, speed: float) -> None:
    interval = case.config.evaluation.every_images / speed
    print(f"\n{case.name}: {num_bytes / 1e6:.1f} MB; {speed:.0f} images/s, so that", end=" ")
    print(f"{case.config.evaluation.every_images} images take {interval:.0f} s")
    for part, steps in (("storing", STEPS[:3]), ("resuming", STEPS[3:])):
        total = sum(seconds[step] for step in steps)
        for step in steps:
            print(f"  {step:14s} {seconds[step] * 1000:8.1f} ms")
        print(f"  {part:14s} {total * 1000:8.1f} ms   {100 * total / interval:.3f} % of it")


if __name__ == "__main__":
    main()
