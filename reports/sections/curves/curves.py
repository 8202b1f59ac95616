"""Curves of every run over images seen, their interquartile mean, and where runs failed.

The range of the axis comes from values measured before any failure, so that a run that exploded
does not flatten the others; points outside it, and values that are not finite, are counted beneath
the figure. Many runs are drawn as a density. The page's script draws the other metrics from the
store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.record import IMAGES_SEEN, QUALITY, UNBROKEN, StudyRecord
from reports.kit.axes import Ruler, quality_ticks, quality_title
from reports.kit.blocks import Block, Missing
from reports.kit.outcomes import counts_in_order, in_order
from reports.kit.panel import FAINT, Option, Panel, Picker, blank, plain, plotly_text
from reports.kit.words import number, short_name
from reports.sections.curves.fates import add_fates, fate_rows
from reports.sections.curves.summaries import (
    LEAST_RUNS,
    Slots,
    Summariser,
    Summary,
    slots_of,
)
from reports.sections.curves.traces import (
    baseline_trace,
    density_trace,
    end_trace,
    leader_trace,
    line_trace,
    middle_traces,
    target_trace,
)
from reports.study.conclusions import leader_word, leading_run
from reports.study.scale import is_large
from reports.study.store import curve_names
from reports.study.tables import (
    TargetLine,
    explored,
    names_of,
    ruler_of,
    run_table,
    target_line,
    trial_table,
)

Array = NDArray[np.float64]
MOST_LINES = 300
"""Most lines of the selection drawn over a density."""


def curve_blocks(study: StudyRecord) -> list[Block]:
    """The curves of a study with at least one evaluation."""
    metrics = [name for name in curve_names(study) if name != IMAGES_SEEN]
    if study.evaluations.num_rows == 0 or not metrics:
        return [Missing("No run has been evaluated yet, so there is no curve.")]
    rows = curve_rows(study)
    slots = slots_of(rows["images"].to_numpy(dtype=float), study.evaluations.run)
    best = leading_run(study)
    panel = draw_curves(
        rows,
        summaries_of(rows, slots, metrics, study.evaluations.column, study.card.metrics.baseline),
        study.evaluations.column(metrics[0]),
        slots,
        fate_rows(study),
        leader=None if best is None else (best, leader_word(study)),
        ruler=ruler_of(study),
        target=target_line(study),
        names=frozenset(names_of(study).model_dump().values()),
        large=is_large(study),
    )
    return [panel]


def curve_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per evaluation: run, trial, outcome, images, onset, alive, unbiased.

    `alive` is False from the failure on; a stalled or short run is alive to its end. `unbiased`
    marks explore runs of trials that no optimizer chose, which the interquartile mean is over;
    where there are none it marks every run.
    """
    runs = run_table(study)
    evaluations = study.evaluations
    is_unbiased = trial_table(study)["unbiased"].astype(bool)
    unbiased = explored(runs)
    unbiased = unbiased[unbiased["trial"].isin(is_unbiased.index[is_unbiased])]
    if unbiased.empty:
        unbiased = runs
    broke = ~runs["outcome"].isin(UNBROKEN)
    onset = runs["onset_images"].where(broke).to_numpy(dtype=float)
    at = evaluations.run
    images = evaluations.column(IMAGES_SEEN)
    return pd.DataFrame(
        {
            "run": at,
            "trial": runs["trial"].to_numpy()[at],
            "outcome": runs["outcome"].to_numpy()[at],
            "images": images,
            "onset": onset[at],
            "alive": np.isnan(onset[at]) | (images < onset[at]),
            "unbiased": runs.index.isin(unbiased.index)[at],
        }
    )


def summaries_of(
    rows: pd.DataFrame,
    slots: Slots,
    metrics: list[str],
    column: Callable[[str], Array],
    baseline: dict[str, float],
) -> list[Summary]:
    """The summary of every metric, in order."""
    summariser = Summariser(rows, slots)
    return [summariser.summary(name, column(name), baseline.get(name, np.nan)) for name in metrics]


