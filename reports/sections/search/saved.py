"""What stopping runs early saved: the rest of the budget at the speed of each run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import UNBROKEN, StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.layouts import lanes_axis
from reports.kit.outcomes import counts_in_order, in_order, look
from reports.kit.panel import Panel, blank, plain, plotly_text, words_at
from reports.kit.words import counted, number, percent
from reports.sections.search.bill import unit_of
from reports.sections.search.spending import parts_of, size_of, worked_seconds
from reports.study.tables import run_table

KINDS = {"failed": "stopped at a failure", "pruned": "pruned by choice"}


class Hours(NamedTuple):
    """Core- or GPU-hours of some runs."""

    spent: float
    saved: float


def saved_blocks(study: StudyRecord) -> list[Block]:
    """What was saved in a study that stopped a run before its budget; or why nothing was."""
    rows = saved_rows(study)
    if rows.empty:
        return [Missing("No run was stopped before its budget, so stopping saved nothing.")]
    if rows["saved"].isna().all():
        return [
            Missing(
                f"{counted(len(rows), 'run')} stopped before the budget, but their training speed "
                "is not in the record, so what that saved is unknown."
            )
        ]
    whole = float(np.nansum(worked_seconds(study) * size_of(study).units) / 3600)
    return [draw_saved(rows, whole, size_of(study).hours)]


def saved_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per run that was stopped before its budget: outcome, kind, spent and saved hours.

    `saved` is the images it did not see, at its own images per second in training, in core- or
    GPU-hours; evaluations that were not made are not counted. NaN where its speed is unknown.
    The index is the run's.
    """
    runs = run_table(study)
    if runs.empty:
        return pd.DataFrame(columns=["outcome", "kind", "spent", "saved"])
    units = size_of(study).units
    seen, budget, recorded = (
        runs[name].to_numpy(dtype=float)
        for name in ("images_seen", "budget_images", "images_per_second")
    )
    training = parts_of(study)["training"]
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.where(np.isfinite(recorded) & (recorded > 0), recorded, seen / training)
        saved = (budget - seen) / speed * units / 3600
    pruned = (runs["outcome"] == "pruned").to_numpy()
    failed = ~runs["outcome"].isin([*UNBROKEN, "running", "pruned", "errored"]).to_numpy()
    rows = pd.DataFrame(
        {
            "outcome": runs["outcome"],
            "kind": np.where(pruned, "pruned", "failed"),
            "spent": worked_seconds(study) * units / 3600,
            "saved": np.where(np.isfinite(saved), saved, np.nan),
        }
    )
    stopped: pd.DataFrame = rows[(pruned | failed) & (seen < budget)]
    return stopped


def draw_saved(rows: pd.DataFrame, whole: float, hours: str) -> Panel:
    """A bar per kind: the hours its runs took, and beyond those the hours saved."""
    kinds = [kind for kind in KINDS if (rows["kind"] == kind).any()]
    sums = {kind: _sums(rows[rows["kind"] == kind]) for kind in kinds}
    most = max(pair.spent + pair.saved for pair in sums.values())
    unit, scale = unit_of(hours, most)
    figure = blank(86 + 50 * len(kinds))
    for outcome in in_order(set(rows["outcome"])):
        chosen = rows[rows["outcome"] == outcome]
        kind = str(chosen["kind"].iloc[0])
        earlier = rows[(rows["kind"] == kind) & rows["outcome"].isin(_before(rows, outcome))]
        start, spared = _sums(earlier)
        spared += sums[kind].spent
        for base, column, opacity in ((start, "spent", 1.0), (spared, "saved", 0.35)):
            figure.add_trace(
                _bar(
                    chosen, outcome, kinds.index(kind), base * scale, column, opacity, scale, unit
                )
            )
    figure.add_trace(_labels(sums.values(), scale, unit))
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(
        range=[0, most * scale * 1.02],
        title={"text": plotly_text(unit), "font": {"size": 13}, "standoff": 6},
    )
    runs = rows["kind"].value_counts()
    names = [f"{kind}<br>{counted(int(runs[kind]), 'run')}" for kind in kinds]
    lanes_axis(figure, names, range=[len(kinds) - 0.45, -0.75])
    return Panel(
        "saved",
        figure,
        f"{hours.capitalize()} that stopped runs took, and those that stopping them saved.",
        counts_in_order(rows["outcome"]),
        note=_note(rows, whole, unit, scale),
        table=_table(rows, hours),
        title="What stopping saved",
    )


def _sums(rows: pd.DataFrame) -> Hours:
    return Hours(float(rows["spent"].sum()), float(rows["saved"].sum()))


def _before(rows: pd.DataFrame, outcome: str) -> list[str]:
    ordered = in_order(set(rows["outcome"]))
    return ordered[: ordered.index(outcome)]


def _bar(
    rows: pd.DataFrame,
    outcome: str,
    lane: int,
    base: float,
    column: str,
    opacity: float,
    scale: float,
    unit: str,
) -> go.Bar:
    hours = float(rows[column].sum()) * scale
    word = "taken by" if column == "spent" else "saved on"
    return go.Bar(
        orientation="h",
        base=plain([base]),
        x=plain([hours]),
        y=[lane],
        width=0.46,
        marker={
            "color": look(outcome).colour,
            "opacity": opacity,
            "line": {"width": 0},
        },
        hovertext=f"{number(hours)} {unit} {word} {counted(len(rows), 'run')} "
        f"{plotly_text(outcome)}",
        hovertemplate="%{hovertext}<extra></extra>",
        meta={"of": "hours", "outcome": outcome},
    )


def _labels(sums: Iterable[Hours], scale: float, unit: str) -> go.Scatter:
    """Over each bar: the hours its runs took, and the hours saved."""
    texts = [
        f"{number(pair.spent * scale)} {unit} taken, <b>{number(pair.saved * scale)} saved</b>"
        for pair in sums
    ]
    return words_at([0.0] * len(texts), [lane - 0.42 for lane in range(len(texts))], texts)


def _note(rows: pd.DataFrame, whole: float, unit: str, scale: float) -> str:
    """Hours saved by kind, and their shares of the cost of the search without any stop."""
    kinds = {
        kind: _sums(rows[rows["kind"] == kind]).saved
        for kind in KINDS
        if (rows["kind"] == kind).any()
    }
    unstopped = whole + sum(kinds.values())
    sentences = [
        f"{KINDS[kind].capitalize()}: {number(saved * scale)} {unit} saved, "
        f"{percent(saved / unstopped)} of the cost of the search without stopping."
        for kind, saved in kinds.items()
    ]
    sentences.append(
        "Computed from the images per second of each run; evaluations not made are saved on top."
    )
    if "pruned" in kinds:
        sentences.append(
            "Pruning is no sure gain: a pruned run might have failed soon, or ended well."
        )
    unknown = int(rows["saved"].isna().sum())
    if unknown:
        sentences.append(f"{counted(unknown, 'run')} of unknown speed not counted.")
    return " ".join(sentences)


def _table(rows: pd.DataFrame, hours: str) -> pd.DataFrame:
    sums = rows.groupby(["kind", "outcome"])[["spent", "saved"]].sum()
    return pd.DataFrame(
        {
            "Kind": [KINDS[kind] for kind, _ in sums.index],
            "Outcome": [outcome for _, outcome in sums.index],
            "Runs": rows.groupby(["kind", "outcome"]).size().to_numpy(),
            f"{hours} taken": sums["spent"].to_numpy(),
            f"{hours} saved": sums["saved"].to_numpy(),
        }
    )
