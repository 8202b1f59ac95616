"""How often the judge errs, as the validation that came with the lab measured it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.record import StudyRecord
from reports.kit.markup import Child, Html, element
from reports.kit.outcomes import LOOKS, glyph
from reports.kit.shares import Share
from reports.kit.table import Cell, table
from reports.kit.words import MISSING, counted, images, listed, number
from reports.study.commands import copyable
from reports.study.tables import mapping

COMMAND = "python -m lab.validate --part planted"
"""Measures the judge on runs whose truth is known."""


def detector_section(study: StudyRecord) -> Html:
    """Error rates with their intervals, and whether this study's limits are those measured."""
    rates = mapping(study.study.get("detector"))
    verdicts = mapping(rates.get("verdicts"))
    if not verdicts:
        return element(
            "div",
            element("p", "This record does not say: it was made before error rates came with the "
                    "lab. To measure them:", class_="note"),
            copyable(COMMAND),
        )  # fmt: skip
    lines = [_line(name, mapping(rate)) for name, rate in verdicts.items()]
    lines += [_line(f"{name} (flag)", mapping(rate))
              for name, rate in mapping(rates.get("flags")).items()]  # fmt: skip
    head = ("failure", "named when planted", "", "right when named", "", "found after", "planted")
    return element(
        "div",
        element("p", _healthy(mapping(rates.get("healthy")))),
        element("p", _thresholds(rates)),
        table(lines, head, kind="detector", label="How often the judge errs"),
        element("p", _source(rates), class_="note"),
        class_="wide",
    )


def _healthy(rate: Mapping[str, Any]) -> str:
    runs, alone = rate.get("runs"), rate.get("left_alone")
    if not isinstance(runs, int) or not isinstance(alone, int):
        return "How often a healthy run is called a failure is not recorded."
    told = (
        f"Of {counted(runs, 'healthy run')} it left {alone} alone "
        f"(Wilson 95%: {Share(alone, runs).bounds})"
    )
    interval = rate.get("interval")
    if isinstance(interval, (list, tuple)) and len(interval) == 2:
        told += (
            f"; false alarms per 1,000 healthy evaluations: {number(rate.get('per_thousand'))} "
            f"({number(interval[0])} to {number(interval[1])})"
        )
    return f"{told}."


def _thresholds(rates: Mapping[str, Any]) -> str:
    changed = mapping(rates.get("changed_thresholds"))
    if rates.get("same_thresholds"):
        return "This study judges by the limits that were validated."
    told = [
        f"{name} {number(pair[1])} instead of {number(pair[0])}"
        for name, pair in changed.items()
        if isinstance(pair, (list, tuple)) and len(pair) == 2
    ]
    return (
        f"This study changed limits ({listed(told) or 'which, is not recorded'}), so these rates "
        "are not its own."
    )


def _source(rates: Mapping[str, Any]) -> str:
    seeds = rates.get("seeds")
    held = f" on {counted(len(seeds), 'held-out seed')}" if isinstance(seeds, list) else ""
    quick = "a quick validation" if rates.get("quick") else "the validation"
    return (
        f"From {quick} of version {rates.get('version', 'unknown')}{held} that no limit was "
        f"chosen by, runs of {images(rates.get('budget_images'))} images on small networks and "
        "data: rates on other networks may differ. Named when planted: the right name, and not "
        "before the true onset. Intervals: Wilson 95%. Again with "
        f"{rates.get('command', COMMAND)}."
    )


def _line(name: str, rate: Mapping[str, Any]) -> list[Child | Cell]:
    delay, evaluations = rate.get("delay_images"), rate.get("delay_evaluations")
    found = (
        f"{images(delay)} images, {counted_delay(evaluations)}"
        if isinstance(delay, (int, float))
        else MISSING
    )
    kinds = rate.get("kinds")
    planted = listed([str(kind) for kind in kinds]) if isinstance(kinds, list) else MISSING
    return [
        Cell([glyph(name) if name in LOOKS else None, name]),
        *_rate(rate.get("named"), rate.get("planted")),
        *_rate(rate.get("given_right"), rate.get("given")),
        found,
        Cell([planted], {"class_": "planted"}),
    ]


def counted_delay(evaluations: Any) -> str:
    """`3 evaluations`; medians may be halves."""
    if not isinstance(evaluations, (int, float)):
        return MISSING
    return f"{number(float(evaluations))} evaluation{'' if evaluations == 1 else 's'}"


def _rate(good: Any, total: Any) -> tuple[str, Html | None]:
    """k of n with its interval, as a bar and in words."""
    if not isinstance(good, int) or not isinstance(total, int) or total == 0:
        return MISSING, None
    share = Share(good, total)
    low, high = share.interval
    track = element(
        "span",
        element("i", style=f"left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"),
        element("b", style=f"left:{100 * share.value:.1f}%"),
        class_="track",
        aria_hidden="true",
    )
    return share.brief, track
