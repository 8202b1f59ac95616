"""What the search cost: core- or GPU-hours by stage and outcome, idle time, and the price."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lab.record import SECONDS_EVALUATING, SECONDS_TRAINING, STAGES, StudyRecord
from reports.kit.blocks import Block, Missing
from reports.kit.outcomes import in_order, look
from reports.kit.panel import Panel, blank, plain, plotly_text, words_at
from reports.kit.words import counted, listed, number, percent
from reports.sections.search.bill import SLOTS, bill_rows, bill_table, bill_words, unit_of
from reports.study.tables import of_study, run_table

Array = NDArray[np.float64]
PARTS = {
    "training": "rgba(128,128,128,0.85)",
    "evaluating": "rgba(128,128,128,0.6)",
    "starting": "rgba(128,128,128,0.38)",
    "idle": "rgba(128,128,128,0.18)",
}
"""Uses of the slots' time, and the shade of each."""


class Size(NamedTuple):
    """Cores or GPUs that each run held, [runs], and which of the two they are."""

    units: Array
    noun: str

    @property
    def hours(self) -> str:
        return f"{self.noun}-hours"


class Watched(NamedTuple):
    """Slots and the seconds that they were available, and how the seconds were counted."""

    seconds: float
    slots: int
    source: str


def spending_blocks(study: StudyRecord) -> list[Block]:
    """The cost of a study with the duration of at least one run; or why there is none."""
    rows = spending_rows(study)
    if rows.empty:
        return [Missing("No run has a recorded duration, so there is no cost to show.")]
    unknown = int(np.isnan(worked_seconds(study)).sum())
    hours, price = size_of(study).hours, price_of(study)
    return [
        draw_spending(rows, hours, watched(study), unknown, price=price),
        bill_table(bill_rows(rows), hours, price),
    ]


@of_study
def size_of(study: StudyRecord) -> Size:
    """Cores, or GPUs where a worker has any, of each run: its workers times what each has.

    The workers of a run are its `hosts`, one entry each; for a run without `hosts`, the fewest
    that the study allows.
    """
    settings = study.card.settings
    gpus = _positive(settings.gpus_per_worker, 0.0)
    each = gpus or _positive(settings.cpus_per_worker, 1.0)
    workers = [float(len(run.card.hosts) or settings.fewest_workers) for run in study.runs]
    return Size(each * np.array(workers, dtype=float), "GPU" if gpus else "core")


def price_of(study: StudyRecord) -> float | None:
    """Of a core- or GPU-hour; None where none was given."""
    return _positive(study.card.settings.price, 0.0) or None


@of_study
def parts_of(study: StudyRecord) -> dict[str, Array]:
    """Seconds of starting, training and evaluating, [runs] each; NaN where not recorded.

    For a finished run they are in run.json; for others the last evaluation has the latter two.
    """
    rows = study.evaluations
    has = np.diff(rows.first) > 0
    last = np.where(has, rows.first[1:] - 1, 0)

    def written_as(part: str) -> Array:
        seconds = [getattr(run.card.seconds, part) for run in study.runs]
        return np.array([_positive(value, math.nan) for value in seconds], dtype=float)

    parts = {"starting": written_as("starting")}
    for part, name in (("training", SECONDS_TRAINING), ("evaluating", SECONDS_EVALUATING)):
        written = written_as(part)
        column = rows.column(name) if rows.num_rows else np.full(1, np.nan)
        parts[part] = np.where(np.isnan(written) & has, column[last], written)
    return parts


