"""The contract of a metric: columns of an evaluation's row, from features and a reference.

A metric is a `Metric` in a file of this package and a line in `lab.catalogue.METRICS`
(docs/adding.md). Its columns then are in every row, in the record, on the terminal and among the
curves of the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from lab.catalogue import METRICS, resolve
from lab.metrics.moments import Moments
from lab.metrics.nearest import Nearest, TrainingSide
from lab.record.columns import metric_names

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The real images as features: what samples are compared with."""

    moments: Moments
    """Of every reference image."""
    reference: Tensor
    """[N, d]: as many reference images as an evaluation takes samples, always the same."""
    nearest_k: int
    """`evaluation.nearest_k`."""
    training: TrainingSide
    """Training and held-out images, to detect copies."""
    _kept: dict[Callable[[Yardstick], Any], Any] = field(default_factory=dict, repr=False)

    def once(self, make: Callable[[Yardstick], Made]) -> Made:
        """`make(self)`, computed at the first call: what depends on the real images alone."""
        if make not in self._kept:
            self._kept[make] = make(self)
        made: Made = self._kept[make]
        return made


class Sample(NamedTuple):
    """The images that are measured: generated ones, or held-out ones for the baseline."""

    features: Tensor
    """[N, d], N that of `Yardstick.reference`."""
    nearest: Nearest
    """The nearest training row of each."""
    heldout: bool = False
    """Whether they are held-out real images."""


@dataclass(frozen=True)
class Metric:
    """One metric, which may have several columns."""

    columns: tuple[str, ...]
    """Names without the extractor's family: `coverage` becomes `coverage_fashion`."""
    compute: Callable[[Sample, Yardstick], Sequence[float]]
    """The values of the columns. Equal samples must give equal values; NaN means undefined."""
    protocol: Callable[[Yardstick], str]
    """How it is measured, in a line for the record: sample counts, blocks, formula."""


def all_metrics() -> dict[str, Metric]:
    """Every metric of the catalogue, in the order of their columns."""
    return {name: resolve(METRICS, name) for name in METRICS}


def column_of(name: str, family: str) -> str:
    """The column of a metric under an extractor's family (`frechet` of Inception is `fid`)."""
    typed: dict[str, str] = metric_names(family).model_dump()
    return typed.get(name, f"{name}_{family}")


def measured(sample: Sample, yardstick: Yardstick, family: str) -> dict[str, float]:
    """All metrics of a sample, by column name."""
    row: dict[str, float] = {}
    for name, metric in all_metrics().items():
        values = metric.compute(sample, yardstick)
        assert len(values) == len(metric.columns), f"metric {name} gives a value for each column"
        columns = (column_of(column, family) for column in metric.columns)
        row |= dict(zip(columns, map(float, values), strict=True))
    return row
