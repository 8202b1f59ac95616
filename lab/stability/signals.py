"""The window of signals between two evaluations: kept on the device, read once at its end.

Only `SignalWindow.close` and `SignalWindow.non_finite` wait for the device.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from lab.record import SIGNAL_PREFIX
from lab.stability.signals_steps import overfitting

ROWS_IN_A_CHUNK = 64
LARGEST = ("lipschitz",)
"""Signals whose largest value counts, not their mean."""
FOR_OVERFITTING = ("logit_train", "logit_heldout", "logit_generated")
"""Mean logits of one critic; the first and the last are stored as r_v only."""
MIN_STEPS = 3
"""Shorter series have no autocorrelation."""


class SignalWindow:
    """The signals since the last evaluation."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, ...], _Table] = {}

    def add(self, images_seen: int, *groups: Mapping[str, Tensor]) -> None:
        """Add one step's detached 0-d tensors, observed when `images_seen` images had been seen.

        Signals that are not taken at every step are a separate group.
        """
        for group in groups:
            table = self._tables.get(names := tuple(group))
            if table is None:
                table = self._tables[names] = _Table()
            table.add(images_seen, torch.stack(tuple(group.values())))

    def non_finite(self) -> bool:
        """Whether any value was not finite; waits for the device."""
        finite = [table.values().isfinite().all() for table in self._tables.values()]
        return bool(finite) and not bool(torch.stack(finite).all())

    def close(self) -> dict[str, float | int]:
        """The columns of the evaluation row; empties the window and waits for the device.

        Means over the steps that had a signal, extremes, and the autocorrelation of the logit
        gap. `signal_non_finite` counts the steps with a non-finite value; if there is one,
        `signal_first_non_finite_images` is the number of images seen at the first.
        """
        series: dict[str, Tensor] = {}
        bad: set[int] = set()
        for names, table in self._tables.items():
            values = table.values().cpu().double()
            finite = values.isfinite().all(dim=1).tolist()
            bad |= {seen for seen, good in zip(table.images_seen, finite, strict=True) if not good}
            series |= dict(zip(names, values.unbind(dim=1), strict=True))
        self._tables = {}
        columns: dict[str, float | int] = {**_averages(series), **_in_order(series)}
        columns["non_finite"] = len(bad)
        if bad:
            columns["first_non_finite_images"] = min(bad)
        return {SIGNAL_PREFIX + name: value for name, value in columns.items()}


class _Table:
    """The rows of one group of signals."""

    def __init__(self) -> None:
        self.images_seen: list[int] = []
        self._chunks: list[Tensor] = []
        self._rows: list[Tensor] = []

    def add(self, images_seen: int, row: Tensor) -> None:
        self.images_seen.append(images_seen)
        self._rows.append(row)
        if len(self._rows) == ROWS_IN_A_CHUNK:
            self._chunks.append(torch.stack(self._rows))
            self._rows = []

    def values(self) -> Tensor:
        """[num_rows, num_signals]"""
        rows = [torch.stack(self._rows)] if self._rows else []
        self._chunks, self._rows = [torch.cat([*self._chunks, *rows])], []
        return self._chunks[0]


def _averages(series: Mapping[str, Tensor]) -> dict[str, float]:
    """A number for each signal, r_v among them."""
    columns = {
        name: float(values.max() if name in LARGEST else values.mean())
        for name, values in series.items()
    }
    if all(name in columns for name in FOR_OVERFITTING):
        r_v = overfitting(*(columns[name] for name in FOR_OVERFITTING))
        del columns["logit_train"], columns["logit_generated"]
        if r_v is not None:
            columns["r_v"] = r_v
    return columns


def _in_order(series: Mapping[str, Tensor]) -> dict[str, float]:
    """Extremes of the critic's loss, and the spread and autocorrelation of the logit gap."""
    columns: dict[str, float] = {}
    if (loss := series.get("critic_loss")) is not None:
        columns |= {"critic_loss_max": float(loss.max()), "critic_loss_min": float(loss.min())}
    if (real := series.get("logit_real")) is not None and len(real) >= MIN_STEPS:
        gap = real - series["logit_fake"]
        columns["logit_gap_autocorrelation"] = autocorrelation(gap)
        columns["logit_gap_std"] = deviation(gap)
    return columns


def autocorrelation(series: Tensor) -> float:
    """Lag-1 autocorrelation, sum (x_t - m)(x_t+1 - m) / sum (x_t - m)^2 (Box & Jenkins).

    `series` is [num_steps]. Near 1 if it drifts or swings slowly, near -1 if it flips at every
    step; 0 for a constant series.
    """
    centred = series.double() - series.double().mean()
    spread = float(centred.square().sum())
    if spread == 0.0:
        return 0.0
    return float((centred[1:] * centred[:-1]).sum()) / spread


def deviation(series: Tensor) -> float:
    """Root mean squared distance of a series [num_steps] from its mean."""
    return float(series.double().std(correction=0))
