"""Seconds of one evaluation of the default search, part by part, on one core.

    python -m benchmarks.evaluation

Measures 2,000 images of `fashion-mini` with the embedded extractor: the extractor's forward pass,
every metric, class shares, and the search for copies of training images.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import tyro

from lab.config import DataConfig, EvaluationConfig
from lab.data import find
from lab.metrics import Labels, make_evaluator
from lab.metrics.evaluator import NUM_SUSPECTS
from lab.metrics.memorisation import suspects
from lab.metrics.metric import Sample, all_metrics


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
    sample = Sample(features, yardstick.training.find(features))
    classes = evaluator.classes
    parts: dict[str, Callable[[], object]] = {
        "extractor's forward pass": lambda: evaluator.source.features(images),
        "nearest training images": lambda: yardstick.training.find(features),
        **{
            f"metric {name}": partial(metric.compute, sample, yardstick)
            for name, metric in all_metrics().items()
        },
        "class shares": lambda: classes.columns(features, sample.nearest) if classes else None,
        "suspects": lambda: suspects(sample.nearest, yardstick.training.nearest, NUM_SUSPECTS),
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
