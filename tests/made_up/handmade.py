"""Studies small enough to reckon by hand, made in memory: a line a trial, a line a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lab.record import RunCard, RunRecord, StudyCard, StudyRecord, TrialCard, VerdictCard
from lab.record.card import validated
from lab.record.evaluations import Evaluations

PLACE = Path("handmade")


class Run(NamedTuple):
    """One finished run; a score and a quality that are None are not in the record."""

    trial: int
    outcome: str = "stable"
    seed: int = 0
    stage: str = "explore"
    score: float | None = 0.5
    quality: float | None = 0.8


def handmade(
    parameters: dict[str, dict[str, Any]],
    trials: Sequence[tuple[str, dict[str, Any]]],
    runs: Sequence[Run],
    *,
    conclusions: dict[str, Any] | None = None,
    configs: Sequence[dict[str, Any]] | None = None,
) -> StudyRecord:
    """A study of `trials`, each its origin and what it sampled, numbered from 0."""
    content = {"study": "handmade", "parameters": parameters, "conclusions": conclusions or {}}
    card, _ = validated(StudyCard, content)
    assert card is not None
    given = configs or [{} for _ in trials]
    trial_cards = [
        TrialCard(number=number, origin=origin, parameters=values, config=given[number])
        for number, (origin, values) in enumerate(trials)
    ]
    evaluations = Evaluations()
    records = [RunRecord(PLACE, _card(run), evaluations.append([])) for run in runs]
    return StudyRecord(PLACE, card, trial_cards, records, evaluations=evaluations)


def _card(run: Run) -> RunCard:
    failed = run.outcome not in ("stable", "stalled")
    return RunCard(
        trial=run.trial,
        seed=run.seed,
        stage=run.stage,
        status="finished",
        verdict=VerdictCard(name=run.outcome, onset_images=500 if failed else None),
        score=run.score,
        final_quality=0.0 if failed and run.quality is not None else run.quality,
        budget_images=1_000,
    )
