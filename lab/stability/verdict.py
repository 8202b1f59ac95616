"""How a run ends: judged online, from the evaluations made so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from lab.config import StabilityConfig
from lab.record import QUALITY, VerdictCard, VerdictName
from lab.record.columns import MetricNames
from lab.record.words import brief, kimg
from lab.stability.companions import companions
from lab.stability.confidence import confidence
from lab.stability.divergence import GRADIENT_NORMS
from lab.stability.flags import FLAG_READS, Flag, raised, when
from lab.stability.history import Finding, History, make_history
from lab.stability.log import read_log
from lab.stability.log_columns import LogOptions
from lab.stability.rules import first_failure, has_any, silent_rules

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Verdict:
    """How a run ended, since when, and how one can tell."""

    name: VerdictName
    onset_images: int | None
    """Images seen when the failure began; the budget for `stalled`, None for `stable`."""
    evidence: str
    """Plain clauses with numbers, the signals that moved with a failure at the end."""
    final: bool
    """Whether no later evaluation can change it; so is every verdict of `judge`."""
    confidence: float | None = None
    """Share of a grid of limits under which the name is the same (lab.stability.confidence);
    None in older records."""
    flags: tuple[Flag, ...] = ()
    """What to know beside the name: overfit, memorised."""
    not_judged: tuple[str, ...] = ()
    """What could not be told for want of columns, in words."""
    ignored: tuple[str, ...] = ()
    """Rows and values of a log that were passed over, in words."""

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
    log: LogOptions | None = None,
) -> Verdict | None:
    """The verdict of a run from its evaluations so far, or None while it is open.

    `frame` holds the rows of a run: those of evaluations.jsonl in order of images seen, with the
    `names` of their metrics and the `baseline` of held-out real images; or, without `names`, a
    pandas frame or rows of any log, whose columns lab.stability.log tells as `log` says. The
    budget is the last row's images unless given.

    A failure is named at the first row at which a rule of `RULES` holds, and rows after it change
    nothing of the verdict. At the budget every run has a verdict: `stable`, or `stalled` without
    another cause; rows past it are not looked at. Missing columns and numbers are tolerated: a
    rule without its columns does not fire, and `not_judged` says so.
    Raises InputError for a log without rows, clock or quality.
    """
    settings = settings or StabilityConfig()
    if names is not None and isinstance(frame, Sequence) and budget_images is not None:
        history = make_history(
            frame,
            names=names,
            baseline=baseline or {},
            budget_images=budget_images,
            settings=settings,
        )
        return _verdict(history)
    read = read_log(frame, names=names, budget_images=budget_images, options=log or LogOptions())
    history = make_history(
        read.rows,
        names=read.names,
        baseline={**(baseline or {})},
        budget_images=read.budget_images,
        settings=settings,
    )
    verdict = _verdict(history)
    return verdict and replace(
        verdict, ignored=read.ignored, not_judged=(*verdict.not_judged, *read.not_judged)
    )


def _verdict(history: History) -> Verdict | None:
    if not history.rows:
        return None
    failure = first_failure(history)
    if failure is None and not history.ended:
        return None
    name: VerdictName = "stable"
    onset, evidence = None, ""
    if failure is not None:
        name, finding = failure
        history = history.until(finding.row)
        onset = finding.onset_images
    flags = raised(history)
    evidence = (
        _stable_evidence(history)
        if failure is None
        else _failure_evidence(history, name, finding, flags)
    )
    return Verdict(
        name,
        onset,
        evidence,
        final=True,
        confidence=confidence(history, name),
        flags=flags,
        not_judged=_not_judged(history),
    )


def _failure_evidence(
    history: History, name: VerdictName, finding: Finding, flags: Sequence[Flag]
) -> str:
    """The rule's own words, the signals that moved, and flags that explain a fall."""
    text = finding.evidence
    moved = companions(history, finding) if name != "stalled" else []
    if moved:
        text += f", while {_listed(moved)}"
    told = [when(flag) for flag in flags if name == "degraded"]
    return "; ".join([text, *told])


def _listed(clauses: Sequence[str]) -> str:
    return " and ".join([", ".join(clauses[:-1]), clauses[-1]] if clauses[:-1] else clauses)


def _stable_evidence(history: History) -> str:
    last = history.points(QUALITY)[-1]
    num_rows = len(history.rows)
    return "; ".join(
        [
            f"quality {brief(last.value)} at {kimg(last.images)}, "
            f"target {brief(history.settings.target_quality)}",
            f"no failure in {num_rows} evaluation{'s' if num_rows != 1 else ''}",
            *_blind_rules(history),
        ]
    )


def _blind_rules(history: History) -> list[str]:
    return [_without(name, columns) for name, columns in silent_rules(history).items()]


def _not_judged(history: History) -> tuple[str, ...]:
    """What no row has the columns for: rules, parts of rules, flags."""
    parts: dict[str, tuple[str, ...]] = {"an explosion": tuple(GRADIENT_NORMS.values())}
    parts |= {name: reads(history.names) for name, reads in FLAG_READS.items()}
    return (
        *_blind_rules(history),
        *(_without(part, cols) for part, cols in parts.items() if not has_any(history, cols)),
    )


def _without(what: str, columns: Sequence[str]) -> str:
    return f"{what} could not be judged without {', '.join(columns)}"
