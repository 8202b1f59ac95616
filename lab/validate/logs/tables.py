"""What the logs were called, as matrices, tables and figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import get_args

from lab.validate.logs.naming import NamedLog
from lab.validate.logs.scoring import NEVER, WITHIN, ScoredCell
from lab.validate.logs.synthetic import DRIFT_EVALUATIONS, Cell
from lab.validate.logs.truth import CALLED, RIGHT, Truth
from lab.validate.part import Cell as TableCell
from lab.validate.part import Matrix, Plane, Planes, Series, Table


def published_matrix(named: Sequence[NamedLog]) -> Matrix:
    """Published logs: truths against what the judge called them."""
    truths = [truth for truth in get_args(Truth) if any(it.log.truth == truth for it in named)]
    counts = [_counted([it.called for it in named if it.log.truth == truth]) for truth in truths]
    return Matrix("What the published logs were called", truths, list(CALLED), counts)


def synthetic_matrix(called: Mapping[Cell, Sequence[str]]) -> Matrix:
    """Synthetic logs: kinds against verdicts."""
    noises = sorted({cell.noise for cell in called})
    return Matrix(
        "What synthetic logs were called",
        [_title(cell) for cell in called],
        list(CALLED),
        [_counted(names) for names in called.values()],
        note=f"noise {', '.join(f'{noise:g}' for noise in noises)} in log distance; a dip of 4 or "
        "8 evaluations recovers, and nothing is claimed of it",
    )


def _title(cell: Cell) -> str:
    factor = f", factor {cell.factor:g}" if cell.factor != 1 else ""
    return f"{cell.kind}{factor}"


def _counted(called: Sequence[str]) -> list[int]:
    counts = Counter(called)
    return [counts[name] for name in CALLED]


def published_table(named: Sequence[NamedLog]) -> Table:
    """Each published log: its truth, its name, and how far the onset is from the true one."""
    rows: list[list[TableCell]] = [
        [
            it.log.name,
            it.log.truth,
            it.called,
            it.right,
            _interval(it.log.onset_kimg),
            it.break_kimg,
            it.onset_error,
        ]
        for it in named
    ]
    return Table(
        "Published logs",
        ("log", "truth", "called", "right", "true onset, kimg", "onset, kimg",
         "onset error, evaluations"),
        rows,
        note="Right names: "
        + "; ".join(f"{truth}: {', '.join(names)}" for truth, names in RIGHT.items())
        + ". A run that ended worse than its start is stalled only where the evidence states it. "
        "The onset error is 0 within the true interval.",
    )  # fmt: skip


def sources_table(named: Sequence[NamedLog]) -> Table:
    """Where each published log comes from, and what shows its truth."""
    rows: list[list[TableCell]] = [
        [it.log.name, it.log.source, len(it.log.rows), it.log.what_happened] for it in named
    ]
    return Table("Sources of the published logs", ("log", "source", "rows", "what happened"), rows)


def _interval(kimg: tuple[float, float] | None) -> str | None:
    if kimg is None:
        return None
    first, last = kimg
    return f"{first:,.0f}" if first == last else f"{first:,.0f} to {last:,.0f}"


def alarms_table(scored: Sequence[ScoredCell]) -> Table:
    """False alarms of healthy kinds at each noise."""
    rows: list[list[TableCell]] = []
    for it in scored:
        alarms = it.alarms
        usual = Counter(it.wrong_names).most_common(1)
        low, high = alarms.interval
        per_thousand = 1000 * alarms.share
        interval = f"{1000 * low:.2f} to {1000 * high:.2f}"
        name = usual[0][0] if usual else None
        rows.append(
            [it.cell.kind, it.cell.noise, alarms.count, alarms.total, per_thousand, interval, name]
        )
    return Table(
        "False alarms",
        ("kind", "noise", "alarms", "evaluations", "per 1,000", "95% interval", "mostly called"),
        rows,
        note=f"{_num_logs(scored)}; Wilson intervals; a log is judged until its first alarm",
    )


def power_table(scored: Sequence[ScoredCell]) -> Table:
    """How often each rise was found, and after how many evaluations that show it."""
    rows: list[list[TableCell]] = []
    for it in scored:
        in_time = it.found_in_time
        low, high = in_time.interval
        delays = it.delays[(it.delays >= 1) & (it.delays < NEVER)]
        rows.append(
            [
                it.cell.kind,
                it.cell.noise,
                it.cell.factor,
                f"{in_time.share:.1%}",
                f"{low:.1%} to {high:.1%}",
                f"{it.found_within(NEVER - 1).share:.1%}",
                f"{it.too_early.share:.1%}",
                float(median(delays)) if len(delays) else None,
            ]
        )
    return Table(
        "Rises found",
        ("kind", "noise", "factor", "in time", "95% interval", "at all", "too early",
         "median delay"),
        rows,
        note=f"{_num_logs(scored)}; Wilson intervals; in time: at one of the first {WITHIN} "
        f"evaluations of the whole factor, or before; a drift takes {DRIFT_EVALUATIONS} to it; "
        "the delay counts evaluations from the first that shows the rise",
    )  # fmt: skip


def _num_logs(scored: Sequence[ScoredCell]) -> str:
    counts = sorted({len(it.names) for it in scored})
    return f"{' or '.join(f'{count:,}' for count in counts)} logs a row"


def alarms_figure(scored: Sequence[ScoredCell]) -> Planes:
    """False alarms against noise, a line a kind."""
    lines = [
        Series(
            kind,
            [it.cell.noise for it in of_kind],
            [1000 * it.alarms.share for it in of_kind],
            line=True,
        )
        for kind, of_kind in _by_kind(scored).items()
    ]
    return Planes(
        "False alarms against noise",
        "noise in log distance",
        "false alarms per 1,000 evaluations",
        [Plane("healthy logs", lines)],
    )


def power_figure(scored: Sequence[ScoredCell]) -> Planes:
    """Share of rises found in time against their factor: a plane a kind, a line a noise."""
    planes = []
    for kind, of_kind in _by_kind(scored).items():
        lines = []
        for noise in dict.fromkeys(it.cell.noise for it in of_kind):
            cells = [it for it in of_kind if it.cell.noise == noise]
            shares = [it.found_in_time.share for it in cells]
            lines.append(
                Series(f"noise {noise:g}", [it.cell.factor for it in cells], shares, line=True)
            )
        planes.append(Plane(kind, lines))
    return Planes(
        f"Rises found within {WITHIN} evaluations of their whole height",
        "factor of the rise",
        "share of the logs",
        planes,
    )


def _by_kind(scored: Sequence[ScoredCell]) -> dict[str, list[ScoredCell]]:
    kinds: dict[str, list[ScoredCell]] = {}
    for it in scored:
        kinds.setdefault(it.cell.kind, []).append(it)
    return kinds
