"""The rows of a log on one clock of images: order, resumptions, and rows that repeat others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lab.errors import InputError
from lab.record import Row
from lab.record.words import brief, kimg
from lab.stability.history import number
from lab.stability.log_columns import Clock

SECONDS_SINCE_1970 = (1e9, 3e9)
UNITS_OF_A_SECOND = (1, 1e3, 1e6, 1e9)
"""Of times of day: seconds, and parts of them down to nanoseconds."""
DISAGREEMENT = 0.02
"""Two columns of images that differ by more than this share count different things."""
GOES_ON = math.log(1.5)
"""A distance within this factor of the last one may be that of the same weights."""
TINY = 1e-12


class Placed(NamedTuple):
    """A row and the images seen at it."""

    images: int
    row: Row
    position: int = 0
    """The row's index in the log."""


class AnotherRun(InputError):
    """A log in which a second run begins."""

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.position = position
        """Index of the second run's first row."""


Value = Callable[[Row], float | None]
"""The finite distance or quality of a row, or None."""


def placed_rows(rows: Sequence[Row], clock: Clock) -> tuple[list[Placed], list[str]]:
    """The rows in the order of the log with their images seen, and what was left out, in words.

    Raises InputError where the clock holds no number, times of day, or does not grow.
    """
    placed: list[Placed] = []
    lost = 0
    for position, row in enumerate(rows):
        seen = number(row, clock.column)
        if seen is None or not math.isfinite(seen) or seen < 0:
            lost += 1
        else:
            placed.append(Placed(round(seen * clock.unit), row, position))
    if not placed:
        raise InputError(f"no row of the log has a number in '{clock.column}'; give one that has")
    low = min(entry.images for entry in placed) / clock.unit
    high = max(entry.images for entry in placed) / clock.unit
    first, last = SECONDS_SINCE_1970
    for unit in UNITS_OF_A_SECOND:
        if first * unit <= low and high <= last * unit:
            raise InputError(
                f"'{clock.column}' holds times of day, such as {low:.0f}, which do not grow with "
                "training alone; name a column of images, steps or epochs"
            )
    if len(placed) > 2 and low == high:
        raise InputError(
            f"'{clock.column}' is {brief(low)} in all {len(placed)} rows; a clock must grow with "
            "training: name another column"
        )
    notes = [f"{_rows(lost)} without a finite number in '{clock.column}' {_were(lost)} left out"]
    return placed, notes if lost else []


def check_agreement(rows: Sequence[Row], clock: Clock, other: Clock) -> None:
    """Raise InputError where two columns that count images count differently."""
    for row in rows:
        one, two = number(row, clock.column), number(row, other.column)
        if one is None or two is None or not (math.isfinite(one) and math.isfinite(two)):
            continue
        a, b = one * clock.unit, two * other.unit
        if abs(a - b) > max(DISAGREEMENT * max(a, b), 1000.0):
            raise InputError(
                f"the log has two clocks that disagree: '{clock.column}' is {one:g} where "
                f"'{other.column}' is {two:g}; name the one that counts images"
            )


def in_one_piece(placed: Sequence[Placed], value: Value) -> tuple[list[Placed], list[str]]:
    """Rows in ascending order of images, each number of images once, and what was done, in words.

    A clock that goes back while the file continues is a resumption. Where the later rows fit the
    earlier ones at the same clock, they replace them; where they continue from the last row, the
    clock is continued.
    Raises InputError where neither can be known.
    """
    pieces = _ascending(placed)
    notes: list[str] = []
    if len(pieces) > 1 and _is_disorder(pieces):
        moved, latest = 0, -1
        for entry in placed:
            moved += entry.images < latest
            latest = max(latest, entry.images)
        notes.append(f"{_rows(moved)} out of order {_were(moved)} sorted")
        pieces = [sorted(placed, key=lambda entry: entry.images)]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole, note = _resumed(whole, piece, value)
        notes.append(note)
    merged, repeated = _merged(whole, value)
    if repeated:
        notes.append(
            f"{_rows(repeated)} with the clock of an earlier row and another number "
            f"{'counts' if repeated == 1 else 'count'} instead of it"
        )
    return merged, notes


