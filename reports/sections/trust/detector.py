"""How often the judge errs, as the validation that came with the lab measured it."""

from __future__ import annotations

from lab.record import DetectorCard, HealthyCard, RateCard, StudyRecord
from reports.kit.markup import Child, Html, element
from reports.kit.outcomes import OUTCOMES, glyph
from reports.kit.shares import RunShare
from reports.kit.table import Cell, table
from reports.kit.words import MISSING, counted, images, listed, number
from reports.study.commands import copyable

COMMAND = "python -m lab.validate --part planted"
"""Measures the judge on runs whose true outcome was planted."""


def detector_section(study: StudyRecord) -> Html:
    """Error rates with their intervals, and whether this study's limits are those measured."""
    rates = study.card.detector
    if rates is None or not rates.verdicts:
        return element(
            "div",
            element("p", "Not recorded: this study was made before error rates came with the "
                    "lab. To measure them:", class_="note"),
            copyable(COMMAND),
        )  # fmt: skip
    lines = [_line(name, rate) for name, rate in rates.verdicts.items()]
    lines += [_line(f"{name} (flag)", rate) for name, rate in rates.flags.items()]
    head = (
        "failure", "named when planted", "", "right when named", "", "detected after", "planted",
    )  # fmt: skip
    return element(
        "div",
        element("p", _healthy(rates.healthy)),
        element("p", _thresholds(rates)),
        table(lines, head, kind="detector", label="How often the judge errs"),
        element("p", _source(rates), class_="note"),
        class_="wide",
    )


def _healthy(rate: HealthyCard) -> str:
    runs, alone = rate.runs, rate.left_alone
    if runs is None or alone is None:
        return "How often a healthy run is called a failure is not recorded."
    sentence = (
        f"Of {counted(runs, 'healthy run')} the judge left {alone} alone "
        f"(Wilson 95%: {RunShare(alone, runs).bounds})"
    )
    if rate.interval is not None:
        low, high = rate.interval
        sentence += (
            f"; false alarms per 1,000 healthy evaluations: {number(rate.per_thousand)} "
            f"({number(low)} to {number(high)})"
        )
    return f"{sentence}."


def _thresholds(rates: DetectorCard) -> str:
    if rates.same_thresholds:
        return "This study uses the limits that were validated."
    changes = [
        f"{name} {number(here)} instead of {number(validated)}"
        for name, (validated, here) in rates.changed_thresholds.items()
    ]
    return (
        f"This study changed limits ({listed(changes) or 'which ones is not recorded'}), so these "
        "rates were not measured with the limits it uses."
    )


def _source(rates: DetectorCard) -> str:
    held = f" on {counted(len(rates.seeds), 'held-out seed')}" if rates.seeds else ""
    quick = "a quick validation" if rates.quick else "the validation"
    return (
        f"From {quick} of version {rates.version or 'unknown'}{held} that no limit was "
        f"chosen on, runs of {images(rates.budget_images)} images on small networks and "
        "data: rates on other networks may differ. Named when planted: the right name, and not "
        "before the true onset. Intervals: Wilson 95%. To repeat it: "
        f"{rates.command or COMMAND}."
    )


def _line(name: str, rate: RateCard) -> list[Child | Cell]:
    delay = (
        MISSING
        if rate.delay_images is None
        else f"{images(rate.delay_images)} images, {counted_delay(rate.delay_evaluations)}"
    )
    planted = listed(list(rate.kinds)) if rate.kinds else MISSING
    return [
        Cell([glyph(name) if name in OUTCOMES else None, name]),
        *_rate(rate.named, rate.planted),
        *_rate(rate.given_right, rate.given),
        delay,
        Cell([planted], {"class_": "planted"}),
    ]


def counted_delay(evaluations: float | None) -> str:
    """`3 evaluations`; medians may be halves."""
    if evaluations is None:
        return MISSING
    return f"{number(evaluations)} evaluation{'' if evaluations == 1 else 's'}"


def _rate(good: int | None, total: int | None) -> tuple[str, Html | None]:
    """k of n with its interval, as a bar and in words."""
    if good is None or not total:
        return MISSING, None
    share = RunShare(good, total)
    low, high = share.interval
    track = element(
        "span",
        element("i", style=f"left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"),
        element("b", style=f"left:{100 * share.value:.1f}%"),
        class_="track",
        aria_hidden="true",
    )
    return share.brief, track
