"""Who is given up: explore runs alone, by marks that a resumed search still knows."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.config import RunConfig
from lab.engine.pruning import ExplorePruner, grace_images, standing
from lab.plan import Job, PlanSettings
from lab.record import QUALITY, RunCard, RunRecord, Stage
from lab.record.columns import metric_names

BUDGET = 900


def pruner(stage: Stage) -> tuple[ExplorePruner, Any]:
    """A pruner with a mark at 100 images, and the searcher whose five runs are of one stage."""
    jobs = {f"t{i}": Job(i, 0, stage, "sobol", {}, RunConfig()) for i in range(5)}
    searcher = SimpleNamespace(live=jobs, given_up=set())
    settings = PlanSettings(prune="asha", grace_images=100)
    made = ExplorePruner(searcher, settings, BUDGET)  # type: ignore[arg-type]
    for name in jobs:
        made.on_trial_add(None, SimpleNamespace(trial_id=name))
    return made, searcher


def told(made: ExplorePruner, name: str, quality: float, images: int = 100) -> str:
    result = {"images_seen": images, "quality": quality}
    return made.on_trial_result(None, SimpleNamespace(trial_id=name), result)


def test_a_run_below_the_best_third_is_given_up_at_the_mark() -> None:
    made, searcher = pruner("explore")
    decisions = [told(made, f"t{i}", quality) for i, quality in enumerate((0.9, 0.8, 0.7, 0.1))]
    assert decisions[0] == "CONTINUE"
    assert decisions[3] == "STOP"
    assert "t3" in searcher.given_up


def test_nobody_is_given_up_before_the_grace_period() -> None:
    made, searcher = pruner("explore")
    assert {told(made, f"t{i}", 0.9 - 0.2 * i, images=99) for i in range(5)} == {"CONTINUE"}
    assert not searcher.given_up


@pytest.mark.parametrize("stage", ["race", "confirm"])
def test_race_and_confirm_runs_are_never_given_up(stage: Stage) -> None:
    made, searcher = pruner(stage)
    assert {told(made, f"t{i}", 0.9 - 0.2 * i) for i in range(5)} == {"CONTINUE"}
    assert not searcher.given_up


def test_a_resumed_search_knows_the_marks_of_the_record() -> None:
    made, _ = pruner("explore")
    rows = [{"images_seen": 0, "quality": 0.0}, {"images_seen": 100, "quality": 0.9}]
    cards = [RunCard(trial=9 + i, seed=0, status="finished") for i in range(3)]
    made.recall([RunRecord(Path(), card, rows) for card in cards])
    assert told(made, "t0", 0.5) == "STOP"


def test_the_grace_period_is_a_quarter_of_the_budget_unless_given() -> None:
    assert grace_images(PlanSettings(), 1000) == 250
    assert grace_images(PlanSettings(grace_images=40), 1000) == 40
    assert grace_images(PlanSettings(grace_images=4000), 1000) == 1000


def test_runs_of_quality_0_are_compared_by_their_distance() -> None:
    names = metric_names("fashion", 100)
    near, far = ({QUALITY: 0.0, names.kernel: distance} for distance in (3.0, 9.0))
    broken = {QUALITY: 0.0, names.kernel: math.nan}
    assert 0.1 == standing({QUALITY: 0.1, names.kernel: 2.0}) > standing(near) > standing(far)
    assert standing(far) > standing(broken)
    assert standing({QUALITY: 0.0}) == 0.0