def _ascending(placed: Sequence[Placed]) -> list[list[Placed]]:
    pieces = [[placed[0]]]
    for entry in placed[1:]:
        if entry.images < pieces[-1][-1].images:
            pieces.append([])
        pieces[-1].append(entry)
    return pieces


def _is_disorder(pieces: Sequence[Sequence[Placed]]) -> bool:
    """Whether the clock goes back too often for a training that was resumed."""
    num_rows = sum(len(piece) for piece in pieces)
    return len(pieces[0]) == 1 or (len(pieces) > 3 and num_rows < 3 * len(pieces))


def _resumed(whole: list[Placed], piece: list[Placed], value: Value) -> tuple[list[Placed], str]:
    """Earlier rows and those after the clock went back, as one run."""
    start, last = piece[0].images, whole[-1].images
    kept = [entry for entry in whole if entry.images < start]
    replaced = len(whole) - len(kept)
    back = f"the clock goes back from {kimg(last)} to {kimg(start)}"
    rewound = (
        [*kept, *piece],
        f"{back}: taken for a resumption from a checkpoint, whose rows replace "
        f"{_rows(replaced)} before it",
    )
    if _same_numbers(whole, piece, value):
        return rewound
    measured = [entry for entry in piece if value(entry.row) is not None]
    earlier = [entry for entry in whole if value(entry.row) is not None]
    if not measured or not earlier:
        if kept:
            return rewound
        raise _unknown(back)
    first = value(measured[0].row)
    then = value(min(earlier, key=lambda p: abs(p.images - measured[0].images)).row)
    end = value(earlier[-1].row)
    assert first is not None
    assert then is not None
    assert end is not None
    from_then, from_end = _factor(first, then), _factor(first, end)
    begins_anew = not kept
    if not begins_anew and from_then <= max(from_end, GOES_ON):
        return rewound
    if from_end < GOES_ON and from_end < from_then / 2:
        continued = [entry._replace(images=entry.images + last) for entry in piece]
        return (
            [*whole, *continued],
            f"{back}, where the distance continues from {brief(end)} to {brief(first)}: taken for "
            f"a resumption whose clock begins anew, and continued from {kimg(last)}",
        )
    if begins_anew and from_then < GOES_ON and from_then < from_end / 2:
        raise AnotherRun(
            f"{back}, and the distance from {brief(end)} to {brief(first)}, as at its first "
            "start: another run begins there; give the rows of one run",
            piece[0].position,
        )
    raise _unknown(back)


def _unknown(back: str) -> InputError:
    return InputError(
        f"{back}, and whether a run was resumed or another began cannot be known; give the rows "
        "of one run, or a column 'run' that names each"
    )


def _same_numbers(whole: Sequence[Placed], piece: Sequence[Placed], value: Value) -> bool:
    """Whether rows at the same clock hold the same numbers."""
    earlier = {entry.images: value(entry.row) for entry in whole}
    pairs = [
        (earlier[entry.images], value(entry.row)) for entry in piece if entry.images in earlier
    ]
    measured = [pair for pair in pairs if pair[0] is not None and pair[1] is not None]
    return bool(measured) and all(one == two for one, two in measured)


def _factor(one: float, two: float) -> float:
    return abs(math.log(max(abs(one), TINY)) - math.log(max(abs(two), TINY)))


def _merged(placed: Sequence[Placed], value: Value) -> tuple[list[Placed], int]:
    """One row for each number of images: later cells count; how many changed the quality."""
    kept: list[Placed] = []
    repeated = 0
    for entry in placed:
        if kept and entry.images == kept[-1].images:
            before, after = value(kept[-1].row), value(entry.row)
            repeated += before is not None and after is not None and before != after
            kept[-1] = entry._replace(row={**kept[-1].row, **entry.row})
        else:
            kept.append(entry)
    return kept, repeated


def _rows(count: int) -> str:
    return f"{count} row{'s' if count != 1 else ''}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
