"""From images to the metrics of a row: what an evaluation measures, and against what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lab.config import EvaluationConfig, cache_folder
from lab.errors import InputError
from lab.metrics.classes import Classes, Labels, classes_of
from lab.metrics.distances import (
    MIN_SAMPLES,
    NUM_BLOCKS,
    frechet_distance,
    kernel_distance,
    moments,
)
from lab.metrics.extractors import Extractor, load_extractor
from lab.metrics.manifold import manifold, radii
from lab.metrics.memorisation import Nearest, TrainingSide, suspects
from lab.metrics.modes import bandwidth, duplicate_distance, duplicates, mode_count
from lab.metrics.moments import Moments
from lab.metrics.reference import Images, Progress, kept_order, real_features
from lab.record.columns import MetricNames, metric_names

NUM_SUSPECTS = 32
"""Images whose nearest training image is told."""


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The reference as features, and how features are measured against it."""

    names: MetricNames
    moments: Moments
    """Of every reference image."""
    reference: Tensor
    """[N, d]: as many reference images as an evaluation takes samples, always the same."""
    nearest_k: int
    training: TrainingSide
    """What tells copies of training images."""
    classes: Classes | None
    """What names classes; None where the data has none."""

    @cached_property
    def radii(self) -> Tensor:
        """Squared distance of each reference image to its k-th neighbour, [N]."""
        return radii(self.reference, self.nearest_k)

    @cached_property
    def duplicate_distance(self) -> float:
        """Squared distance up to which two samples are near-duplicates."""
        return duplicate_distance(self.reference)

    @cached_property
    def bandwidth(self) -> float:
        """Squared bandwidth of the kernel that counts modes."""
        return bandwidth(self.reference)

    def examine(self, features: Tensor) -> tuple[dict[str, float], Nearest]:
        """All columns of [N, d] features, N that of the reference; and their training rows."""
        found = self.training.find(features)
        metrics = self._measured(features, self.training.measure(found))
        shares = {} if self.classes is None else self.classes.columns(features, found)
        return {**metrics, **shares}, found

    def baseline(self) -> dict[str, float]:
        """All metrics of as many held-out real images, by column name."""
        num_samples = len(self.reference)
        features = self.training.heldout[:num_samples]
        return self._measured(features, self.training.baseline(num_samples))

    def _measured(self, features: Tensor, copies: tuple[float, float]) -> dict[str, float]:
        kernel = kernel_distance(self.reference, features)
        shares = manifold(self.reference, features, self.nearest_k, self.radii)
        return {
            self.names.frechet: frechet_distance(self.moments, moments(features)),
            self.names.kernel: kernel.value,
            self.names.kernel_error: kernel.error,
            self.names.precision: shares.precision,
            self.names.recall: shares.recall,
            self.names.density: shares.density,
            self.names.coverage: shares.coverage,
            self.names.ct: copies[0],
            self.names.authenticity: copies[1],
            self.names.duplicates: duplicates(features, self.duplicate_distance),
            self.names.rke: mode_count(features, self.bandwidth),
        }


