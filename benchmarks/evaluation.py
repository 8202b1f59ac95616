"""Seconds of one evaluation of the default search, part by part, on one core.

    python -m benchmarks.evaluation [--extractor fashion] [--num-samples 2000] [--repeats 7]
                                    [--quick]

Measures 2,000 images of `fashion-mini` with the embedded extractor: the extractor's forward pass,
every metric, class shares, and the search for copies of training images.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks.quick import parsed
from lab.config import DataConfig, EvaluationConfig
from lab.data import find
from lab.metrics import Labels, PackEvaluator, make_evaluator
from lab.metrics.evaluator import NUM_SUSPECTS
from lab.metrics.memorisation import suspects
from lab.metrics.metric import Sample, all_metrics


def main() -> None:
    """Print the seconds of each part and of the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--extractor", default="fashion", help="or inception, or one trained by lab.metrics"
    )
    parser.add_argument("--num-samples", type=int, default=2_000, help="images of an evaluation")
    parser.add_argument("--repeats", type=int, default=7, help="of each part, for the median")
    arguments = parsed(parser, num_samples=100, repeats=1)
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
    for name, part in parts_of(evaluator, pack.heldout[0 : evaluator.num_samples]).items():
        print(f"  {name:36} {seconds_of(part, arguments.repeats):6.3f} s")


def parts_of(evaluator: PackEvaluator, images: Tensor) -> dict[str, Callable[[], object]]:
    """What an evaluation of [num_samples, C, H, H] uint8 images consists of, and the whole."""
    yardstick = evaluator.yardstick
    features = evaluator.source.features(images)
    sample = Sample(features, yardstick.training.find(features))
    classes = evaluator.classes
    return {
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


def seconds_of(part: Callable[[], object], repeats: int) -> float:
    """The median of so many repetitions."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        part()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
