"""The leading trials of two studies side by side, and the differences between them."""

from __future__ import annotations

import math

from lab.record import StudyRecord
from lab.statistics import interquartile_mean
from reports.compare.card import StudyPair, barriers
from reports.compare.figures import COLOURS
from reports.compare.rows import Ends, Gain, ends_of, gain, improvement
from reports.kit.axes import quality_words
from reports.kit.blocks import Block
from reports.kit.markup import Html, element
from reports.kit.words import number, percents, short_name
from reports.study.tables import parameters_of, ruler_of, trial_table

SHAPES = ("M8 2a6 6 0 1 0 .01 0z", "M8 1 15 8 8 15 1 8z")
"""The marks of the two studies, a circle and a diamond, as SVG paths in 16 x 16."""


def end_blocks(pair: StudyPair) -> list[Block]:
    """The leading trial of each study; if both are confirmed, also their differences."""
    ends = [ends_of(study) for study in pair.studies]
    columns = [_end_card(pair, which, end) for which, end in enumerate(ends)]
    side = element("div", *columns, class_="beside")
    one, two = ends
    if one is None or two is None:
        return [side]
    if not (one.fresh and two.fresh):
        return [
            side,
            element("p", "Not both trials are confirmed, so no difference is computed: a "
                    "trial without fresh runs is the best of many by the very runs shown.",
                    class_="note"),
        ]  # fmt: skip
    return [side, *_ends_apart(pair, one, two)]


def _ends_apart(pair: StudyPair, one: Ends, two: Ends) -> list[Block]:
    barred = barriers(pair)
    sentences = []
    if not barred.stable:
        gained = gain(one.stable, two.stable)
        assert gained is not None, "both have fresh runs"
        sentences.append(f"Stable on fresh seeds. {points_apart(gained)}.")
    if not barred.quality:
        better = improvement(one, two)
        between = (
            "too few seeds for an interval"
            if math.isnan(better.interval.low)
            else f"bootstrap, nominally 95%: {percents(*better.interval)}"
        )
        sentences.append(
            f"A fresh run of {pair.names[1]} ends with a higher quality than one of "
            f"{pair.names[0]} in {100 * better.difference:.0f}% of pairs ({between})."
        )
    sentences = sentences or [
        "Neither shares nor qualities may be compared: see the top of the page."
    ]
    return [element("p", " ".join(sentences))]


def _end_card(pair: StudyPair, which: int, end: Ends | None) -> Html:
    study, name = pair.studies[which], pair.names[which]
    if end is None:
        return element("div", element("h3", study_mark(which), name),
                       element("p", "No run has a score yet.", class_="empty"))  # fmt: skip
    kind = "fresh runs" if end.fresh else "runs it was chosen by (optimistic)"
    quality = quality_words(float(interquartile_mean(end.quality)), ruler_of(study))
    entries = [
        ("trial", str(end.trial)),
        (f"stable, of {kind}", end.stable.brief),
        ("final quality, interquartile mean", quality),
        *_settings(study, end.trial),
    ]
    cells = [element("div", element("dt", dt), element("dd", dd)) for dt, dd in entries]
    return element(
        "div",
        element("h3", study_mark(which), name),
        element("dl", *cells, class_="settings"),
    )


def _settings(study: StudyRecord, trial: int) -> list[tuple[str, str]]:
    values = trial_table(study).loc[trial]
    return [
        (short_name(parameter.path), number(values[parameter.path]))
        for parameter in parameters_of(study)
        if values[parameter.path] is not None
    ]


def points_apart(gained: Gain) -> str:
    """`A difference of +12 points [-3, 27] (Newcombe 95%); the interval includes 0`."""
    low, high = 100 * gained.interval.low, 100 * gained.interval.high
    undecided = "; the interval includes 0" if low <= 0 <= high else ""
    return (
        f"A difference of {100 * gained.difference:+.0f} points [{math.floor(low)}, "
        f"{math.ceil(high)}] (Newcombe 95%){undecided}"
    )


def study_mark(which: int) -> Html:
    """The study's mark as the figures draw it."""
    return Html(
        '<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">'
        f'<path fill="{COLOURS[which]}" d="{SHAPES[which]}"/></svg>'
    )
