"""The finalists: the race runs each was chosen by beside its fresh runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lab.record import StudyRecord
from reports.kit.axes import Ruler
from reports.kit.markup import Child, Html, element, trial_link
from reports.kit.outcomes import glyph
from reports.kit.shares import RunShare
from reports.kit.table import Cell, Column, TableRow, table
from reports.kit.words import MISSING, fixed, number
from reports.study.conclusions import Finalist, conclusions_of, finalist_results
from reports.study.tables import names_of, ruler_of


def finalists_table(study: StudyRecord) -> Html | None:
    """Every finalist by the race runs it was chosen by and by its fresh runs."""
    results = finalist_results(study)
    if not results:
        return None
    recommended = conclusions_of(study).recommended
    names, ruler = names_of(study), ruler_of(study)
    kernel: list[str | Column] = [] if ruler is None else [Column(ruler.column, is_number=True)]
    head: list[str | Column] = [
        "trial", "fresh runs stable", "in the race", "quality",
        *kernel,
        Column("worst quarter", is_number=True), Column(names.frechet, is_number=True),
        "fresh seeds",
    ]  # fmt: skip
    beside = "" if ruler is None else f"{ruler.column}: the distance of that quality. "
    lines = [_line(finalist, recommended, ruler) for finalist in results]
    return element(
        "div",
        element("h3", "Finalists"),
        table(lines, head, kind="finalists", label="Finalists"),
        element(
            "p",
            "In the order of the race, which fresh runs do not change. Fresh runs: stable of "
            "total and the Wilson 95% interval. In the race: the runs that the trial was chosen "
            "by, which are biased in its favour. Quality: interquartile mean of the final quality "
            "over fresh runs, failures as 0, and its bootstrap interval, nominally 95% and from "
            "few seeds too narrow (Methods states by how much). Worst quarter: the mean of "
            f"the worst quarter of them. {beside}{names.frechet}: median over the stable fresh "
            "runs.",
            class_="note",
        ),
        class_="wide",
        id="finalists",
    )  # fmt: skip


def _line(finalist: Finalist, recommended: int | None, ruler: Ruler | None) -> TableRow:
    is_chosen = finalist.trial == recommended
    pending = f"{finalist.num_pending} not ended" if finalist.num_pending else None
    name = [
        glyph("stable") if is_chosen else None,
        trial_link(finalist.trial),
        element("small", "recommended") if is_chosen else None,
    ]
    distance = [] if ruler is None else [ruler.distance(finalist.quality)]
    cells: list[Child | Cell] = [
        Cell(name),
        Cell([_count(finalist.fresh), element("small", pending) if pending else None]),
        _count(finalist.race),
        _quality(finalist),
        *distance,
        MISSING if math.isnan(finalist.risk) else fixed(finalist.risk),
        MISSING if math.isnan(finalist.frechet) else number(finalist.frechet),
        _seeds(finalist.seeds),
    ]
    return TableRow(cells, "best" if is_chosen else "")


def _quality(finalist: Finalist) -> str:
    if math.isnan(finalist.quality):
        return MISSING
    low, high = finalist.quality_interval
    between = "" if math.isnan(low) else f" ({fixed(low)}–{fixed(high)})"
    return f"{fixed(finalist.quality)}{between}"


def _count(share: RunShare) -> str:
    return share.brief if share.total else "none"


def _seeds(seeds: Sequence[int]) -> str:
    """`1000–1006`, or one by one where they do not follow each other."""
    ordered = sorted(seeds)
    if len(ordered) > 2 and np.all(np.diff(ordered) == 1):
        return f"{ordered[0]}–{ordered[-1]}"
    return ", ".join(map(str, ordered)) or MISSING
