"""Signals: cheap per-step quantities, summed on the device, read once an evaluation.

Nothing here waits for the device but `SignalWindow.close` and `SignalWindow.non_finite`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from lab.record import SIGNAL_PREFIX

_NEVER = -1


def pairwise_diversity(images: Tensor) -> Tensor:
    """Root mean squared distance between two different images of a batch, a pixel; [].

    `images` is [B, ...]. The mean over pairs is twice the unbiased variance (a U-statistic).
    """
    return (2 * images.float().flatten(1).var(dim=0).mean()).sqrt()


def relative_change(before: list[Tensor], after: list[Tensor]) -> Tensor:
    """|after - before| / |before| over lists of tensors; []. The update ratio of one step."""
    change = torch.nn.utils.get_total_norm(torch._foreach_sub(after, before))
    return change / torch.nn.utils.get_total_norm(before)


class SignalWindow:
    """Means of signals since the last evaluation, and when one was first not finite."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._open()

    def _open(self) -> None:
        device = self.device
        self._num_bad = torch.zeros((), dtype=torch.long, device=device)
        self._first_bad = torch.full((), _NEVER, dtype=torch.long, device=device)
        self._sums: dict[tuple[str, ...], Tensor] = {}
        self._counts: dict[tuple[str, ...], int] = {}

    @torch.no_grad()
    def add(self, images_seen: int, *groups: Mapping[str, Tensor]) -> None:
        """Add one step's 0-d tensors, observed when `images_seen` images had been seen.

        Signals that are not taken at every step come as a group of their own.
        """
        rows = [torch.stack([value.float() for value in group.values()]) for group in groups]
        bad = ~torch.cat(rows).isfinite().all()
        self._num_bad += bad
        unseen = bad & (self._first_bad == _NEVER)
        self._first_bad.masked_fill_(unseen, images_seen)
        for group, row in zip(groups, rows, strict=True):
            names = tuple(group)
            total = self._sums.get(names)
            self._sums[names] = row if total is None else total + row
            self._counts[names] = self._counts.get(names, 0) + 1

    def non_finite(self) -> bool:
        """Whether anything was not finite; waits for the device."""
        return bool(self._num_bad)

    def close(self) -> dict[str, float | int]:
        """Columns of the evaluation row, and a fresh window; waits for the device.

        `signal_non_finite` counts the steps with a non-finite value; when there is one,
        `signal_first_non_finite_images` dates the first.
        """
        columns: dict[str, float | int] = {}
        for names, total in self._sums.items():
            means = (total / self._counts[names]).tolist()
            columns |= {
                SIGNAL_PREFIX + name: mean for name, mean in zip(names, means, strict=True)
            }
        num_bad = int(self._num_bad)
        columns[SIGNAL_PREFIX + "non_finite"] = num_bad
        if num_bad:
            columns[SIGNAL_PREFIX + "first_non_finite_images"] = int(self._first_bad)
        self._open()
        return columns
