"""Facts about the judge in a person's own training loop."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.errors import InputError
from lab.judge import main
from lab.record import read_study
from lab.stability.log import BrokenMetric
from lab.stability.monitor import Monitor

FID = [300.0, 100.0, 40.0, 20.0, 12.0, 8.0]
FALLEN = [300.0, 100.0, 40.0, 20.0, 110.0, 120.0, 115.0]


def fed(monitor: Monitor, values: list[float], **columns: list[float]) -> list[str | None]:
    """The names of the verdicts after each evaluation, every 1,000 images."""
    names = []
    for i, value in enumerate(values):
        others = {name: cells[i] for name, cells in columns.items()}
        verdict = monitor.update(images_seen=1000 * i, fid=value, **others)
        names.append(verdict.name if verdict else None)
    return names


def test_a_healthy_run_has_its_verdict_at_the_budget_or_at_the_end() -> None:
    assert fed(Monitor(budget_images=5000), FID) == [None] * 5 + ["stable"]
    monitor = Monitor()
    assert fed(monitor, FID) == [None] * 6
    verdict = monitor.finish()
    assert verdict is not None
    assert verdict.name == "stable"
    assert Monitor().finish() is None


def test_a_failure_is_named_while_the_run_goes_on() -> None:
    names = fed(Monitor(budget_images=12_000), FALLEN)
    assert names[:5] == [None] * 5
    assert names[-1] == "degraded"


def test_losses_that_are_not_finite_are_diverged_at_once() -> None:
    names = fed(Monitor(), FID, critic_loss=[1.0, 1.0, math.nan, 1.0, 1.0, 1.0])
    assert names == [None, None, *["diverged"] * 4]


def test_an_evaluation_that_failed_once_is_no_failure() -> None:
    assert fed(Monitor(), [300.0, 100.0, math.nan, 20.0, 12.0]) == [None] * 5
    assert fed(Monitor(), [300.0, 100.0, math.nan, math.nan])[-1] == "diverged"
    assert fed(Monitor(), [math.nan, 300.0, 100.0]) == [None] * 3


def test_numbers_of_numpy_and_torch_are_taken_and_others_refused() -> None:
    monitor = Monitor()
    assert monitor.update(images_seen=np.int64(0), fid=torch.tensor(300.0), kid=None) is None
    for numbers, said in (
        ({"fid": "low"}, "fid is 'low'"),
        ({"fid": [1.0, 2.0]}, "give a number"),
    ):
        with pytest.raises(InputError, match=said):
            monitor.update(images_seen=5, **numbers)
    with pytest.raises(InputError, match="images_seen is -1"):
        monitor.update(images_seen=-1, fid=3.0)
    with pytest.raises(BrokenMetric):
        monitor.update(images_seen=5, fid=-1e9)
    for options in ({"budget_images": 0}, {"target": 1.0}):
        with pytest.raises(InputError):
            Monitor(**options)  # type: ignore[arg-type]


def test_the_record_is_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mine"
    for seed, values in ((0, FID), (1, FALLEN)):
        with Monitor(record=folder, seed=seed, config={"lr": 1e-4}, target=0.4) as monitor:
            fed(monitor, values, critic_loss=[1.0] * 7)
    study = read_study(folder)
    assert study.problems == []
    assert [run.verdict for run in study.runs] == ["stable", "degraded"]
    assert study.trials[0].config["lr"] == 1e-4
    healthy = study.runs[0]
    assert (healthy.status, healthy.card.images_seen, healthy.card.budget_images) == (
        "finished",
        5000,
        5000,
    )
    assert healthy.card.score is not None
    assert 0 < healthy.card.score < 1
    last = healthy.evaluations[-1]
    assert (last["images_seen"], last["fid"], last["signal_critic_loss"]) == (5000, 8.0, 1.0)
    assert 0.5 < last["quality"] < 1
    assert study.card.target_quality == 0.4
    assert main([str(folder / "trials" / "0000" / "seed-0")]) == 0
    assert main([str(folder / "trials" / "0000" / "seed-1")]) == 3
    assert "verdict     degraded" in capsys.readouterr().out


def test_a_record_is_continued_and_rewound(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    with Monitor(record=whole, initial=350.0) as monitor:
        fed(monitor, FID, critic_loss=[1.0] * 6)
    first = Monitor(record=parts, initial=350.0)
    for i in range(5):
        first.update(images_seen=1000 * i, fid=FID[i] + (i > 2), critic_loss=1.0)
    with Monitor(record=parts, initial=350.0) as second:
        for i in range(3, 6):
            second.update(images_seen=1000 * i, fid=FID[i], critic_loss=1.0)
    one, two = read_study(whole).runs[0], read_study(parts).runs[0]
    assert [dict(row) for row in one.evaluations] == [dict(row) for row in two.evaluations]
    assert (one.verdict, one.card.score) == (two.verdict, two.card.score)


def test_a_run_that_fails_is_written_as_it_fails(tmp_path: Path) -> None:
    monitor = Monitor(record=tmp_path / "mine", budget_images=10_000)
    fed(monitor, FID[:3], generator_loss=[1.0, math.nan, 1.0])
    run = read_study(tmp_path / "mine").runs[0]
    assert (run.status, run.verdict) == ("finished", "diverged")
    assert run.evaluations[1]["signal_non_finite"] == 1
    assert main([str(run.folder)]) == 3
