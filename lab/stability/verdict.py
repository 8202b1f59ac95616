"""How a run ends: judged online, from the evaluations made so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.config import MetricNames, StabilityConfig
from lab.record import QUALITY, VerdictName
from lab.stability.history import History, brief, kimg, make_history
from lab.stability.rules import RULES, silent_rules


@dataclass(frozen=True)
class Verdict:
    """How a run ended, since when, and how one can tell."""

    name: VerdictName
    onset_images: int | None
    """Images seen when the failure began; the budget for `stalled`, None for `stable`."""
    evidence: str
    """One plain sentence with numbers."""
    final: bool
    """Whether no later evaluation can change it; so is every verdict of `judge`."""


def judge(
    rows: Sequence[Mapping[str, Any]],
    *,
    names: MetricNames,
    baseline: Mapping[str, float],
    budget_images: int,
    settings: StabilityConfig,
) -> Verdict | None:
    """The verdict of a run from its evaluations so far, or None while it is open.

    `rows` are the rows of evaluations.jsonl, in order of images seen; `baseline` the metrics of
    held-out real images. A failure is named at the first row at which a rule of `RULES` holds,
    and rows after it change neither its name nor its onset. At the budget every run has a
    verdict: `stable`, or `stalled` without another cause; rows past it are not looked at.
    Missing columns and numbers are tolerated: a rule without its columns does not fire, and the
    evidence of `stable` says so.
    """
    history = make_history(
        rows, names=names, baseline=baseline, budget_images=budget_images, settings=settings
    )
    if not history.rows:
        return None
    findings = [
        (finding.row, precedence, name, finding)
        for precedence, (name, rule) in enumerate(RULES.items())
        if (finding := rule(history)) is not None
    ]
    if findings:
        _, _, name, finding = min(findings, key=lambda found: found[:2])
        return Verdict(name, finding.onset_images, finding.evidence, final=True)
    if history.ended:
        return Verdict("stable", None, _stable_evidence(history), final=True)
    return None


def _stable_evidence(history: History) -> str:
    last = history.points(QUALITY)[-1]
    blind = [
        f"{name} could not be judged without {', '.join(columns)}"
        for name, columns in silent_rules(history).items()
    ]
    num_rows = len(history.rows)
    return "; ".join(
        [
            f"quality {brief(last.value)} at {kimg(last.images)}, "
            f"target {brief(history.settings.target_quality)}",
            f"no failure in {num_rows} evaluation{'s' if num_rows != 1 else ''}",
            *blind,
        ]
    )
