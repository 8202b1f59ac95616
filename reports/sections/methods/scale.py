"""The scale of quality in plain words: its anchors, its formula, the score, rises as factors."""

from __future__ import annotations

from collections.abc import Sequence

from lab.config import StabilityConfig, value_at
from lab.record import StudyRecord
from lab.record.scale import STEEPNESS, UNIT_SCALE
from reports.kit.axes import Ruler
from reports.kit.markup import Html, element
from reports.kit.table import Column, table
from reports.kit.words import number
from reports.study.left_out import has_own_trainer
from reports.study.rescaled import rescaled_note
from reports.study.tables import from_elsewhere, has_target, names_of, ruler_of, target_words

SHARES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.0)
"""Parts of the way from real images to the anchor whose quality is listed."""


def scale_words(study: StudyRecord) -> list[Html]:
    """Quality, its anchors, a table of both, score, stable and short, rises."""
    made_anew = rescaled_note(study)
    parts = [
        element("p", made_anew) if made_anew else None,
        _quality(study),
        _anchors(study),
        _values(ruler_of(study)),
        _score(),
        _stable(study),
        _rises(study),
    ]
    return [part for part in parts if part is not None]


def _quality(study: StudyRecord) -> Html:
    return element(
        "p", "Quality of an evaluation at t images: ", element(
            "span", "u", element("sub", "t"), f" = clip(1 − ln(1 + {STEEPNESS:.0f} r) / "
            f"ln {STEEPNESS + 1:.0f}, 0, 1)", class_="formula"), ", where ", element(
            "span", "r = (d", element("sub", "t"), " − d", element("sub", "rr"), ") / (d",
            element("sub", "0"), " − d", element("sub", "rr"), ")", class_="formula"),
        f" is how much of the way from real images to images that show nothing is left, and d is "
        f"{names_of(study).kernel}. Equal steps of u are equal factors of the distance, down to "
        "one per cent of the way. From a failure on, u is 0.",
    )  # fmt: skip


def _anchors(study: StudyRecord) -> Html:
    ruler, metrics = ruler_of(study), study.card.metrics
    kernel = names_of(study).kernel
    nothing = None if ruler is None else ruler.scale.anchor
    real = metrics.baseline.get(kernel) if ruler is None else ruler.scale.floor
    imported = study.card.imported
    if has_own_trainer(study):
        stated = "Both are stated by the space (METRIC), and belong to no run."
        if from_elsewhere(study) and imported is None:
            stated = (
                "The loop states both to Monitor (initial, floor); without them d0 is the "
                "distance of a run's first evaluation."
            )
        if imported is not None:
            from_logs = imported.initial_from == "logs"
            stated = (
                "The import took d0 from the first rows of the logs, as no --initial was given."
                if from_logs
                else "Both were given to the import (--initial, --floor)."
            )
        return element(
            "p", "0 means “nothing learned”: d", element("sub", "0"), f" = {number(nothing)} is "
            "the distance of an untrained generator. 1 means “as good as real”: d",
            element("sub", "rr"), f" = {number(real)} is that of real images. {stated}",
        )  # fmt: skip
    measured = ""
    if nothing is not None and kernel not in metrics.anchor:
        measured = (
            " Version 0.1 did not measure it: this is that of its default data."
            if metrics.family == "fashion"
            else " Version 0.1 did not measure it: this is the largest distance that a run of "
            "this study began with."
        )
    return element(
        "p", "0 means “nothing learned”: d", element("sub", "0"),
        f" = {number(nothing)} is the distance of images whose every pixel is drawn independently "
        f"from that pixel's training values.{measured} 1 means “as good as real”: d",
        element("sub", "rr"), f" = {number(real)} is the distance of held-out real images. Both "
        "belong to the data, their resolution, the extractor and the number of samples, never to "
        "a run.",
    )  # fmt: skip


def _values(ruler: Ruler | None) -> Html:
    """Quality at parts of the way, with the distance where it is known."""
    beside: Sequence[Column] = [] if ruler is None else [Column(ruler.column, is_number=True)]
    head = (Column("r, left of the way", is_number=True), *beside, Column("u", is_number=True))
    lines = []
    for share in SHARES:
        quality = UNIT_SCALE.quality(share)
        distance = [] if ruler is None else [ruler.distance(quality)]
        lines.append((number(share), *distance, number(quality, 2)))
    return table(lines, head, label="Quality by distance")


def _score() -> Html:
    return element(
        "p", "Score of a run: ", element("span", "J = (1/T) ∫ u dt", class_="formula"),
        " over images seen, up to the budget T: between 0 and 1, higher is better, finite for "
        "every run.",
    )  # fmt: skip


def _stable(study: StudyRecord) -> Html:
    if not has_target(study):
        return element(
            "p", "Stable: no failure up to T. No target was given, so none was "
            "applied: how good a stable run became is its final quality.",
        )  # fmt: skip
    return element(
        "p",
        "Stable: no failure up to T, too few modes from the start among them, and a final quality "
        f"of at least the target ({target_words(study)}). Short: below the target at T while the "
        "distance still falls beyond noise; that is the budget's failure, counted on its own, "
        "never as stable and not among failures. Its evidence extends the trend of the last third "
        "of the run to the target. How often these rules err is measured on planted failures: see "
        "Trust.",
    )


def _rises(study: StudyRecord) -> Html | None:
    """How rises and swings are judged; nothing for verdicts of version 0.1, which judged u."""
    if study.is_rescaled:
        return None
    ruler = ruler_of(study)
    least = "" if ruler is None else f" (here {number(ruler.scale.resolution, 2)})"
    return element(
        "p", "Rises of the distance are judged as factors: ", element(
            "span", "x = ln(s + max(0, d − d", element("sub", "rr"), "))", class_="formula"),
        f", where s{least} is the smallest difference that means anything: the standard error of "
        "d", element("sub", "rr"), " or a four-hundredth of the way, whichever is more. Degraded: "
        f"the distance rose to more than {_limit(study, 'rise_factor')} times its best level, and "
        "beyond the run's own noise, twice in a row. Oscillating: it swings repeatedly by more "
        f"than a factor of {_limit(study, 'swing_factor')} without a net gain.",
    )  # fmt: skip


def _limit(study: StudyRecord, name: str) -> str:
    value = value_at(study.card.base, f"stability.{name}")
    return number(StabilityConfig.model_fields[name].default if value is None else value)
