"""The contract of a metric: columns of an evaluation's row, from features and a reference.

A metric is a `Metric` in a file of this package and a line in `lab.catalogue.METRICS`
(docs/adding.md). Its columns then are in every row, in the record, on the terminal and among the
curves of the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from torch import Tensor

from lab.catalogue import METRICS, resolve
from lab.metrics.moments import Moments
from lab.metrics.nearest import Nearest, TrainingSide
from lab.record.columns import counted, metric_names

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The real images as features: what samples are compared with."""

    moments: Moments
    """Of every reference image."""
    reference: Tensor
    """[P, d]: reference images for metrics of equal counts, always the same. P is the number of
    samples of an evaluation, or that of the smaller split, if there are fewer images."""
    num_samples: int
    """N, samples of an evaluation; P or more."""
    nearest_k: int
    """`evaluation.nearest_k`."""
    training: TrainingSide
    """Training and held-out images, to detect copies."""
    _kept: dict[Callable[[Yardstick], Any], Any] = field(default_factory=dict, repr=False)

    @property
    def measures_all(self) -> bool:
        """Whether metrics of equal counts measure every sample: N is P."""
        return len(self.reference) == self.num_samples

    @property
    def paired(self) -> str:
        """The samples that metrics of equal counts measure, in words."""
        count = len(self.reference)
        return f"{count} samples" if self.measures_all else f"first {count} samples"

    def once(self, make: Callable[[Yardstick], Made]) -> Made:
        """`make(self)`, computed at the first call: what depends on the real images alone."""
        if make not in self._kept:
            self._kept[make] = make(self)
        made: Made = self._kept[make]
        return made


class Sample(NamedTuple):
    """The images that are measured: generated ones, or held-out ones for the baseline."""

    features: Tensor
    """[P, d], P that of `Yardstick.reference`."""
    nearest: Nearest
    """The nearest training row of each."""
    heldout: bool = False
    """Whether they are held-out real images."""


class Stream(Protocol):
    """A metric of samples that come in parts, so that memory does not grow with their number."""

    def add(self, features: Tensor) -> None:
        """Take in [n, d] more features."""

    def values(self) -> Sequence[float]:
        """The values of the metric's columns, after the last part."""


@dataclass(frozen=True)
class Metric:
    """One metric, which may have several columns."""

    columns: tuple[str, ...]
    """Names without the extractor's family and the number of samples: `coverage` becomes
    `coverage_fashion_2k`."""
    compute: Callable[[Sample, Yardstick], Sequence[float]]
    """The values of the columns. Equal samples must give equal values; NaN means undefined."""
    protocol: Callable[[Yardstick], str]
    """How it is measured, in a line for the record: sample counts, blocks, formula."""
    stream: Callable[[Yardstick], Stream] | None = None
    """For a metric that takes more samples than there are real images: it then gets all N
    samples through this, where the others compute on the first P."""


def all_metrics() -> dict[str, Metric]:
    """Every metric of the catalogue, in the order of their columns."""
    return {name: resolve(METRICS, name) for name in METRICS}


def columns_of(
    metric: Metric, family: str, num_samples: int | None, num_paired: int | None = None
) -> tuple[str, ...]:
    """The columns of a metric under an extractor's family at a number of samples.

    `coverage` is `coverage_fashion_2k`, `frechet` of Inception `fid_2k`: see `metric_names`.
    """
    typed: dict[str, str] = metric_names(family, num_samples, num_paired).model_dump()
    count = counted(num_samples if metric.stream else num_paired or num_samples)
    return tuple(typed.get(name, f"{name}_{family}{count}") for name in metric.columns)


def streams_of(yardstick: Yardstick) -> dict[str, Stream]:
    """A new stream of each metric that has one, by its name in the catalogue."""
    metrics = all_metrics().items()
    return {name: metric.stream(yardstick) for name, metric in metrics if metric.stream}


def measured(
    sample: Sample, yardstick: Yardstick, family: str, streams: Mapping[str, Stream] | None = None
) -> dict[str, float]:
    """All metrics of a sample, by column name; those of `streams` take their values from there."""
    row: dict[str, float] = {}
    for name, metric in all_metrics().items():
        stream = (streams or {}).get(name)
        values = metric.compute(sample, yardstick) if stream is None else stream.values()
        assert len(values) == len(metric.columns), f"metric {name} gives a value for each column"
        columns = columns_of(metric, family, yardstick.num_samples, len(yardstick.reference))
        row |= dict(zip(columns, map(float, values), strict=True))
    return row