class Examination(NamedTuple):
    """What images were found to be."""

    columns: dict[str, float]
    """Their metrics, by column name."""
    suspects: Tensor
    """At most `NUM_SUSPECTS` of them that look most like copies, the most suspicious first."""
    originals: Tensor
    """The training image nearest to each of those, by its row in the train split."""


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Measures generated images against the reference split of one pack."""

    num_samples: int
    """Images an evaluation takes: the configured number, at most as many as either split has."""
    num_reference: int
    """Images of the reference split."""
    baseline: dict[str, float]
    """The metrics of held-out real images: the floor, and what perfect images would get."""
    source: Extractor
    yardstick: Yardstick
    order: Tensor
    """The training images behind the yardstick's training rows, int64 [T]."""

    @property
    def extractor(self) -> str:
        """Versioned name of the feature extractor, say `fashion-v1`."""
        return self.source.name

    @property
    def family(self) -> str:
        """Family of the extractor, say `fashion`."""
        return self.source.family

    @property
    def names(self) -> MetricNames:
        """Column names of the metrics."""
        return self.yardstick.names

    @property
    def of_real(self) -> dict[str, float]:
        """What `measure` gives of held-out real images: the baseline, and their class shares."""
        classes = self.yardstick.classes
        return self.baseline if classes is None else {**self.baseline, **classes.real_columns}

    def measure(self, images: Tensor) -> dict[str, float]:
        """Metrics of [num_samples, C, H, H] uint8 images, C 1 or 3, by column name.

        Where the data has classes, the share of each among the images is a column too. The same
        images give the same numbers. All images equal is no special case.
        """
        return self.examine(images).columns

    def examine(self, images: Tensor) -> Examination:
        """`measure`, and which of the images look most like copies of which training images."""
        assert len(images) == self.num_samples, "metrics are compared at equal sample counts"
        columns, found = self.yardstick.examine(self.source.features(images))
        copies = suspects(found, self.yardstick.training.nearest, NUM_SUSPECTS)
        return Examination(columns, copies.sample.cpu(), self.order[copies.row.cpu()])

    def description(self) -> dict[str, Any]:
        """The `metrics` entry of study.json: every number's protocol."""
        count = self.num_samples
        blocks = f"{NUM_BLOCKS} blocks of {count // NUM_BLOCKS} samples"
        return {
            "extractor": self.extractor,
            "extractor_digest": self.source.digest,
            "family": self.family,
            "num_samples": count,
            "nearest_k": self.yardstick.nearest_k,
            "reference": f"train split, {self.num_reference} images",
            "frechet": f"{count} samples against the moments of all reference images",
            "kernel": f"(x.y / d + 1)^3, unbiased, {blocks}",
            "manifold": f"{count} samples against {count} reference images, closed balls",
            "memorisation": f"C_T (global) and authenticity: {count} samples, nearest of "
            f"{len(self.yardstick.training.rows)} reference images, against "
            f"{len(self.yardstick.training.heldout)} held-out ones",
            "modes": f"near-duplicates within squared distance "
            f"{self.yardstick.duplicate_distance:.4g}, RKE with squared bandwidth "
            f"{self.yardstick.bandwidth:.4g}",
            "names": self.names.model_dump(),
            "baseline": dict(self.baseline),
            **self._described_classes(),
        }

    def _described_classes(self) -> dict[str, Any]:
        classes = self.yardstick.classes
        if classes is None:
            return {}
        return {"class_share_by": classes.by, "class_share_real": list(classes.real)}


def make_evaluator(
    config: EvaluationConfig,
    reference: Images,
    heldout: Images,
    *,
    fingerprint: str,
    labels: Labels | None = None,
    device: torch.device | str = "cpu",
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Evaluator:
    """An evaluator of images against `reference`, the train split of a pack.

    `heldout` is its held-out split, whose metrics are the baseline; `fingerprint` is the pack's,
    and `labels` are the classes of both splits' images, where there are any.
    Features of both are kept in `cache`, by default `features` in the lab's cache folder; while
    they are computed, `progress` is told of how many more images, of both splits together.
    Raises InputError when the extractor cannot be had or the splits are too small.
    """
    num_samples = min(config.num_samples, len(heldout), len(reference))
    _check_size(num_samples, config.nearest_k, len(reference), len(heldout))
    source = load_extractor(config, torch.device(device))
    real = real_features(
        source,
        reference,
        heldout,
        num_samples=num_samples,
        fingerprint=fingerprint,
        cache=cache or cache_folder() / "features",
        progress=progress,
    )
    device = source.device
    neighbours = Nearest(*(part.to(device) for part in real.neighbours))
    rows, heldout_rows = real.reference.to(device), real.heldout.to(device)
    training = TrainingSide(rows, neighbours, heldout_rows)
    order = kept_order(len(reference), num_samples)
    orders = order, kept_order(len(heldout), num_samples)
    yardstick = Yardstick(
        names=metric_names(source.family),
        moments=real.moments,
        reference=rows[:num_samples],
        nearest_k=config.nearest_k,
        training=training,
        classes=classes_of(labels, source.head, training, orders),
    )
    baseline = yardstick.baseline()
    return Evaluator(num_samples, len(reference), baseline, source, yardstick, order)


def _check_size(num_samples: int, nearest_k: int, num_reference: int, num_heldout: int) -> None:
    if num_samples < MIN_SAMPLES:
        raise InputError(
            f"the data has {num_reference} train and {num_heldout} held-out images; metrics need "
            f"at least {MIN_SAMPLES} of each: use a larger data set"
        )
    if nearest_k >= num_samples:
        raise InputError(
            f"evaluation.nearest_k is {nearest_k}; it must be below the {num_samples} samples "
            "that are measured: lower it, or use more samples and data"
        )
