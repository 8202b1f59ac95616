"""Effect of each level of a choice on P(stable): paired where configurations allow, else not.

A level is compared with all others of its choice. Runs of one configuration are not independent,
so a paired interval resamples configurations, and an unpaired one counts the first run of each
trial. Only explore runs of trials that no optimizer chose are counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.record import StudyRecord
from lab.statistics import difference_interval, paired_effect
from reports.kit.families import with_headings
from reports.kit.forest import LaneSeries, Style, lanes
from reports.kit.layouts import heading, lanes_axis
from reports.kit.panel import BLUE, INK, Panel, blank, plotly_text
from reports.kit.words import counted, listed, number, short_name
from reports.study.comparisons import (
    LEAST_IN_A_LEVEL,
    choices_of,
    configurations_but,
    outcome_rows,
)
from reports.study.scale import LEAST_CONFIGURATIONS
from reports.study.tables import from_elsewhere

UNCHOSEN = "over explore runs of trials that no optimizer chose"
IMPORTED = "an association over runs that were trained elsewhere with settings that people chose"
COLUMNS = (
    "choice", "level", "against", "difference", "low", "high", "paired", "stable", "total",
    "other_stable", "other_total",
)  # fmt: skip


def effect_rows(study: StudyRecord) -> pd.DataFrame:
    """One row per level: difference of P(stable) to the other levels with its 95% interval.

    `paired` counts the configurations run at this level and at another, equal in all else; 0 where
    the interval is unpaired (Newcombe 1998, method 10): below LEAST_CONFIGURATIONS pairs, and
    where all pairs have the same difference, because resampling those shows no spread. Counts are
    of first runs of trials. A choice of two levels has one row; a level with fewer than
    LEAST_IN_A_LEVEL trials has none.
    """
    rows = outcome_rows(study)
    rows = rows[rows["unbiased"].astype(bool)]
    effects = []
    for path in choices_of(study):
        with_choice = rows[rows[path].notna()]
        level = with_choice[path].map(number).to_numpy(dtype=object)
        levels = list(dict.fromkeys(map(number, _sorted(with_choice[path].unique()))))
        if len(levels) < 2:
            continue
        group = with_choice["trial"].map(configurations_but(study, path)).to_numpy()
        for name in levels[1:] if len(levels) == 2 else levels:
            against = levels[0] if len(levels) == 2 else "the others"
            effect = _effect(with_choice, level == name, group)
            if effect is not None:
                effects.append((path, name, against, *effect))
    return pd.DataFrame(effects, columns=list(COLUMNS))


def effects_panel(study: StudyRecord) -> Panel | str:
    """The forest plot, or a sentence on why there is none."""
    rows = effect_rows(study)
    if rows.empty:
        return (
            "No choice has two levels with at least "
            f"{counted(LEAST_IN_A_LEVEL, 'trial')} each that no optimizer chose, so no effects "
            "are shown."
        )
    return draw_effects(rows, from_elsewhere=from_elsewhere(study))


def draw_effects(rows: pd.DataFrame, *, from_elsewhere: bool = False) -> Panel:
    """A line per level: the difference on its interval; choices as headings between them."""
    positions, labels = _lanes(rows)
    figure = blank(86 + 25 * len(labels))
    figure.add_trace(
        go.Scatter(
            x=[0, 0], y=[-0.6, len(labels) - 0.4], mode="lines", hoverinfo="skip",
            line={"color": INK, "width": 1}, meta={"role": "zero"},
        )
    )  # fmt: skip
    clear = (rows["low"] > 0) | (rows["high"] < 0)
    for paired in (True, False):
        for beyond in (False, True):
            chosen = ((rows["paired"] > 0) == paired) & (clear == beyond)
            symbol, colour = "square" if paired else "circle-open", BLUE if beyond else INK
            drawn = rows[chosen]
            series = LaneSeries(
                Style(colour, symbol, 9, 1.6, 1.0),
                [positions[i] for i in np.flatnonzero(chosen)],
                100 * drawn[["difference", "low", "high"]],
                hover=[_words(row) for row in drawn.to_dict("records")],
            )
            figure.add_traces(lanes(series) if chosen.any() else [])
    figure.update_xaxes(
        range=[-104, 104], tickvals=[-100, -50, 0, 50, 100], domain=[0, 0.76],
        ticktext=["−100", "−50", "0", "+50", "+100"], title_text="points of P(stable)",
    )  # fmt: skip
    lanes_axis(figure, labels, range=[len(labels) - 0.4, -0.6])
    figure.update_layout(
        annotations=[
            {
                "x": 0.79, "xref": "paper", "y": lane, "text": _words(row), "showarrow": False,
                "xanchor": "left", "yanchor": "middle", "font": {"size": 12},
            }
            for lane, row in zip(positions, rows.to_dict("records"), strict=True)
        ]
    )  # fmt: skip
    return Panel(
        "effects",
        figure,
        "Difference in P(stable) between each level of a choice and the others.",
        note=_note(rows, IMPORTED if from_elsewhere else UNCHOSEN),
        title="Choices and stability" if from_elsewhere else "Effect of every choice on stability",
        narrow={"xaxis.domain": [0, 1], "annotations": []},
        table=_table(rows),
    )


def _effect(rows: pd.DataFrame, treated: Any, group: Any) -> tuple[Any, ...] | None:
    """difference, low, high, paired, and both counts; None where either side has too few."""
    first = ~rows["trial"].duplicated().to_numpy()
    stable = (rows["outcome"] == "stable").to_numpy()
    sides = [(int((side & first & stable).sum()), int((side & first).sum()))
             for side in (treated, ~treated)]  # fmt: skip
    if min(sides[0][1], sides[1][1]) < LEAST_IN_A_LEVEL:
        return None
    paired = paired_effect(
        group, rows["seed"].to_numpy(), treated, stable.astype(float), np.random.default_rng(0)
    )
    low, high = paired.interval
    if paired.num_configurations >= LEAST_CONFIGURATIONS and low < high:
        return paired.difference, low, high, paired.num_configurations, *sides[0], *sides[1]
    gain = sides[0][0] / sides[0][1] - sides[1][0] / sides[1][1]
    return gain, *difference_interval(sides[0], sides[1]), 0, *sides[0], *sides[1]


def _lanes(rows: pd.DataFrame) -> tuple[list[int], list[str]]:
    """The lane of each row and the label of every lane; a choice has one for its name, and so has
    a family of choices."""
    positions, labels = [], []
    families = dict(with_headings(rows["choice"].unique()))
    for choice, of_choice in rows.groupby("choice", sort=False):
        labels += [heading(family)] if (family := families[str(choice)]) else []
        name = plotly_text(short_name(str(choice)))
        labels.append(f"<b>{name}</b>")
        for level, against in zip(of_choice["level"], of_choice["against"], strict=True):
            positions.append(len(labels))
            beside = "" if against == "the others" else f" over {plotly_text(against)}"
            labels.append(f"{plotly_text(level)}{beside}")
    return positions, labels


def _words(row: dict[Any, Any]) -> str:
    """`+22 [+6, +37], 24 paired`: the difference in points, its interval, the number of pairs."""
    difference, low, high = (_points(row[name]) for name in ("difference", "low", "high"))
    return (
        f"{difference} [{low}, {high}], {row['paired'] or 'un'}{' ' * bool(row['paired'])}paired"
    )


def _points(share: float) -> str:
    points = round(100 * share)
    return "0" if points == 0 else f"{points:+d}".replace("-", "−")


def _note(rows: pd.DataFrame, over_runs: str) -> str:
    kinds = []
    if (rows["paired"] > 0).any():
        kinds.append(
            "Squares: paired on configuration, and on seed where seeds are shared; the interval "
            "resamples configurations."
        )
    if (rows["paired"] == 0).any():
        kinds.append(
            f"Circles: unpaired, with fewer than {LEAST_CONFIGURATIONS} pairs or the same "
            "difference in all of them (Newcombe's interval from the first run of each trial): "
            "other settings differ as well."
        )
    over = listed([f"{short_name(p)} {name}" for p, name in _clear(rows)])
    finding = f"Intervals that exclude 0: {over}." if over else "No interval excludes 0."
    return " ".join(
        [
            finding,
            f"Each level against the others of its choice, {over_runs}. The 95% intervals hold "
            f"one at a time: of {len(rows)} about {max(1, round(0.05 * len(rows)))} may miss the "
            "true difference.",
            *kinds,
        ]
    )


def _clear(rows: pd.DataFrame) -> list[tuple[str, str]]:
    clear = rows[(rows["low"] > 0) | (rows["high"] < 0)]
    return list(zip(clear["choice"], clear["level"], strict=True))


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "choice": rows["choice"],
            "level": rows["level"],
            "against": rows["against"],
            "difference in P(stable)": rows["difference"],
            "95% low": rows["low"],
            "95% high": rows["high"],
            "paired configurations": rows["paired"],
            "stable": rows["stable"],
            "runs": rows["total"],
            "stable of the others": rows["other_stable"],
            "runs of the others": rows["other_total"],
        }
    )


def _sorted(values: Any) -> list[Any]:
    """Numbers by size, then words."""
    return sorted(values, key=lambda it: (isinstance(it, str), it))
