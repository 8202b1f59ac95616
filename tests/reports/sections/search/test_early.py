"""Facts about early quality against the final one."""

from pathlib import Path

import numpy as np
import pytest

from lab.statistics.pilot import LEAST_RUNS, grace_period
from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.search import early
from reports.sections.search.early import early_blocks, early_curves, early_rows, looks_at
from tests.made_up.tiny import BUDGET, Run, tiny_study


def _runs(count: int) -> list[Run]:
    """Runs in their final order from half-way on, and in reverse order before."""
    return [
        Run(rows=[(0, 0), (25, 1 - i / 50), (50, i / 50), (100, i / 40)]) for i in range(count)
    ]


def test_curves_end_at_the_failure_and_stalled_runs_are_whole(tmp_path: Path) -> None:
    runs = [
        Run(), Run("diverged", 50), Run("stalled", 100), Run(None, status="pruned"),
        Run(stage="race", trial=0, seed=1),
    ]  # fmt: skip
    curves, num_runs = early_curves(tiny_study(tmp_path, runs), BUDGET)
    assert [list(curve.images) for curve in curves] == [[0, 50, 100], [0], [0, 50, 100]]
    assert num_runs == 3


def test_the_correlation_is_spearmans_at_every_evaluation(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, _runs(LEAST_RUNS))
    curves, _ = early_curves(study, BUDGET)
    rows = early_rows(grace_period(curves, BUDGET, np.random.default_rng(0)))
    by_images = rows.set_index("images")
    assert by_images["correlation"][25] == pytest.approx(-1)
    assert by_images["correlation"][50] == pytest.approx(1)
    assert by_images["alive"][50] == LEAST_RUNS


def test_evaluations_of_different_batch_sizes_share_their_images() -> None:
    run = np.repeat([0, 1], 3)
    seen = np.array([0, 3008, 6016, 0, 3072, 6016], dtype=float)
    assert looks_at(seen, run, 6016.0).tolist() == [0, 3008, 6016, 0, 3008, 6016]


def test_of_many_evaluations_an_even_sample_and_the_last_is_compared() -> None:
    seen = np.arange(101, dtype=float)
    looks = looks_at(seen, np.zeros(101, dtype=np.int64), 100.0)
    kept = looks[np.isfinite(looks)]
    assert kept.tolist() == [*range(0, 100, 9), 100]


def test_of_many_runs_an_even_sample_is_shown_and_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "MOST_RUNS", 10)
    (panel,) = early_blocks(tiny_study(tmp_path, _runs(19)))
    assert isinstance(panel, Panel)
    assert "Showing an even sample, 10 of 19 runs." in panel.note
    assert panel.table is not None
    assert panel.table["Runs alive"].max() == 10


def test_too_few_runs_give_a_sentence(tmp_path: Path) -> None:
    (block,) = early_blocks(tiny_study(tmp_path, _runs(LEAST_RUNS - 1)))
    assert isinstance(block, Missing)
    assert "9 finished runs, at least 10 are needed" in block.sentence
