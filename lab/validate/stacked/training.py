"""GANs trained on stacked images: a pack made for it, the lab's game, modes by the classifier."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lab.config import DataConfig, make_config
from lab.data import find, open_pack, training_indices
from lab.data.source import array_source
from lab.data.write import write_pack
from lab.gan.game import Game
from lab.gan.rounds import ImageShape, RealBatch
from lab.gan.sampling import generate, latents
from lab.randomness import counted_generator
from lab.run.bench import choose_device
from lab.validate.stacked.modes import Spread, classified, read_classifier, spread_of

ORIGINALS = DataConfig(source="fashion-mini", resolution=28)
RESOLUTION = 28
SEED = 0


@dataclass(frozen=True)
class StackedMethod:
    """A loss and its regularisation, by their paths in the configuration."""

    name: str
    values: tuple[tuple[str, Any], ...]


METHODS = (
    StackedMethod(
        "relativistic + R1 + R2",
        (
            ("loss", "relativistic"),
            ("penalty.kind", "r1-r2"),
            ("penalty.weight", 1.0),
            ("optimizer.generator.beta1", 0.0),
            ("optimizer.critic.beta1", 0.0),
        ),
    ),
    StackedMethod(
        "WGAN-GP",
        (
            ("loss", "wasserstein"),
            ("penalty.kind", "wgan-gp"),
            ("penalty.weight", 10.0),
            ("optimizer.generator.beta1", 0.0),
            ("optimizer.generator.beta2", 0.9),
            ("optimizer.critic.beta1", 0.0),
            ("optimizer.critic.beta2", 0.9),
        ),
    ),
    StackedMethod(
        "non-saturating + R1",
        (
            ("loss", "non-saturating"),
            ("penalty.kind", "r1"),
            ("penalty.weight", 1.0),
            ("optimizer.generator.beta1", 0.0),
            ("optimizer.critic.beta1", 0.0),
        ),
    ),
    StackedMethod("non-saturating", (("loss", "non-saturating"),)),
)


@dataclass(frozen=True)
class Training:
    """One method on the pack, and how its modes are counted."""

    method: StackedMethod
    pack: Path
    num_images: int
    """Shown to the critic."""
    batch_size: int
    width: float
    num_samples: int


@dataclass(frozen=True)
class Trained:
    """Modes of the averaged generator, before and after."""

    method: str
    before: Spread
    after: Spread | None
    """None when the generator makes non-finite images."""
    seconds: float


@contextmanager
def stacked_pack(num_images: int) -> Iterator[Path]:
    """A pack of random triples of the originals' training images, in a temporary folder."""
    originals = find(ORIGINALS)
    grey = originals.train[:]
    rows = _triples(len(grey), num_images, "stacked pack")
    images = grey[rows, 0].permute(0, 2, 3, 1).contiguous().numpy()
    card = originals.card
    source = array_source(
        "stacked-fashion", images.astype(np.uint8), None, (), card.licence, card.attribution
    )
    with TemporaryDirectory() as folder:
        pack = Path(folder) / "pack"
        write_pack(lambda: source, pack, RESOLUTION)
        yield pack


def real_classes(classes: Tensor, num_samples: int) -> Tensor:
    """Classes [N, 3] of as many random triples of real images, whose own `classes` are [n]."""
    return classes[_triples(len(classes), num_samples, "stacked baseline")]


def train(training: Training) -> Trained:
    """Train with the lab's game; count modes of the averaged generator before and after."""
    started = time.perf_counter()
    device, pack = choose_device(), open_pack(training.pack)
    batch = training.batch_size
    values: dict[str, Any] = {
        "seed": SEED,
        "network.architecture": "dcgan",
        "network.width": training.width,
        "network.latent_size": 64,
        "network.critic_norm": "none",
        "optimizer.generator.beta1": 0.5,
        "optimizer.critic.beta1": 0.5,
        "optimizer.generator.lr": 5e-4,
        "optimizer.critic.lr": 5e-4,
        "training.batch_size": batch,
        "training.budget_images": training.num_images,
        "penalty.kind": "none",
        **dict(training.method.values),
    }
    config = make_config({}, values)
    game = Game(config, ImageShape(RESOLUTION, 3, 0), device=device, precision="float32")
    before = _counted(game, training.num_samples)
    assert before is not None

    def real(critic_step: int) -> RealBatch:
        rows = training_indices(len(pack.train), SEED, critic_step * batch, batch)
        taken = pack.train.batch(rows, device)
        return RealBatch(taken.images, taken.labels)

    for _ in range(config.num_steps):
        game.step(real)
    after = _counted(game, training.num_samples)
    return Trained(training.method.name, before, after, time.perf_counter() - started)


def _counted(game: Game, num_samples: int) -> Spread | None:
    codes = latents(
        num_samples, game.config.network.latent_size, 0, seed=SEED, purpose="stacked modes"
    )
    images = generate(game.average, codes, autocast=nullcontext())
    return None if images is None else spread_of(classified(read_classifier(), images))


def _triples(num_rows: int, count: int, purpose: str) -> Tensor:
    draw = counted_generator(SEED, purpose, 0)
    return torch.randint(num_rows, (count, 3), generator=draw)