def draw_curves(
    rows: pd.DataFrame,
    summaries: list[Summary],
    values: Array,
    slots: Slots,
    fates: pd.DataFrame,
    *,
    leader: tuple[int, str] | None = None,
    ruler: Ruler | None = None,
    target: TargetLine | None = None,
    names: frozenset[str] = frozenset(),
    large: bool = False,
) -> Panel:
    """A thin line per run, or a density of all; the interquartile mean in bold; marks at the ends.

    `values` [rows] are those of the first metric; the script draws the others. Beneath, the shares
    of runs alive, failed and pruned by then.
    """
    first = summaries[0]
    figure = blank(590)
    runs = rows.drop_duplicates("run")
    if large:
        figure.add_trace(density_trace(first, slots))
    else:
        for outcome in in_order(set(runs["outcome"])):
            figure.add_trace(line_trace(rows, values, outcome, len(runs)))
        for outcome in in_order(set(runs["outcome"]) - {"stable"}):
            figure.add_trace(end_trace(rows, values, outcome, first.value_range))
    if leader is not None:
        figure.add_trace(leader_trace(rows, values, *leader))
    for trace in (*middle_traces(first, slots), baseline_trace(first, slots)):
        figure.add_trace(trace)
    if target is not None:
        figure.add_trace(target_trace(target, slots, has_height=first.name == QUALITY))
    add_fates(figure, fates)
    figure.update_layout({k.replace(".", "_"): v for k, v in _axis(first, names, ruler).items()})
    options = {
        summary.name: Option(
            _title(summary.name, names),
            relayout=_axis(summary, names, ruler),
            note=_note(summary, large=large),
        )
        for summary in summaries
    }
    return Panel(
        "curves",
        figure,
        "A metric of every run over images seen, coloured by verdict, with a mark at each failure "
        "and the interquartile mean of all; beneath, the shares of runs alive, failed and pruned.",
        counts_in_order(runs["outcome"]),
        (Picker("Metric", options, first.name),),
        note=_note(first, large=large),
        table=_table(summaries, slots),
        marks="curves",
        title="Every run, and how it ended",
        extra={
            "images": plain(slots.images),
            "most": MOST_LINES,
            "metrics": {
                summary.name: _stored(summary, target, large=large) for summary in summaries
            },
        },
    )


def _axis(summary: Summary, names: frozenset[str], ruler: Ruler | None) -> dict[str, Any]:
    value_range = summary.value_range
    ticks = value_range.ticks() if value_range.log else None
    labels = None if ticks is None else [number(tick) for tick in ticks]
    title = _title(summary.name, names)
    of_quality = summary.name == QUALITY and not value_range.log
    beside = quality_ticks(ruler, value_range.low, value_range.high) if of_quality else None
    if beside is not None:
        ticks, labels = beside
        title = quality_title(ruler)
    return {
        "yaxis.range": value_range.layout(),
        "yaxis.type": "log" if value_range.log else "linear",
        "yaxis.tickmode": "auto" if ticks is None else "array",
        "yaxis.tickvals": ticks,
        "yaxis.ticktext": labels,
        "yaxis.title.text": plotly_text(title),
        "yaxis.gridcolor": FAINT,
    }


def _title(metric: str, names: frozenset[str]) -> str:
    if metric == QUALITY:
        return "quality u"
    return metric if metric in names else f"signal: {short_name(metric)}"


def _note(summary: Summary, *, large: bool) -> str:
    num_runs = int(summary.num_runs.max(initial=0))
    if num_runs < LEAST_RUNS:
        middle = f"Fewer than {LEAST_RUNS} runs: no interquartile mean."
    elif summary.name == QUALITY:
        middle = (
            f"The interquartile mean is over {num_runs:,} explore runs that no optimizer chose; a "
            "failed run counts as 0 from its failure on."
        )
    else:
        behind = summary.num_runs[summary.num_runs > 0]
        middle = (
            "The interquartile mean is over explore runs that no optimizer chose, until they "
            f"fail: {behind[0]:,} at first, {behind[-1]:,} at the end."
        )
    drawn = (
        "Shading: the number of evaluations before a failure; selected runs are drawn as lines."
        if large
        else "One line per run, with a mark where it failed or stopped."
    )
    axis = "Logarithmic axis. " if summary.value_range.log else ""
    return f"{drawn} {middle} {axis}{summary.left_out}"


def _stored(summary: Summary, target: TargetLine | None, *, large: bool) -> dict[str, Any]:
    """What the script needs to draw this metric."""
    value_range = summary.value_range
    stored: dict[str, Any] = {
        "low": value_range.low,
        "high": value_range.high,
        "log": value_range.log,
        "baseline": summary.baseline,
        "target": target.quality if target and summary.name == QUALITY else None,
        "middle": plain(summary.middle, 4),
        "runs": summary.num_runs.tolist(),
    }
    return stored | ({"density": summary.density.tolist()} if large else {})


def _table(summaries: list[Summary], slots: Slots) -> pd.DataFrame:
    """Interquartile means of every metric at each slot with at least one run."""
    tables = [
        pd.DataFrame(
            {
                "Metric": summary.name,
                "Images seen": slots.images,
                "Interquartile mean": summary.middle,
                "Runs": summary.num_runs,
            }
        )
        for summary in summaries
    ]
    whole = pd.concat(tables, ignore_index=True)
    kept: pd.DataFrame = whole[whole["Runs"] > 0].reset_index(drop=True)
    return kept
