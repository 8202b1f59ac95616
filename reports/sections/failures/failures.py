"""How runs fail: shares of every verdict, over explore runs and by critic norm, penalty, loss.

The first bars count every explore run with a verdict. The bars by choice count only runs of trials
that no optimizer chose: an optimizer returns to regions where it did well, so its runs are a
biased sample of a choice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.finding import quoted
from reports.kit.markup import element
from reports.kit.outcomes import in_order, look, text_on
from reports.kit.panel import Panel, blank, plotly_text, words_at
from reports.kit.shares import RunShare
from reports.kit.words import MISSING, counted, short_name
from reports.sections.failures.onset import onset_blocks
from reports.sections.failures.survival import survival_blocks
from reports.sections.failures.survival_levels import level_blocks
from reports.study.comparisons import CHOICES, LEAST_IN_A_LEVEL, outcome_rows
from reports.study.short import short_finding
from reports.study.tables import (
    explored,
    finished,
    from_elsewhere,
    parameters_of,
    run_table,
    trial_table,
)

WHO = "chosen"
"""The group of all explore runs, by what chose their trials."""
UNCHOSEN, ELSEWHERE, CHOSEN = "known and Sobol", "trained elsewhere", "optimizer"
COLUMNS = ("group", "level", "outcome", "count", "total", "stable", "before")


def failure_blocks(study: StudyRecord) -> list[Block]:
    """The section: causes, the runs that were short, how long runs last, when they break."""
    return [
        *cause_blocks(study),
        *short_blocks(study),
        *survival_blocks(study),
        *level_blocks(study),
        *onset_blocks(study),
    ]


def cause_blocks(study: StudyRecord) -> list[Block]:
    """The bars of causes, of a study with at least one verdict."""
    runs = explored(run_table(study))
    if finished(runs).empty:
        return [Missing("No explore run has a verdict yet, so there are no failures to count.")]
    rows = failures_rows(study)
    num_left_out = len(runs) - int(rows["count"][rows["group"] == WHO].sum())
    return [draw_failures(rows, num_left_out, filters_of(study))]


def short_blocks(study: StudyRecord) -> list[Block]:
    """That short runs are no failures, with the evidence on a typical one; nothing without one."""
    finding = short_finding(finished(explored(run_table(study))))
    if finding is None:
        return []
    quotes = [part for quote in finding.quotes for part in (" ", quoted(quote))]
    words = element("p", element("strong", finding.claim), " ", finding.detail, *quotes)
    heading = element("h3", "Not failed, but short of images")
    return [element("div", heading, words, class_="short-runs")]


class Filters(NamedTuple):
    """What the page can filter by."""

    sampled: frozenset[str] = frozenset()
    """Paths of the parameters that the study sampled."""
    chosen: tuple[str, ...] = ()
    """Origins of the trials that an optimizer chose."""


def filters_of(study: StudyRecord) -> Filters:
    """The terms that this study's runs can be filtered by."""
    trials = trial_table(study)
    chosen = trials["origin"][~trials["unbiased"].astype(bool)]
    paths = frozenset(parameter.path for parameter in parameters_of(study))
    return Filters(paths, tuple(sorted(set(chosen))))


