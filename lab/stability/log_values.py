"""The numbers of a log: a measurement that failed, a broken metric, rows between evaluations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from lab.errors import InputError
from lab.record import Row
from lab.record.columns import FIRST_NON_FINITE, NON_FINITE
from lab.record.words import brief, kimg
from lab.stability.history import number
from lab.stability.log_clock import Placed
from lab.stability.log_columns import LEFT_OUT

ROUNDING = 0.01
"""A distance may be below that of real images by this share of the largest: unbiased kernel
distances scatter around 0, and a Frechet distance loses digits in the square root of a product."""
JUMP = 100.0
"""A factor between neighbouring evaluations that no training passes up and down again."""


class BrokenMetric(InputError):
    """The numbers of a log are no distances, so nothing follows about the run."""


def check_metric(column: str, values: Sequence[float], floor: float) -> None:
    """Raise BrokenMetric for distances that cannot be such, whatever the training did."""
    top = max(abs(value - floor) for value in values)
    lowest = min(values)
    if lowest - floor < -ROUNDING * top and lowest < 0:
        raise BrokenMetric(
            f"broken metric: '{column}' is {brief(lowest)}, and a distance is not negative; "
            "nothing follows about the run: measure its images again"
        )
    ups, downs = _jumps(values)
    if ups and downs and len(ups) + len(downs) > 2:
        raise BrokenMetric(
            f"broken metric: '{column}' jumps from {brief(values[ups[0]])} to "
            f"{brief(values[ups[0] + 1])} and from {brief(values[downs[0]])} to "
            f"{brief(values[downs[0] + 1])} between neighbouring rows; nothing follows about the "
            "run: measure its images again"
        )


def _jumps(values: Sequence[float]) -> tuple[list[int], list[int]]:
    """Indices before a rise and before a fall by orders of magnitude."""
    pairs = list(enumerate(pairwise(values)))
    ups = [i for i, (one, two) in pairs if one > 0 and two / JUMP > one]
    downs = [i for i, (one, two) in pairs if two > 0 and one / JUMP > two]
    return ups, downs


def without_failed(
    placed: Sequence[Placed], column: str, metrics: Sequence[str]
) -> tuple[list[Placed], list[str]]:
    """Rows without the distances of evaluations that failed to measure, and those, in words.

    A cell that is not finite before a later finite one is such, and so is a single one at the end,
    of which nothing is known; two or more up to the end stay, as no image could be measured.
    `metrics` are the other columns that are left out of such a row where they are not finite.
    """
    numbers = [(i, number(entry.row, column)) for i, entry in enumerate(placed)]
    cells = [(i, value) for i, value in numbers if value is not None]
    finite = [i for i, value in cells if math.isfinite(value)]
    if not finite:
        return list(placed), []
    bad = [i for i, value in cells if not math.isfinite(value)]
    at_end = [i for i in bad if i > finite[-1]]
    failed = set(bad) if len(at_end) < 2 else set(bad) - set(at_end)
    spike = _spike([(i, value) for i, value in cells if math.isfinite(value)])
    if spike is not None:
        failed.add(spike)
    result = [
        entry
        if i not in failed
        else Placed(
            entry.images,
            {
                key: value
                for key, value in entry.row.items()
                if key != column and not (key in metrics and not _is_finite(value))
            },
        )
        for i, entry in enumerate(placed)
    ]
    notes = [
        f"'{column}' was {_spelled(placed[i], column)} at {kimg(placed[i].images)}: taken for a "
        f"measurement that failed{'' if i < finite[-1] else ', as nothing shows that it lasts'}"
        for i in sorted(failed)
    ]
    if len(notes) > 3:
        notes = [
            f"'{column}' held no usable number in {len(failed)} rows between good ones, first at "
            f"{kimg(placed[min(failed)].images)}: taken for measurements that failed"
        ]
    return result, notes


def _spike(cells: Sequence[tuple[int, float]]) -> int | None:
    """The one row whose distance is orders of magnitude above both of its neighbours."""
    ups, downs = _jumps([value for _, value in cells])
    if len(ups) == 1 and len(downs) == 1 and downs[0] == ups[0] + 1:
        return cells[downs[0]][0]
    return None


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _spelled(entry: Placed, column: str) -> str:
    value = number(entry.row, column)
    assert value is not None
    return brief(value) if math.isfinite(value) else str(value)


def without_filler(
    placed: Sequence[Placed], column: str, losses: Sequence[str]
) -> Sequence[Placed]:
    """Rows without their NaNs where NaN stands for a cell that was not logged.

    So pandas writes a log whose losses and distances were logged at different steps: no row has
    a finite number of both.
    """
    for loss in losses:
        if not any(_nan_cell(entry.row.get(loss)) for entry in placed):
            continue
        pairs = [(number(entry.row, column), number(entry.row, loss)) for entry in placed]
        only_distance = sum(_nan(b) and _good(a) for a, b in pairs)
        only_loss = sum(_nan(a) and _good(b) for a, b in pairs)
        both = sum(_good(a) and _good(b) for a, b in pairs)
        if only_distance > 1 and only_loss > 1 and not both:
            return [
                entry._replace(row={key: v for key, v in entry.row.items() if not _nan_cell(v)})
                for entry in placed
            ]
    return placed


def _nan_cell(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _nan(value: float | None) -> bool:
    return value is not None and math.isnan(value)


def _good(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def with_counted(placed: Sequence[Placed], losses: Sequence[str]) -> list[Placed]:
    """Rows with the count of their losses that were not finite, as the lab's own records have it.

    A NaN before the first finite loss of a column is that of a training that has not begun. The
    rows that were left out of a long file are like the one that counts them.
    """
    begun: set[str] = set()
    result: list[Placed] = []
    for entry in placed:
        row, bad = entry.row, 0
        for loss in losses:
            value = number(row, loss)
            if _good(value):
                begun.add(loss)
            elif value is not None and (loss in begun or math.isinf(value)):
                bad += 1
        if LEFT_OUT in row:
            bad *= 1 + row[LEFT_OUT]
            row = {name: value for name, value in row.items() if name != LEFT_OUT}
        if bad:
            row = {**row, NON_FINITE: bad, FIRST_NON_FINITE: entry.images}
        result.append(entry if row is entry.row else entry._replace(row=row))
    return result


def folded(placed: Sequence[Placed], quality: str) -> tuple[list[Placed], list[str]]:
    """The rows that have a quality, each with the latest cells of the rows since the one before.

    Programs log losses more often than distances. Rows after the last quality are left out, but
    for the first one with a loss that is not finite.
    """
    kept: list[Placed] = []
    between: Row = {}
    after: list[Placed] = []
    for entry in placed:
        row = entry.row
        if number(row, quality) is None:
            _add(between, row)
            after.append(entry)
        else:
            _add(between, row)
            kept.append(Placed(entry.images, between))
            between, after = {}, []
    if not kept:
        return list(placed), []
    failed = next((entry for entry in after if entry.row.get(NON_FINITE)), None)
    if failed is not None:
        kept.append(failed)
    elif after:
        return kept, [
            f"{len(after)} row{'s' if len(after) != 1 else ''} after the last '{quality}', at "
            f"{kimg(kept[-1].images)}, {'was' if len(after) == 1 else 'were'} not judged"
        ]
    return kept, []


def _add(earlier: Row, later: Row) -> None:
    """Later cells over earlier ones; a count of values that were not finite adds up."""
    counted = earlier.get(NON_FINITE)
    first = earlier.get(FIRST_NON_FINITE)
    earlier.update(later)
    if counted:
        earlier[NON_FINITE] = counted + (number(later, NON_FINITE) or 0)
        earlier[FIRST_NON_FINITE] = first
