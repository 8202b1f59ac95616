"""What the sections of a comparison say, each from the numbers of two studies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lab.statistics import Effect
from reports.compare.card import Barriers, Pair, alike, barriers, differences
from reports.compare.ends import points_apart, study_mark
from reports.compare.figures import draw_lanes, quality_panel, survival_panel
from reports.compare.rows import (
    WHOLE,
    fate_rows,
    gain,
    matched,
    only_in,
    share_rows,
)
from reports.kit.blocks import Block, Missing
from reports.kit.markup import Html, element
from reports.kit.shares import Share
from reports.kit.table import Column, table
from reports.kit.words import (
    MISSING,
    counted,
    listed,
)

MOST_FATES = 8
MOST_TOLD = 12
"""Names told of what only one study has."""


def differs_blocks(pair: Pair) -> list[Block]:
    """Warnings first, then everything that is not the same, then what is."""
    same = alike(pair)
    warnings = [element("p", told, class_="banner") for told in _warnings(barriers(pair))]
    rows = differences(pair)
    groups = rows["group"].mask(rows["group"].duplicated(), "")
    lines = [
        (group, element("code", what), first, second)
        for group, what, first, second in zip(
            groups, rows["what"], rows["first"], rows["second"], strict=True
        )
    ]
    return [
        *warnings,
        table(lines, ("", "", *pair.names), kind="facts differences", label="differences")
        if lines
        else Missing("Nothing that the records tell of differs."),
        element("p", f"The same in both: {listed(same)}.", class_="note") if same else Html(),
    ]


def _warnings(found: Barriers) -> list[str]:
    """A plain sentence for everything that is another quantity in each study."""
    further = [reason for reason in found.stable if reason not in found.quality]
    told = []
    if found.quality:
        told.append(
            "Do not compare quality, scores, distances or shares of stable runs here: "
            f"{_differ(found.quality)}."
        )
    if further:
        told.append(
            f"Shares of stable runs are told apart by more: {_differ(further)}."
            if found.quality
            else f"Do not compare shares of stable runs here: {_differ(further)}."
        )
    return told


def _differ(reasons: Sequence[str]) -> str:
    return f"{listed(reasons)} {'differs' if len(reasons) == 1 else 'differ'}"


def key(pair: Pair) -> Html:
    """Which mark stands for which study."""
    return element(
        "p",
        *(element("span", study_mark(which), f" {name}") for which, name in enumerate(pair.names)),
        class_="study-key",
    )


def share_blocks(pair: Pair) -> list[Block]:
    """All runs that no optimiser chose, then choice by choice."""
    rows = share_rows(pair)
    whole = rows[rows["choice"] == WHOLE].set_index("study")
    if len(whole) < 2:
        return [Missing("One of them has no run with a verdict that no optimiser chose.")]
    shares = [Share(int(whole["stable"][which]), int(whole["total"][which])) for which in (0, 1)]
    return [
        element("p", _share_sentence(pair, *shares), class_="lead"),
        key(pair),
        draw_lanes(rows, pair.names, "lanes", "share of stable runs"),
    ]


def _share_sentence(pair: Pair, first: Share, second: Share) -> str:
    told = f"{pair.names[1]}: {second.counts} stable; {pair.names[0]}: {first.counts}."
    gained = gain(first, second)
    assert gained is not None, "both have runs"
    if barriers(pair).stable:
        return f"{told} The two shares answer different questions, so no difference is taken."
    return f"{told} {points_apart(gained)}."


def matched_blocks(pair: Pair) -> list[Block]:
    """What the second study gains on settings that both ran, with the same seeds where it can."""
    found = matched(pair)
    if not found.num_configurations:
        return [Missing("No configuration was run in both.")]
    barred = barriers(pair)
    how = (
        f"{counted(found.num_configurations, 'configuration')} run in both, equal in the "
        f"parameters of both spaces; {counted(found.num_seeds, 'pair')} of runs with one seed."
    )
    told = []
    if not barred.stable:
        told.append(f"In stable runs: {_effect(found.stable, 100, 0, ' points')}.")
    if not barred.quality:
        told.append(f"In final quality: {_effect(found.quality, 1, 2, '')}.")
    told = told or ["What they gained may not be said, as the top of the page explains."]
    lines = [
        (row["first"], row["second"], f"{row['pairs']:,}")
        for row in found.fates.head(MOST_FATES).to_dict("records")
    ]
    first, second = (f"in {name}" for name in pair.names)
    head = (first, second, Column("pairs of runs", is_number=True))
    return [
        element("p", " ".join([f"{pair.names[1]} against {pair.names[0]}.", *told])),
        element("p", how, class_="note"),
        table(lines, head, kind="facts fates", label="fates", are_named=False)
        if lines
        else Html(),
    ]


def _effect(effect: Effect, scale: float, decimals: int, unit: str) -> str:
    """`+22 points [6, 37] (95%, paired)`, or why there is no interval."""
    low, high = (scale * end for end in effect.interval)
    gained = f"{scale * effect.difference:+.{decimals}f}{unit}"
    if math.isnan(low):
        return f"{gained} (too few for an interval)"
    if low == high:
        return f"{gained} (alike in every one, so no interval)"
    return f"{gained} [{low:+.{decimals}f}, {high:+.{decimals}f}] (95%, paired)"


def fate_blocks(pair: Pair) -> list[Block]:
    """Shares of runs by how they ended, and how long they lasted."""
    rows = fate_rows(pair)
    survival = survival_panel(pair)
    return [
        key(pair),
        draw_lanes(rows, pair.names, "fates-lanes", "share of runs")
        if len(rows)
        else Missing("No run that no optimiser chose has a verdict yet."),
        survival or Missing("Too few evaluated runs for curves of survival."),
    ]


def curve_blocks(pair: Pair) -> list[Block]:
    """Quality over images; where it may not be compared the curves stand with a warning."""
    panel = quality_panel(pair)
    if panel is None:
        return [Missing("Too few runs for curves of quality.")]
    reasons = barriers(pair).quality
    warning = (
        element(
            "p", f"The two curves measure different things: {_differ(reasons)}.", class_="banner"
        )
        if reasons
        else Html()
    )
    return [warning, key(pair), panel]


def only_blocks(pair: Pair) -> list[Block]:
    """What one study has and the other lacks."""
    lines = [(what, _few(one), _few(two)) for what, one, two in only_in(pair)]
    if not lines:
        return [Missing("Nothing: each has parameters, stages, points and columns of the other.")]
    head = ("", *(f"only in {name}" for name in pair.names))
    return [table(lines, head, kind="facts only", label="only")]


def _few(names: list[str]) -> str:
    more = [f"{len(names) - MOST_TOLD} more"] if len(names) > MOST_TOLD else []
    return listed([*names[:MOST_TOLD], *more]) or MISSING