def failures_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per group, level and outcome: its count, and the runs in bar segments before it.

    Groups: all explore runs by what chose their trials, then each choice that took more than one
    value, over the runs that no optimizer chose. `total` and `stable` count the level's runs.
    """
    rows = outcome_rows(study)
    unchosen = rows[rows["unbiased"].astype(bool)]
    fixed = ELSEWHERE if from_elsewhere(study) else UNCHOSEN
    who = np.where(rows["unbiased"].astype(bool), fixed, CHOSEN)
    counts = [_counts(WHO, pd.Series(who, index=rows.index), rows["outcome"], [fixed, CHOSEN])]
    for path in CHOICES:
        levels = unchosen[path].astype(object).fillna(MISSING).astype(str)
        if levels.nunique() > 1:
            counts.append(_counts(path, levels, unchosen["outcome"], sorted(set(levels))))
    return pd.concat(counts, ignore_index=True)


def _counts(
    group: str, level: pd.Series[Any], outcome: pd.Series[Any], order: list[str]
) -> pd.DataFrame:
    """Counts of a group's levels, `before` summed along each bar."""
    table = pd.crosstab(level, outcome).reindex(order).dropna(how="all").astype(int)
    table = table[in_order(set(table.columns))]
    rows = table.melt(ignore_index=False, var_name="outcome", value_name="count")
    rows = rows.rename_axis("level").reset_index()
    total = table.sum(axis=1)
    stable = table["stable"] if "stable" in table else total * 0
    before = table.cumsum(axis=1).melt()["value"] - rows["count"]
    rows = rows.assign(
        group=group,
        total=rows["level"].map(total).astype(int),
        stable=rows["level"].map(stable).astype(int),
        before=before,
    )
    return rows.loc[rows["count"] > 0, list(COLUMNS)]


def draw_failures(
    rows: pd.DataFrame, num_left_out: int = 0, filters: Filters = Filters()
) -> Panel:
    """A bar per level, all of one length, cut by verdict; counts inside, the stable share beside.

    A click on a piece filters the page to its runs, as far as the filter has terms for them.
    """
    positions = _positions(rows)
    lowest = max(positions.values())
    figure = blank(int(62 + 34 * (lowest + 1)))
    for outcome in in_order(set(rows["outcome"])):
        figure.add_trace(_bars(outcome, rows[rows["outcome"] == outcome], positions, filters))
    levels = rows.drop_duplicates(["group", "level"])
    figure.add_trace(_totals(levels, positions))
    figure.update_layout(
        barmode="overlay",
        uniformtext={"mode": "hide", "minsize": 10},
        annotations=[
            *(_heading(group, positions) for group in levels["group"].unique()),
            _column_title(positions),
        ],
    )
    figure.update_xaxes(
        range=[0, 1.26], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", side="bottom"
    )
    figure.update_yaxes(
        range=[lowest + 0.55, min(positions.values()) - 1.45],
        tickvals=list(positions.values()),
        ticktext=[plotly_text(level) for _, level in positions],
        showgrid=False,
    )
    total = rows[rows["group"] == WHO].groupby("outcome")["count"].sum()
    return Panel(
        "failures",
        figure,
        "Shares of verdicts over explore runs, and by critic norm, penalty and loss over those "
        "that no optimizer chose.",
        {str(o): int(total[o]) for o in in_order(set(total.index))},
        narrow={
            "xaxis.range": [0, 1.8],
            "xaxis.tickvals": [0, 0.5, 1],
            f"annotations[{levels['group'].nunique()}].text": "",
        },
        note=_note(rows, num_left_out),
        table=_table(rows),
        marks="bars",
        extra={"bars": _pieces(rows, positions)},
        title="Verdicts by choice",
    )


def _note(rows: pd.DataFrame, num_left_out: int) -> str:
    note = (
        "Each bar holds all runs of its level, each piece the number with one verdict. Beside the "
        "bar: how many are stable, and the 95% interval of that share. "
    )
    if (rows["level"] == CHOSEN).any() and rows["group"].nunique() > 1:
        note += (
            "The bars by choice leave out runs of trials that the optimizer chose: it favours "
            "what went well. "
        )
    if (rows["total"] < LEAST_IN_A_LEVEL).any():
        note += f"Thin bars have fewer than {LEAST_IN_A_LEVEL} runs. "
    if num_left_out:
        note += f"{counted(num_left_out, 'explore run')} without a verdict not counted. "
    return note.strip()


