"""Shares of groups in samples against data, a lane a group, the worst on top."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from lab.record import AuditedAttributeCard, EstimateCard
from reports.kit.forest import LaneSeries, Style, lanes
from reports.kit.layouts import lanes_axis, share_axis
from reports.kit.panel import BLUE, INK, ORANGE, Panel, blank, plotly_text
from reports.kit.words import fixed, shortened
from reports.sections.audit.audited import Audited

MOST_LANES = 16
COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7")
COLUMNS = (
    "run", "group", "data", "samples", "low", "high", "assigned", "precision", "precision of real",
    "coverage", "coverage of real", "classifier right", "held-out images", "standing",
)  # fmt: skip


def attribute_names(runs: Sequence[Audited]) -> list[str]:
    """Attributes that any of the runs has, in order."""
    return list(dict.fromkeys(one.name for run in runs for one in run.card.attributes))


def attribute_of(run: Audited, name: str) -> AuditedAttributeCard | None:
    """A run's measurement of an attribute; None without one."""
    return next((one for one in run.card.attributes if one.name == name), None)


def group_rows(runs: Sequence[Audited], name: str) -> pd.DataFrame:
    """COLUMNS: a row for each group of each run, the groups in the order of their worst run."""
    rows = []
    for run in runs:
        attribute = attribute_of(run, name)
        for group in attribute.groups if attribute is not None else ():
            rows.append(
                (
                    run.name,
                    group.name,
                    group.data,
                    group.share.value,
                    group.share.low,
                    group.share.high,
                    group.assigned,
                    _value(group.precision),
                    _number(group.precision_real),
                    _value(group.coverage),
                    _number(group.coverage_real),
                    group.right,
                    group.num_heldout,
                    _number(group.standing),
                )
            )
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    worst = frame.groupby("group")["standing"].min().sort_values(kind="stable")
    order = {group: at for at, group in enumerate(worst.index)}
    return frame.sort_values("group", key=lambda it: it.map(order), kind="stable").reset_index(
        drop=True
    )


def groups_panel(identity: str, name: str, rows: pd.DataFrame, runs: Sequence[Audited]) -> Panel:
    """Hollow and grey: the data's shares; filled: each run's with its interval."""
    groups = list(dict.fromkeys(rows["group"]))[:MOST_LANES]
    drawn = rows[rows["group"].isin(groups)]
    figure = blank(76 + (26 + 12 * len(runs)) * len(groups))
    spacing = 0.5 / max(1, len(runs))
    for number, run in enumerate(runs):
        of_run = drawn[drawn["run"] == run.name]
        lift = spacing * ((len(runs) - 1) / 2 - number)
        colour = COLOURS[number % len(COLOURS)]
        at = [groups.index(group) for group in of_run["group"]]
        figure.add_traces(lanes(_samples(of_run, at, colour, lift)))
        figure.add_traces(lanes(_data(of_run, at, lift)))
    share_axis(figure, 1.02, "share of images")
    most = min(1.0, 1.15 * float(drawn[["high", "data"]].to_numpy().max()))
    ticks = {"tickvals": None, "nticks": 6}
    figure.update_xaxes(range=[-0.01 * most, most], **ticks)
    lanes_axis(figure, [plotly_text(shortened(group, 20)) for group in groups])
    return Panel(
        identity,
        figure,
        f"Share of each group of {name} in generated images against the data.",
        title=_title(name),
        note=_note(name, rows, runs, len(groups)),
        narrow={"yaxis.tickfont.size": 11},
        table=rows,
    )


def _samples(rows: pd.DataFrame, at: list[int], colour: str, lift: float) -> LaneSeries:
    hover = [
        f"{plotly_text(row.run)}: {plotly_text(row.group)} {row.samples:.1%} "
        f"({row.low:.1%} to {row.high:.1%}), data {row.data:.1%}"
        for row in rows.itertuples()
    ]
    return LaneSeries(
        Style(colour, "circle", 9, 3.0, 0.5), at, rows[["samples", "low", "high"]],
        lift=lift, hover=hover,
    )  # fmt: skip


def _data(rows: pd.DataFrame, at: list[int], lift: float) -> LaneSeries:
    points = rows[["data", "data", "data"]].set_axis(["value", "low", "high"], axis=1)
    return LaneSeries(Style(INK, "diamond-open", 9, 0.0), at, points, lift=lift)


def _title(name: str) -> str:
    return f"Shares by {name}" if name != "class" else "Shares by class"


def _note(name: str, rows: pd.DataFrame, runs: Sequence[Audited], num_lanes: int) -> str:
    sentences = []
    for number, run in enumerate(runs):
        if (attribute := attribute_of(run, name)) is None:
            continue
        colour = ("blue", "orange", "green", "pink")[number % len(COLOURS)]
        marked = f" ({colour})" if len(runs) > 1 else ""
        sentences.append(f"{run.name}{marked}: {_measured(attribute)}.")
    num_groups = rows["group"].nunique()
    if num_groups > num_lanes:
        sentences.append(f"{num_groups - num_lanes} better groups are in the table alone.")
    attribute = next(filter(None, (attribute_of(run, name) for run in runs)))
    if attribute.merged:
        sentences.append(f"other: {len(attribute.merged)} rare values together.")
    return " ".join(sentences)


def _measured(attribute: AuditedAttributeCard) -> str:
    words = f"classifier right for {attribute.accuracy:.0%}"
    if (apart := attribute.total_variation) is None:
        return words
    equal = fixed(attribute.total_variation_of_equal)
    return (
        f"total variation {fixed(apart.value)} ({fixed(apart.low)} to {fixed(apart.high)}; equal "
        f"shares would measure {equal}), {words}"
    )


def _value(estimate: EstimateCard | None) -> float:
    return math.nan if estimate is None else estimate.value


def _number(value: float | None) -> float:
    return math.nan if value is None else value
