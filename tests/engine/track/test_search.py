"""A search with trackers and with a callback of the person's, from Python."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

from lab.engine.run_callback import RunCallback
from lab.search import search

BASE = {
    "data.source": "fashion-mini",
    "network.architecture": "dcgan",
    "network.width": 0.0625,
    "network.latent_size": 16,
    "training.budget_images": 400,
    "training.batch_size": 16,
    "training.precision": "float32",
    "evaluation.every_images": 200,
    "evaluation.num_samples": 100,
}


class Seen(RunCallback):
    """Remembers what Tune's users would see, and the ends of runs."""

    def __init__(self) -> None:
        self.configs: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        self.ends: list[tuple[str, bool]] = []

    def on_trial_result(
        self, iteration: int, trials: Any, trial: Any, result: Any, **_: Any
    ) -> None:
        self.configs.append(trial.config)
        self.results.append(result)

    def on_run_end(self, trial_id: str, job: Any, outcome: Any, row: Any, *, again: bool) -> None:
        self.ends.append((outcome.status, again))


def is_nested(value: Any) -> bool:
    return isinstance(value, (dict, list))


def is_no_number(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def halves(trial: Any) -> dict[str, Any]:
    """One rate."""
    return {"optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 1e-4, 1e-3)}


@pytest.mark.slow
def test_a_function_is_searched_with_callbacks_and_a_tracker(tmp_path: Path) -> None:
    seen = Seen()
    study = search(
        halves,
        base=BASE,
        callbacks=[seen],
        track=["tensorboard"],
        storage=tmp_path,
        name="mine",
        trials=2,
        seeds="1",
        race=0,
        confirm=0,
        preset="laptop",
    )
    assert {run.status for run in study.runs} == {"finished"}
    rates = {trial.parameters["optimizer.critic.lr"] for trial in study.trials}
    assert {config["optimizer.critic.lr"] for config in seen.configs} == rates
    assert {config["network.width"] for config in seen.configs} == {0.0625}
    assert not [name for config in seen.configs for name in config if is_nested(config[name])]
    assert not [name for result in seen.results for name in result if is_no_number(result[name])]
    assert seen.ends == [("finished", False)] * 2
    rows = [row for run in study.runs for row in run.evaluations]
    assert sorted(result["kid_fashion_100"] for result in seen.results) == sorted(
        row["kid_fashion_100"] for row in rows
    )
    events = EventMultiplexer().AddRunsFromDirectory(str(tmp_path / "mine" / "tensorboard"))
    events.Reload()
    assert set(events.Runs()) == {"trial-0000/seed-0", "trial-0001/seed-0"}
    steps = [point.step for point in events.Scalars("trial-0000/seed-0", "quality")]
    assert steps == [row["images_seen"] for row in study.runs[0].evaluations]
    assert events.Images("trial-0000/seed-0", "samples")
    assert study.card.space.name == "halves"
    assert study.frame()["optimizer.critic.lr"].nunique() == 2