def _positions(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Height of each bar from the top, with room for a heading over each group."""
    positions: dict[tuple[str, str], float] = {}
    height, before = 0.0, None
    for group, level in rows[["group", "level"]].drop_duplicates().itertuples(index=False):
        if before is not None:
            height += 2.1 if group != before else 1.0
        positions[(str(group), str(level))] = height
        before = group
    return positions


def _bars(
    outcome: str,
    rows: pd.DataFrame,
    positions: dict[tuple[str, str], float],
    filters: Filters,
) -> go.Bar:
    keys = list(zip(rows["group"], rows["level"], strict=True))
    shape = look(outcome)
    return go.Bar(
        orientation="h",
        width=[0.61 if n < LEAST_IN_A_LEVEL else 0.86 for n in rows["total"]],
        x=[float(share) for share in (rows["count"] / rows["total"]).round(6)],
        base=[float(share) for share in (rows["before"] / rows["total"]).round(6)],
        y=[positions[key] for key in keys],
        marker={"color": shape.colour, "line": {"width": 0}},
        text=[f"{count:,}" for count in rows["count"]],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": text_on(outcome), "size": 12},
        customdata=[_terms(outcome, *key, filters) for key in keys],
        hovertext=[
            f"{plotly_text(level)}: {counted(int(count), 'run')} of {total:,} "
            f"{plotly_text(outcome)} ({count / total:.0%})"
            for level, count, total in zip(
                rows["level"], rows["count"], rows["total"], strict=True
            )
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        meta={"of": "terms", "outcome": outcome},
    )


def _terms(outcome: str, group: str, level: str, filters: Filters) -> list[str]:
    """The filter that leaves a piece's runs: the verdict, the stage, and what chose it."""
    terms = [f"verdict={outcome}", "stage=explore"]
    if filters.chosen:
        sign = "" if level == CHOSEN else "-"
        terms.append(f"{sign}origin={'|'.join(filters.chosen)}")
    return [*terms, f"{group}={level}"] if group in filters.sampled else terms


def _totals(levels: pd.DataFrame, positions: dict[tuple[str, str], float]) -> go.Scatter:
    counts = zip(levels["stable"], levels["total"], strict=True)
    labels = [f" {k:,}/{n:,}, {RunShare(int(k), int(n)).bounds}" for k, n in counts]
    heights = [positions[key] for key in zip(levels["group"], levels["level"], strict=True)]
    return words_at([1.0] * len(labels), heights, labels)


def _heading(group: str, positions: dict[tuple[str, str], float]) -> dict[str, Any]:
    top = min(height for (name, _), height in positions.items() if name == group)
    heading = "by what chose the trial" if group == WHO else f"by {short_name(group)}"
    return {
        "x": 0,
        "y": top - 0.92,
        "xref": "x",
        "text": f"<b>{plotly_text(heading)}</b>",
        "showarrow": False,
        "xanchor": "left",
        "xshift": -4,
    }


def _column_title(positions: dict[tuple[str, str], float]) -> dict[str, Any]:
    return {
        "x": 1.0,
        "y": min(positions.values()) - 0.92,
        "xref": "x",
        "text": "stable, 95%",
        "font": {"size": 12},
        "showarrow": False,
        "xanchor": "left",
    }


def _pieces(rows: pd.DataFrame, positions: dict[tuple[str, str], float]) -> list[dict[str, Any]]:
    """The runs that each piece holds and where it begins, for the marks of matched runs."""
    return [
        {
            "group": group,
            "level": level,
            "outcome": outcome,
            "total": int(total),
            "before": int(before),
            "y": positions[(group, level)],
        }
        for group, level, outcome, total, before in rows[
            ["group", "level", "outcome", "total", "before"]
        ].itertuples(index=False)
    ]


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Group": [
                "all explore runs" if group == WHO else short_name(group)
                for group in rows["group"]
            ],
            "Level": rows["level"].to_numpy(),
            "Verdict": rows["outcome"].to_numpy(),
            "Runs": rows["count"].to_numpy(),
            "Runs of the level": rows["total"].to_numpy(),
            "Share": (rows["count"] / rows["total"]).to_numpy(),
        }
    )
