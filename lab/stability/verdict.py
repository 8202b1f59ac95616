"""The verdict of a run: judged online, from the evaluations made so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from lab.config import StabilityConfig
from lab.record import QUALITY, STABLE, UNBROKEN, VerdictCard, VerdictName
from lab.record.columns import R_PRECISION, MetricNames
from lab.record.scale import Scale
from lab.record.words import brief, kimg
from lab.stability import rules
from lab.stability.companions import companions
from lab.stability.confidence import confidence
from lab.stability.flags import FLAG_READS, Flag, raised, when
from lab.stability.history import Onset, RunHistory, make_history
from lab.stability.log import read_log
from lab.stability.log_columns import LogOptions
from lab.stability.rises import last_alone_rises
from lab.stability.rule import Rule
from lab.stability.target import target_words

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Verdict:
    """How a run ended, since when, and the evidence for it."""

    name: VerdictName
    onset_images: int | None
    """Images seen when the failure began; the budget for `stalled`, None for `stable`."""
    evidence: str
    """Clauses with numbers; of a failure, the signals that moved with it come last."""
    final: bool
    """Whether no later evaluation can change it; true of every verdict of `judge`."""
    confidence: float | None = None
    """Share of a grid of limits under which the name is the same (lab.stability.confidence);
    None in older records."""
    flags: tuple[Flag, ...] = ()
    """What holds beside the name: overfit, memorised."""
    not_judged: tuple[str, ...] = ()
    """Rules and flags that could not be applied as their columns are missing, in words."""
    ignored: tuple[str, ...] = ()
    """Rows and values of a log that were skipped, in words."""

    def stored(self) -> VerdictCard:
        """As run.json keeps it."""
        return VerdictCard.model_validate(asdict(self))


def stored_verdict(card: VerdictCard) -> Verdict:
    """A verdict from `Verdict.stored()`, also of older records, which have fewer entries."""
    entries = card.model_dump(include=set(VerdictCard.model_fields))
    return Verdict(**entries | {"flags": tuple(Flag(**flag) for flag in entries["flags"])})


def judge(
    frame: Sequence[Mapping[str, Any]] | pd.DataFrame,
    *,
    names: MetricNames | None = None,
    baseline: Mapping[str, float] | None = None,
    budget_images: int | None = None,
    settings: StabilityConfig | None = None,
    num_samples: int = 0,
    scale: Scale | None = None,
    log: LogOptions | None = None,
) -> Verdict | None:
    """The verdict of a run from its evaluations so far, or None while it is open.

    `frame` holds the rows of a run: those of evaluations.jsonl in order of images seen, with the
    `names` of their metrics, the `baseline` of held-out real images (with their class
    shares and the `num_samples` that those are counted in), and the `scale` of the kernel
    distance (without it, distances are taken back from the rows' quality); or, without `names`, a
    pandas frame or rows of any log, whose columns lab.stability.log recognises, as `log` sets.
    With both `names` and `log` the rows are a log's, and its metric gets the name given.
    The budget is the last row's images unless given.

    A failure is named at the first row at which a rule of `RULES` holds; later rows do not change
    the verdict. At the budget every run has a verdict: `stable`, or without another cause
    `stalled`, or `short` where it still improved; later rows are ignored. A log without `names`
    is held to a target only where `settings` were made with one, as its default means nothing on
    another program's scale. Missing columns and numbers are tolerated: a rule without its
    columns never holds, and `not_judged` lists it.
    Raises InputError for a log without rows, clock or quality.
    """
    settings = settings or StabilityConfig()
    is_of_lab = names is not None and log is None and budget_images is not None
    if is_of_lab and isinstance(frame, Sequence):
        assert names is not None
        assert budget_images is not None
        history = make_history(
            frame,
            names=names,
            baseline=baseline or {},
            budget_images=budget_images,
            settings=settings,
            num_samples=num_samples,
            scale=scale,
            distance=names.kernel,
        )
        return _verdict(history)
    read = read_log(frame, names=names, budget_images=budget_images, options=log or LogOptions())
    history = make_history(
        read.rows,
        names=read.names,
        baseline={**(baseline or {})},
        budget_images=read.budget_images,
        settings=settings,
        scale=read.scale,
        distance=read.distance,
        from_elsewhere=True,
        has_target=_is_held_to_a_target(settings, read.is_relative),
        is_relative=read.is_relative,
    )
    verdict = _verdict(history)
    return verdict and replace(
        verdict, ignored=read.ignored, not_judged=(*verdict.not_judged, *read.not_judged)
    )


def _is_held_to_a_target(settings: StabilityConfig, is_relative: bool) -> bool:
    """A distance means the same on every log; a quality, on a scale with known ends alone."""
    if settings.target_distance:
        return True
    return "target_quality" in settings.model_fields_set and not is_relative


def _verdict(history: RunHistory) -> Verdict | None:
    if not history.rows:
        return None
    failure = rules.first_failure(history)
    if failure is None:
        return _stable(history) if history.ended else None
    rule, onset = failure
    history = history.until(onset.row)
    flags = raised(history)
    return Verdict(
        rule.name,
        onset.images,
        _failure_evidence(history, rule, onset, flags),
        final=True,
        confidence=confidence(history, rule.name),
        flags=flags,
        not_judged=_not_judged(history),
    )


def _stable(history: RunHistory) -> Verdict:
    return Verdict(
        STABLE,
        None,
        _stable_evidence(history),
        final=True,
        confidence=confidence(history, STABLE),
        flags=raised(history),
        not_judged=_not_judged(history),
    )


def _failure_evidence(history: RunHistory, rule: Rule, onset: Onset, flags: Sequence[Flag]) -> str:
    """The rule's evidence, then the signals that moved and the flags, where the rule asks."""
    text = onset.evidence
    if rule.name in UNBROKEN:
        text = "; ".join([text, *_suspected(history)])
    moves = companions(history, onset) if rule.names_signals else []
    if moves:
        text += f", while {_joined(moves)}"
    return "; ".join([text, *(when(flag) for flag in flags if rule.names_flags)])


def _joined(clauses: Sequence[str]) -> str:
    return " and ".join([", ".join(clauses[:-1]), clauses[-1]] if clauses[:-1] else clauses)


def _stable_evidence(history: RunHistory) -> str:
    num_rows = len(history.rows)
    return "; ".join(
        [
            _reached(history),
            *_alignment(history),
            f"no failure in {num_rows} evaluation{'s' if num_rows != 1 else ''}",
            *_suspected(history),
            *_blind_rules(history),
        ]
    )


def _reached(history: RunHistory) -> str:
    last = history.points(QUALITY)[-1]
    target = f"target {target_words(history.settings)}"
    if history.has_target:
        amount = "" if history.scale is None else f" ({_distance_at(history, last.row)})"
        return f"quality was {brief(last.value)}{amount} at {kimg(last.images)}, {target}"
    first = history.log_distances[0]
    factor = math.exp(history.log_distances[-1].value - first.value)
    why = (
        "that row need not be an untrained generator" if history.is_relative else "none was given"
    )
    return (
        f"{_distance_at(history, last.row)} at {kimg(last.images)}, {brief(factor)} x the first "
        f"row's at {kimg(first.images)}; no target was applied, as {why}"
    )


def _alignment(history: RunHistory) -> list[str]:
    """A clause on the texts of a run that has some."""
    points, real = history.points(R_PRECISION), history.baseline.get(R_PRECISION)
    if not points or real is None:
        return []
    return [f"R-precision was {brief(points[-1].value)}, that of real images {brief(real)}"]


def _distance_at(history: RunHistory, row: int) -> str:
    return f"{history.words_of_distance} {history.amount_at(row)}"


def _suspected(history: RunHistory) -> list[str]:
    """A clause if the distance rose at the last evaluation alone, which no rule may name yet."""
    points = history.log_distances
    rise = last_alone_rises([point.value for point in points], history.settings.rise_factor)
    if rise is None:
        return []
    top, last = points[rise.best], points[rise.onset]
    factor = math.exp(last.value - top.value)
    return [
        f"a rise is suspected at the last evaluation alone: {history.words_of_distance} was "
        f"{history.amount_at(last.row)}, {brief(factor)} x its best"
    ]


def _blind_rules(history: RunHistory) -> list[str]:
    return [_without(name, columns) for name, columns in rules.silent_rules(history).items()]


def _not_judged(history: RunHistory) -> tuple[str, ...]:
    """Rules, parts of rules, and flags whose columns no row has."""
    needs = [pair for rule in rules.RULES.values() for pair in rule.parts.items()]
    columns = {what: reads(history.names) for what, reads in (*needs, *FLAG_READS.items())}
    missing = [what for what in columns if not rules.has_any(history, columns[what])]
    return (*_blind_rules(history), *(_without(what, columns[what]) for what in missing))


def _without(what: str, columns: Sequence[str]) -> str:
    return f"{what} could not be judged without {', '.join(columns)}"
