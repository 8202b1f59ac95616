"""Blocks of each section of the comparison page, computed from two studies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lab.statistics import Effect
from reports.compare.card import Barriers, StudyPair, barriers, differences, identical_groups
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
from reports.kit.shares import RunShare
from reports.kit.table import Column, table
from reports.kit.words import (
    MISSING,
    counted,
    listed,
)

MOST_FATES = 8
MOST_NAMED = 12
"""Names listed of what only one study has; the others are counted."""


def differs_blocks(pair: StudyPair) -> list[Block]:
    """Warnings, then a table of every difference, then the groups without any."""
    same = identical_groups(pair)
    warnings = [element("p", warning, class_="banner") for warning in _warnings(barriers(pair))]
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
        else Missing("No recorded entry differs."),
        element("p", f"The same in both: {listed(same)}.", class_="note") if same else Html(),
    ]


def _warnings(reasons: Barriers) -> list[str]:
    """A sentence for every kind of quantity that must not be compared."""
    further = [reason for reason in reasons.stable if reason not in reasons.quality]
    sentences = []
    if reasons.quality:
        sentences.append(
            "Do not compare quality, scores, distances or shares of stable runs here: "
            f"{_differ(reasons.quality)}."
        )
    if further:
        sentences.append(
            f"For shares of stable runs, {_differ(further)} as well."
            if reasons.quality
            else f"Do not compare shares of stable runs here: {_differ(further)}."
        )
    return sentences


def _differ(reasons: Sequence[str]) -> str:
    return f"{listed(reasons)} {'differs' if len(reasons) == 1 else 'differ'}"


def key(pair: StudyPair) -> Html:
    """The legend: the mark and the name of each study."""
    return element(
        "p",
        *(element("span", study_mark(which), f" {name}") for which, name in enumerate(pair.names)),
        class_="study-key",
    )


def share_blocks(pair: StudyPair) -> list[Block]:
    """Shares of stable runs: of all unbiased runs, then choice by choice."""
    rows = share_rows(pair)
    whole = rows[rows["choice"] == WHOLE].set_index("study")
    if len(whole) < 2:
        return [Missing("One of the two studies has no unbiased run with a verdict.")]
    shares = [
        RunShare(int(whole["stable"][which]), int(whole["total"][which])) for which in (0, 1)
    ]
    return [
        element("p", _share_sentence(pair, *shares), class_="lead"),
        key(pair),
        draw_lanes(rows, pair.names, "lanes", "share of stable runs"),
    ]


def _share_sentence(pair: StudyPair, first: RunShare, second: RunShare) -> str:
    counts = f"{pair.names[1]}: {second.counts} stable; {pair.names[0]}: {first.counts}."
    gained = gain(first, second)
    assert gained is not None, "both have runs"
    if barriers(pair).stable:
        return f"{counts} The two shares measure different things: no difference is computed."
    return f"{counts} {points_apart(gained)}."


def matched_blocks(pair: StudyPair) -> list[Block]:
    """Gain of the second study on configurations that both ran, by equal seeds where possible."""
    both = matched(pair)
    if not both.num_configurations:
        return [Missing("No configuration was run in both studies.")]
    barred = barriers(pair)
    how = (
        f"Run in both studies: {counted(both.num_configurations, 'configuration')}, equal in "
        "every parameter that the two spaces share; "
        f"{counted(both.num_seeds, 'pair')} of runs with the same seed."
    )
    effects = []
    if not barred.stable:
        effects.append(f"Share of stable runs: {_effect(both.stable, 100, 0, ' points')}.")
    if not barred.quality:
        effects.append(f"Final quality: {_effect(both.quality, 1, 2, '')}.")
    effects = effects or [
        "Neither difference is reported: see the warnings at the top of the page."
    ]
    lines = [
        (row["first"], row["second"], f"{row['pairs']:,}")
        for row in both.fates.head(MOST_FATES).to_dict("records")
    ]
    first, second = (f"in {name}" for name in pair.names)
    head = (first, second, Column("pairs of runs", is_number=True))
    return [
        element("p", " ".join([f"{pair.names[1]} compared with {pair.names[0]}.", *effects])),
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
        return f"{gained} (the same in every configuration, so no interval)"
    return f"{gained} [{low:+.{decimals}f}, {high:+.{decimals}f}] (95%, paired)"


def fate_blocks(pair: StudyPair) -> list[Block]:
    """Shares of unbiased runs by how they ended, and their survival curves."""
    rows = fate_rows(pair)
    survival = survival_panel(pair)
    return [
        key(pair),
        draw_lanes(rows, pair.names, "fates-lanes", "share of runs")
        if len(rows)
        else Missing("No unbiased run has a verdict yet."),
        survival or Missing("Too few evaluated runs for survival curves."),
    ]


def curve_blocks(pair: StudyPair) -> list[Block]:
    """Quality over images seen, under a warning where it must not be compared."""
    panel = quality_panel(pair)
    if panel is None:
        return [Missing("Too few runs for quality curves.")]
    reasons = barriers(pair).quality
    warning = (
        element(
            "p", f"The two curves measure different things: {_differ(reasons)}.", class_="banner"
        )
        if reasons
        else Html()
    )
    return [warning, key(pair), panel]


def only_blocks(pair: StudyPair) -> list[Block]:
    """What one study has and the other lacks."""
    lines = [(what, _few(one), _few(two)) for what, one, two in only_in(pair)]
    if not lines:
        return [
            Missing(
                "Nothing: both studies have the same parameters, stages, columns and known points."
            )
        ]
    head = ("", *(f"only in {name}" for name in pair.names))
    return [table(lines, head, kind="facts only", label="only")]


def _few(names: list[str]) -> str:
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return listed([*names[:MOST_NAMED], *more]) or MISSING