def recorded_or_zero(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds, 0 where not recorded."""
    return np.where(np.isfinite(seconds), seconds, 0.0)


def worked_seconds(study: StudyRecord) -> Array:
    """Seconds of training and evaluating of each run, [runs]; NaN where not recorded."""
    parts = parts_of(study)
    return parts["training"] + recorded_or_zero(parts["evaluating"])


def watched(study: StudyRecord) -> Watched | None:
    """How long the slots were available: from the first start to the last end, without pauses.

    `seconds` of study.json counts the time that the search itself ran; where it is shorter than
    from the first start to the last end, the search was stopped in between. None where no run was
    timed.
    """
    runs = run_table(study)
    begin = float((runs["started"] - recorded_or_zero(parts_of(study)["starting"])).min())
    end = float(np.fmax(runs["started"], runs["ended"]).max())
    slots = study.card.settings.concurrent or 0
    if not (math.isfinite(begin) and end > begin and slots >= 1):
        return None
    whole = _positive(study.card.seconds, math.inf)
    if whole < end - begin:
        return Watched(whole, slots, "while the search ran, without pauses")
    return Watched(end - begin, slots, "from the first start to the last end")


def spending_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per piece: group (slots or a stage), part, hours (of cores or GPUs), runs.

    Parts of the slots are training, evaluating, starting and, where the record has the number of
    slots, idle; parts of a stage are outcomes, with the hours of training and evaluating.
    """
    runs = run_table(study)
    if runs.empty:
        return pd.DataFrame(columns=["group", "part", "hours", "runs"])
    units = size_of(study).units
    parts = {
        name: recorded_or_zero(seconds) * units / 3600 for name, seconds in parts_of(study).items()
    }
    worked = parts["training"] + parts["evaluating"]
    if not worked.sum() > 0:
        return pd.DataFrame(columns=["group", "part", "hours", "runs"])
    pieces: list[tuple[str, str, float, int]] = [
        (SLOTS, part, float(parts[part].sum()), int((parts[part] > 0).sum()))
        for part in ("training", "evaluating", "starting")
    ]
    there = watched(study)
    if there is not None:
        each = float(np.median(units))
        held = sum(float(part.sum()) for part in parts.values())
        pieces.append(
            (SLOTS, "idle", max(0.0, there.seconds * there.slots * each / 3600 - held), 0)
        )
    for stage in [name for name in STAGES if (runs["stage"] == name).any()]:
        for outcome in in_order(set(runs["outcome"][runs["stage"] == stage])):
            chosen = ((runs["stage"] == stage) & (runs["outcome"] == outcome)).to_numpy()
            pieces.append((stage, outcome, float(worked[chosen].sum()), int(chosen.sum())))
    return pd.DataFrame(pieces, columns=["group", "part", "hours", "runs"])


def draw_spending(
    rows: pd.DataFrame,
    hours: str,
    there: Watched | None = None,
    num_unknown: int = 0,
    *,
    price: float | None = None,
) -> Panel:
    """One bar of how slots were used, and one per stage cut by outcome, on one axis of hours."""
    groups = list(dict.fromkeys(rows["group"]))
    total = rows.groupby("group", sort=False)["hours"].sum()
    unit, scale = unit_of(hours, float(total.max()))
    figure = blank(70 + 46 * len(groups))
    before = (rows.groupby("group")["hours"].cumsum() - rows["hours"]).to_numpy()
    lane = rows["group"].map({group: i for i, group in enumerate(groups)})
    for part in list(dict.fromkeys(rows["part"])):
        chosen = (rows["part"] == part).to_numpy()
        figure.add_trace(_bars(rows[chosen], part, lane[chosen], before[chosen], unit, scale))
    _direct_labels(figure, rows, lane, before, scale, float(total.max()))
    figure.add_trace(_totals(total, scale))
    figure.update_layout(barmode="overlay", bargap=0.5)
    figure.update_xaxes(
        range=[0, float(total.max()) * scale * 1.16],
        title={"text": plotly_text(unit), "font": {"size": 13}, "standoff": 6},
    )
    figure.update_yaxes(
        range=[len(groups) - 0.5, -0.66],
        tickvals=list(range(len(groups))),
        ticktext=["all slots" if group == SLOTS else group for group in groups],
        showgrid=False,
    )
    outcomes = rows[rows["group"] != SLOTS].groupby("part")["runs"].sum()
    paid = "" if price is None else bill_words(bill_rows(rows), hours, price)
    return Panel(
        "spending",
        figure,
        f"Cost in {hours}: how slots were used, and training and evaluating by stage and outcome.",
        {outcome: int(outcomes[outcome]) for outcome in in_order(set(outcomes.index))},
        note=f"{_note(rows, unit, scale, there, num_unknown)} {paid}".strip(),
        narrow={"xaxis.range": [0, float(total.max()) * scale * 1.3]},
        table=_table(rows, hours, price),
        title=f"Cost in {hours}",
    )


def _bars(
    rows: pd.DataFrame, part: str, lane: pd.Series[int], before: Array, unit: str, scale: float
) -> go.Bar:
    colour = PARTS.get(part) or look(part).colour
    return go.Bar(
        orientation="h",
        base=plain(before * scale),
        x=plain(rows["hours"] * scale),
        y=lane.tolist(),
        width=0.5,
        marker={"color": colour, "line": {"width": 0}},
        hovertext=[
            f"{plotly_text(part)}: {number(hours * scale)} {unit}"
            + (f", {counted(int(runs), 'run')}" if runs else "")
            for hours, runs in zip(rows["hours"], rows["runs"], strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        meta={"of": "hours", "outcome": part},
    )


def _direct_labels(
    figure: go.Figure,
    rows: pd.DataFrame,
    lane: pd.Series[int],
    before: Array,
    scale: float,
    most: float,
) -> None:
    """Labels over the pieces of the first bar that are wide enough for them."""
    for (part, hours, group), y, start in zip(
        rows[["part", "hours", "group"]].itertuples(index=False), lane, before, strict=True
    ):
        if group == SLOTS and hours > 0.09 * most:
            figure.add_annotation(
                x=start * scale, y=y - 0.27, xanchor="left", yanchor="bottom", xshift=-3,
                text=plotly_text(part), showarrow=False, font={"size": 12},
            )  # fmt: skip


def _totals(total: pd.Series[float], scale: float) -> go.Scatter:
    words = [f" {number(float(hours) * scale)}" for hours in total]
    return words_at(total * scale, range(len(total)), words)


def _note(
    rows: pd.DataFrame, unit: str, scale: float, there: Watched | None, num_unknown: int
) -> str:
    slots = rows[rows["group"] == SLOTS].set_index("part")["hours"]
    whole = float(slots.sum())
    shares = [f"{part} {percent(share / whole)}" for part, share in slots.items() if share > 0]
    note = f"Of {number(whole * scale)} {unit}: {listed(shares)}. "
    if there is None:
        note += "The number of slots is not in the record, so idle time is unknown. "
    else:
        note += (
            f"{counted(there.slots, 'slot')} counted {there.source}. "
            "Restarts after a crash are not in the record. "
        )
    if num_unknown:
        note += f"{counted(num_unknown, 'run')} without a recorded duration not counted."
    return note.strip()


def _table(rows: pd.DataFrame, hours: str, price: float | None) -> pd.DataFrame:
    total = rows.groupby("group")["hours"].transform("sum")
    table = pd.DataFrame(
        {
            "Of": rows["group"].replace(SLOTS, "all slots"),
            "Part": rows["part"],
            hours.capitalize() if hours.startswith("core") else hours: rows["hours"],
            "Share": rows["hours"] / total.where(total > 0),
            "Runs": [int(runs) if runs else None for runs in rows["runs"]],
        }
    )
    return table if price is None else table.assign(Cost=rows["hours"] * price)


def _positive(value: float | None, otherwise: float) -> float:
    """A finite number of 0 or more."""
    if value is None or not math.isfinite(value) or value < 0:
        return otherwise
    return float(value)
