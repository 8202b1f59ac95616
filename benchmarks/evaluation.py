"""Seconds of one evaluation of the default search, part by part, on one core.

    python -m benchmarks.evaluation

Measures 2,000 images of `fashion-mini` with the embedded extractor: the extractor's forward pass,
the Frechet distance, the kernel distance, precision, recall, density and coverage, C_T and
authenticity, class shares, near-duplicates, and the mode count.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import tyro

from lab.config import DataConfig, EvaluationConfig
from lab.data import find
from lab.metrics import Labels, make_evaluator
from lab.metrics.distances import frechet_distance, kernel_distance, moments
from lab.metrics.evaluator import NUM_SUSPECTS
from lab.metrics.manifold import manifold
from lab.metrics.memorisation import suspects
from lab.metrics.modes import duplicates, mode_count


@dataclass(frozen=True)
class Arguments:
    """Time an evaluation."""

    extractor: str = "fashion"
    """`fashion`, `inception`, or the path of one trained by lab.metrics."""
    num_samples: int = 2_000
    """Images of an evaluation."""
    repeats: int = 7
    """Each part is timed so often; the median is printed."""


def main(arguments: Arguments) -> None:
    """Print the seconds of each part and of the whole."""
    torch.set_num_threads(1)
    started = time.perf_counter()
    pack = find(DataConfig())
    config = EvaluationConfig(extractor=arguments.extractor, num_samples=arguments.num_samples)
    labels = Labels(pack.train.labels, pack.heldout.labels, pack.num_classes)
    fingerprint = pack.card.fingerprint
    evaluator = make_evaluator(
        config, pack.train, pack.heldout, fingerprint=fingerprint, labels=labels
    )
    print(f"{evaluator.extractor}, {evaluator.num_samples} samples, torch with 1 thread")
    print(f"  {'building the evaluator':36} {time.perf_counter() - started:6.3f} s")

    images = pack.heldout[0 : evaluator.num_samples]
    yardstick = evaluator.yardstick
    features = evaluator.source.features(images)
    found, classes = yardstick.training.find(features), yardstick.classes
    parts: dict[str, Callable[[], object]] = {
        "extractor's forward pass": lambda: evaluator.source.features(images),
        "Frechet distance": lambda: frechet_distance(yardstick.moments, moments(features)),
        "kernel distance": lambda: kernel_distance(yardstick.reference, features),
        "precision, recall, density, coverage": lambda: manifold(
            yardstick.reference, features, yardstick.nearest_k, yardstick.radii
        ),
        "nearest training images": lambda: yardstick.training.find(features),
        "C_T, authenticity": lambda: yardstick.training.measure(found),
        "class shares": lambda: classes.columns(features, found) if classes else None,
        "suspects": lambda: suspects(found, yardstick.training.nearest, NUM_SUSPECTS),
        "near-duplicates": lambda: duplicates(features, yardstick.duplicate_distance),
        "mode count": lambda: mode_count(features, yardstick.bandwidth),
        "whole evaluation": lambda: evaluator.measure(images),
    }
    for name, part in parts.items():
        print(f"  {name:36} {_median_seconds(part, arguments.repeats):6.3f} s")


def _median_seconds(part: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        part()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    main(tyro.cli(Arguments))
