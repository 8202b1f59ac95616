"""The finalists: the race that each won beside the fresh runs that it was not chosen by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lab.record import StudyRecord
from reports.kit.markup import Html, element, joined, scrollable
from reports.kit.outcomes import glyph
from reports.kit.words import MISSING, fixed, number, percents
from reports.study.conclusions import conclusions_of, finalist_rows
from reports.study.tables import names_of


def finalists_table(study: StudyRecord) -> Html | None:
    """Every finalist by the race it won and by the fresh runs that it was not chosen by."""
    rows = finalist_rows(study)
    if rows.empty:
        return None
    recommended = conclusions_of(study).recommended
    names = names_of(study)
    head = ["trial", "fresh runs stable", "in the race", "quality", "worst quarter"]
    lines = [_line(row, recommended) for row in rows.to_dict("records")]
    return element(
        "div",
        element("h3", "Finalists"),
        scrollable(element(
            "table",
            element("thead", element("tr", *(
                element("th", name, scope="col") for name in [*head, names.frechet, "fresh seeds"]
            ))),
            element("tbody", joined(lines)),
            class_="finalists",
        ), "Finalists"),
        element(
            "p",
            "In the race's order, which fresh runs do not change. Fresh runs: stable of total and "
            "the Wilson 95% interval. In the race: the runs that the trial was chosen by, which "
            "flatter whom they choose. Quality: interquartile mean of the final quality over "
            "fresh runs, failures as 0, and its bootstrap interval, nominally 95% and from few "
            "seeds too narrow (how much is said at the page's end). Worst quarter: the mean of "
            f"the worst quarter of them. {names.frechet}: median over the stable fresh runs.",
            class_="note",
        ),
        class_="wide",
        id="finalists",
    )  # fmt: skip


def _line(row: dict[Any, Any], recommended: int | None) -> Html:
    trial = int(row["trial"])
    chosen = trial == recommended
    pending = f"{row['num_pending']} not ended" if row["num_pending"] else None
    quality = fixed(row["quality"]) if not math.isnan(row["quality"]) else MISSING
    if not math.isnan(row["quality_low"]):
        quality += f" ({fixed(row['quality_low'])}–{fixed(row['quality_high'])})"
    return element(
        "tr",
        element("th", glyph("stable") if chosen else None, _link(trial),
                element("small", "recommended") if chosen else None, scope="row"),
        element("td", _count(row, "confirm"), element("small", pending) if pending else None),
        element("td", _count(row, "race")),
        element("td", quality),
        element("td", fixed(row["risk"]) if not math.isnan(row["risk"]) else MISSING),
        element("td", number(row["frechet"]) if not math.isnan(row["frechet"]) else MISSING),
        element("td", _seeds(row["seeds"])),
        class_="best" if chosen else None,
    )  # fmt: skip


def _count(row: dict[Any, Any], name: str) -> str:
    if not row[f"{name}_total"]:
        return "none"
    interval = percents(row[f"{name}_low"], row[f"{name}_high"])
    return f"{row[f'{name}_stable']} of {row[f'{name}_total']} ({interval})"


def _seeds(seeds: list[int]) -> str:
    """`1000–1006`, or one by one where they do not follow each other."""
    ordered = sorted(seeds)
    if len(ordered) > 2 and np.all(np.diff(ordered) == 1):
        return f"{ordered[0]}–{ordered[-1]}"
    return ", ".join(map(str, ordered)) or MISSING


def _link(trial: int) -> Html:
    return element("a", f"trial {trial}", href=f"#trial={trial}")
