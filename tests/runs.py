"""Tiny runs: 400 generated images, a measure that costs nothing, and what a folder then holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import lab.run.bench
from lab.config import RunConfig, make_config
from lab.data.source import array_source
from lab.data.write import write_pack
from lab.gan.game import Game
from lab.metrics import Examination
from lab.record import EVALUATIONS_FILE, GENERATOR_FILE, RUN_FILE, Row, Scale, read_json, read_rows
from lab.record.columns import MetricNames, metric_names
from lab.run import Evaluation, run
from lab.run.folder import RunFolder

NAMES = metric_names("plain", 64)
SMALL: dict[str, Any] = {
    "network.architecture": "dcgan",
    "network.width": 1 / 16,
    "network.latent_size": 4,
    "optimizer.generator.lr": 2e-3,
    "optimizer.critic.lr": 2e-3,
    "training.batch_size": 8,
    "training.budget_images": 192,
    "training.precision": "float32",
    "training.ema_half_life_images": 40,
    "evaluation.every_images": 64,
    "evaluation.num_samples": 64,
    "stability.signal_every_steps": 4,
}


def write_small_pack(folder: Path, *, labelled: bool = True) -> Path:
    """400 grey 32x32 images of squares at random places, in three classes by brightness."""
    draw = np.random.default_rng(0)
    images = np.zeros((400, 32, 32, 1), dtype=np.uint8)
    labels = np.arange(400) % 3
    for image, label, (top, left) in zip(
        images, labels, draw.integers(2, 18, (400, 2)), strict=True
    ):
        image[top : top + 12, left : left + 12] = 100 + 70 * label
    source = array_source(
        "squares",
        images,
        labels if labelled else None,
        ("dark", "grey", "bright") if labelled else (),
        "none",
        "generated",
    )
    write_pack(lambda: source, folder, resolution=32)
    return folder


@dataclass(frozen=True)
class PlainEvaluator:
    """Compares mean images: the kernel distance is their mean squared difference."""

    mean: Tensor
    num_samples: int = 64
    num_reference: int = 320
    names: MetricNames = NAMES
    extractor: str = "plain-v1"
    baseline: dict[str, float] = field(
        default_factory=lambda: {NAMES.kernel: 0.0, NAMES.coverage: 1.0}
    )
    anchor: dict[str, float] = field(
        default_factory=lambda: {NAMES.kernel: 0.17, NAMES.frechet: 17.0}
    )

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(NAMES.model_dump().values())

    @property
    def num_paired(self) -> int:
        return self.num_samples

    @property
    def scale(self) -> Scale:
        return Scale(self.anchor[NAMES.kernel], self.baseline[NAMES.kernel])

    @property
    def of_real(self) -> dict[str, float]:
        return self.baseline

    def distances(self, images: Tensor) -> dict[str, float]:
        columns = self._columns(images)
        return {column: columns[column] for column in (NAMES.frechet, NAMES.kernel)}

    def measure(self, images: Tensor) -> dict[str, float]:
        return self.examine(images).columns

    def examine(self, images: Tensor) -> Examination:
        """The first images are the suspects, and look like the last training images."""
        first = torch.arange(16)
        return Examination(self._columns(images), first, self.num_reference - 1 - first)

    def examine_parts(self, parts: Iterable[Tensor]) -> Examination:
        return self.examine(torch.cat(list(parts)))

    def _columns(self, images: Tensor) -> dict[str, float]:
        assert len(images) == self.num_samples
        distance = float((images.double().mean(0) / 255 - self.mean).square().mean())
        values = dict.fromkeys(NAMES.model_dump().values(), 0.5)
        return values | {NAMES.kernel: distance, NAMES.frechet: 100 * distance}


@contextmanager
def plain_metrics() -> Iterator[None]:
    """Runs are measured by a `PlainEvaluator`, and train on one thread, meanwhile."""

    def make(config: Any, reference: Any, heldout: Any, **_: Any) -> PlainEvaluator:
        return PlainEvaluator(reference[0:320].double().mean(0) / 255)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab.run.bench, "make_evaluator", make)
        lab.run.bench.open_bench.cache_clear()
        yield
    lab.run.bench.open_bench.cache_clear()
    torch.set_num_threads(threads)


def small_run(pack: Path, values: dict[str, Any] | None = None) -> RunConfig:
    return make_config({}, {**SMALL, "data.source": str(pack), **(values or {})})


def finish(config: RunConfig, folder: Path) -> list[Evaluation]:
    """Run to the end."""
    return list(run(config, folder))


def stop_after(config: RunConfig, folder: Path, num_evaluations: int) -> list[Evaluation]:
    """Close the iterator after so many evaluations."""
    evaluations = run(config, folder)
    taken = [next(evaluations) for _ in range(num_evaluations)]
    evaluations.close()
    return taken


def stored_rows(folder: Path) -> list[Row]:
    found = read_rows(folder / EVALUATIONS_FILE)
    assert found.num_torn == 0
    return found.rows


def timeless(rows: list[Row]) -> list[list[tuple[str, Any]]]:
    """Rows without seconds, NaN comparable."""

    def comparable(value: Any) -> Any:
        return "nan" if isinstance(value, float) and math.isnan(value) else value

    return [
        sorted((key, comparable(value)) for key, value in row.items() if "seconds" not in key)
        for row in rows
    ]


@contextmanager
def poisoned(num_steps: int) -> Iterator[None]:
    """A NaN appears in the generator's weights once so many steps were played."""
    play = Game.step

    def step(game: Game, real_batch: Any) -> Any:
        if game.num_steps_done == num_steps:
            with torch.no_grad():
                next(game.generator.parameters()).fill_(float("nan"))
        return play(game, real_batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Game, "step", step)
        yield


def assert_same_run(folder: Path, other: Path) -> None:
    """Same rows, verdict, score, weights and pictures; only times may differ."""
    assert timeless(stored_rows(folder)) == timeless(stored_rows(other))
    for key in ("status", "verdict", "score", "final_quality", "images_seen", "precision"):
        assert read_json(folder / RUN_FILE)[key] == read_json(other / RUN_FILE)[key], key
    assert (folder / GENERATOR_FILE).read_bytes() == (other / GENERATOR_FILE).read_bytes()
    pictures = [
        {path.name: path.read_bytes() for path in (place / "samples").iterdir()}
        for place in (folder, other)
    ]
    assert pictures[0] == pictures[1]


class Killed(BaseException):
    """Nothing of ours may catch it."""


@contextmanager
def killed_at(method: str, call: int) -> Iterator[None]:
    """Die before the given call (from 1) of a method of RunFolder does anything."""
    calls = iter(range(1, 100))
    original = getattr(RunFolder, method)

    def dying(folder: RunFolder, *args: Any, **options: Any) -> Any:
        if next(calls) == call:
            raise Killed
        return original(folder, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, method, dying)
        with pytest.raises(Killed):
            yield
