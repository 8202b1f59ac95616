"""From images to the metrics of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lab.config import EvaluationConfig, cache_folder
from lab.errors import InputError
from lab.metrics.anchor import anchor_of
from lab.metrics.classes import Classes, Labels, classes_of
from lab.metrics.distances import MIN_SAMPLES
from lab.metrics.extractors import Extractor, load_extractor, settled
from lab.metrics.memorisation import suspects
from lab.metrics.metric import (
    Metric,
    Sample,
    Stream,
    Yardstick,
    all_metrics,
    columns_of,
    measured,
    streams_of,
)
from lab.metrics.nearest import Nearest, TrainingSide, nearest_few
from lab.metrics.reference import (
    Images,
    Progress,
    RealFeatures,
    features_file,
    in_batches,
    kept_order,
    real_features,
)
from lab.record.columns import MetricNames, metric_names
from lab.record.scale import Scale
from lab.user_file import UserFile

NUM_SUSPECTS = 32
"""Images whose nearest training image is reported."""


class Examination(NamedTuple):
    """Measurements of a set of images."""

    columns: dict[str, float]
    """Their metrics, by column name."""
    suspects: Tensor
    """Indices of at most `NUM_SUSPECTS` images most like copies, the most suspicious first; all
    are among the first `PackEvaluator.num_paired`."""
    originals: Tensor
    """The training image nearest to each of those, by its row in the train split."""


@dataclass(frozen=True, eq=False)
class PackEvaluator:
    """Measures generated images against the reference split of one pack."""

    num_samples: int
    """Images an evaluation takes."""
    num_reference: int
    """Images of the reference split."""
    baseline: dict[str, float]
    """The metrics of held-out real images, which perfect images would get."""
    anchor: dict[str, float]
    """Frechet and kernel distance of images of independent pixels, which show nothing."""
    source: Extractor
    yardstick: Yardstick
    classes: Classes | None
    """What assigns classes to images; None where the data has none."""
    order: Tensor
    """Row in the train split of each training row of the yardstick, int64 [T]."""

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
        """Column names of the metrics that the lab itself reads."""
        return metric_names(self.family, self.num_samples, self.num_paired)

    def columns_of(self, metric: Metric) -> tuple[str, ...]:
        """The columns of one metric."""
        return columns_of(metric, self.family, self.num_samples, self.num_paired)

    @property
    def scale(self) -> Scale:
        """The scale of quality: what a kernel distance means."""
        kernel, error = self.names.kernel, self.names.kernel_error
        return Scale(self.anchor[kernel], self.baseline[kernel], self.baseline[error])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all metrics, without class shares."""
        return tuple(self.baseline)

    @property
    def of_real(self) -> dict[str, float]:
        """`measure` of held-out real images: the baseline, and their class shares."""
        shares = {} if self.classes is None else self.classes.real_columns
        return {**self.baseline, **shares}

    @property
    def num_paired(self) -> int:
        """Images that metrics of equal counts take, the first: at most as many as a split has."""
        return len(self.yardstick.reference)

    def measure(self, images: Tensor) -> dict[str, float]:
        """Metrics of [num_samples, C, H, H] uint8 images, C 1 or 3, by column name.

        Where the data has classes, the share of each among the images is a column too. Equal
        images give equal numbers. Images that are all equal are no special case.
        """
        return self.examine(images).columns

    def examine(self, images: Tensor) -> Examination:
        """`measure`, and the images most like copies of training images."""
        return self.examine_parts([images])

    def examine_parts(self, parts: Iterable[Tensor]) -> Examination:
        """`examine` of images that come in parts, of which only the features of the first
        `num_paired` are kept. The parts' sizes do not change the numbers.
        """
        streams = {} if self.yardstick.measures_all else streams_of(self.yardstick)
        first, count = [], 0
        for batch in in_batches(parts, self.source.batch_size):
            features = self.source.features(batch)
            if count < self.num_paired:
                first.append(features[: self.num_paired - count])
            for stream in streams.values():
                stream.add(features)
            count += len(features)
        assert count == self.num_samples, "columns of a name have the same number of samples"
        return self._examined(torch.cat(first), streams)

    def nearest_training(self, images: Tensor, count: int) -> Nearest:
        """The `count` training images nearest to each of [N, C, H, H] uint8 images.

        [N, count] squared distances in feature space and rows in the train split, on the CPU.
        """
        few = nearest_few(self.source.features(images), self.yardstick.training.rows, count)
        return Nearest(few.distance.cpu(), self.order[few.row.cpu()])

    def distances(self, images: Tensor) -> dict[str, float]:
        """The Frechet and kernel distances alone of [num_samples, C, H, H] uint8 images."""
        features, columns = self.source.features(images), dict[str, float]()
        for name, stream in streams_of(self.yardstick).items():
            stream.add(features)
            named = self.columns_of(all_metrics()[name])
            columns |= dict(zip(named, map(float, stream.values()), strict=True))
        return {column: columns[column] for column in (self.names.frechet, self.names.kernel)}

    def _examined(self, features: Tensor, streams: Mapping[str, Stream]) -> Examination:
        training = self.yardstick.training
        sample = Sample(features, training.find(features))
        columns = measured(sample, self.yardstick, self.family, streams)
        if self.classes is not None:
            columns |= self.classes.columns(features, sample.nearest)
        copies = suspects(sample.nearest, training.nearest, NUM_SUSPECTS)
        return Examination(columns, copies.sample.cpu(), self.order[copies.row.cpu()])

    def description(self) -> dict[str, Any]:
        """The `metrics` entry of study.json: every number's protocol."""
        metrics = all_metrics()
        further = {
            role: column
            for metric in metrics.values()
            for role, column in zip(metric.columns, self.columns_of(metric), strict=True)
        }
        return {
            "extractor": self.extractor,
            "extractor_digest": self.source.digest,
            "family": self.family,
            "num_samples": self.num_samples,
            "num_paired": self.num_paired,
            "nearest_k": self.yardstick.nearest_k,
            "reference": f"train split, {self.num_reference} images",
            **{name: metric.protocol(self.yardstick) for name, metric in metrics.items()},
            "names": self.names.model_dump() | further,
            "baseline": dict(self.baseline),
            "anchor": dict(self.anchor),
            **self._described_classes(),
        }

    def protocol_of(self, column: str) -> str:
        """How a column is measured, in a sentence without its end."""
        for metric in all_metrics().values():
            if column in self.columns_of(metric):
                text = metric.protocol(self.yardstick)
                return f"{text}; {self.num_reference:,} training images; {self.extractor}"
        raise KeyError(column)

    def _described_classes(self) -> dict[str, Any]:
        if self.classes is None:
            return {}
        return {"class_share_by": self.classes.by, "class_share_real": list(self.classes.real)}


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
    files: tuple[UserFile, ...] = (),
) -> PackEvaluator:
    """An evaluator of images against `reference`, the train split of a pack.

    `heldout` is its held-out split, whose metrics are the baseline; `fingerprint` is the pack's,
    and `labels` are the classes of both splits' images, where there are any.
    Features of both are kept in `cache`, by default `features` in the lab's cache folder; while
    they are computed, `progress` gets the number of further images: those of both splits, then
    `num_samples` that show nothing.
    `files` are those of the configuration, for an extractor of a person's file.
    Raises InputError when the extractor cannot be had or the splits are too small.
    """
    num_paired = min(config.num_samples, len(heldout), len(reference))
    _check_size(num_paired, config.nearest_k, len(reference), len(heldout))
    config = settled(config, reference[0:1].shape[1])
    source = load_extractor(config, torch.device(device), files)
    cache = cache or cache_folder() / "features"
    real = real_features(
        source,
        reference,
        heldout,
        num_samples=num_paired,
        fingerprint=fingerprint,
        cache=cache,
        progress=progress,
    )
    training = _training_side(real, source.device)
    order = kept_order(len(reference), num_paired)
    orders = order, kept_order(len(heldout), num_paired)
    yardstick = Yardstick(
        real.moments, training.rows[:num_paired], config.num_samples, config.nearest_k, training
    )
    counts = len(reference), len(heldout), config.num_samples
    path = cache / features_file(source, f"anchor of {fingerprint}", *counts)
    anchor = anchor_of(source, reference, yardstick, path=path, progress=progress)
    names = metric_names(source.family, config.num_samples, num_paired)
    features = training.heldout[:num_paired]
    sample = Sample(features, training.find(features), heldout=True)
    return PackEvaluator(
        config.num_samples,
        len(reference),
        baseline=measured(sample, yardstick, source.family),
        anchor={names.frechet: anchor.frechet, names.kernel: anchor.kernel},
        source=source,
        yardstick=yardstick,
        classes=classes_of(labels, source.head, training, orders),
        order=order,
    )


def _training_side(real: RealFeatures, device: torch.device) -> TrainingSide:
    neighbours = Nearest(*(part.to(device) for part in real.neighbours))
    return TrainingSide(real.reference.to(device), neighbours, real.heldout.to(device))


def _check_size(num_paired: int, nearest_k: int, num_reference: int, num_heldout: int) -> None:
    if num_paired < MIN_SAMPLES:
        raise InputError(
            f"the data has {num_reference} train and {num_heldout} held-out images; metrics need "
            f"at least {MIN_SAMPLES} of each: use a larger data set"
        )
    if nearest_k >= num_paired:
        raise InputError(
            f"evaluation.nearest_k is {nearest_k}; it must be below the {num_paired} samples "
            "that are measured: lower it, or use more samples and data"
        )
