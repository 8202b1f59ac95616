"""Facts about how long runs last."""

from pathlib import Path

import numpy as np
import pandas as pd

from lab.record import StudyRecord, read_study
from reports.figures.survival import draw_survival, survival_rows
from tests.reports.raced import write_raced_study
from tests.reports.synthetic import write_run, write_study, write_trial
from tests.reports.test_tables import POINT


def _rows(runs: list[tuple[float, bool, bool]]) -> pd.DataFrame:
    rows = pd.DataFrame(runs, columns=["images", "failed", "pruned"])
    return rows.assign(trial=rows.index, seed=0, budget=100.0)


def test_stalled_runs_count_as_alive_and_failures_from_their_onset(study: StudyRecord) -> None:
    rows = survival_rows(study).set_index("trial")
    for run in study.runs:
        verdict = run.run["verdict"]
        broke = verdict["name"] not in ("stable", "stalled")
        assert rows["failed"][run.trial] == broke
        expected = verdict["onset_images"] if broke else run.run["budget_images"]
        assert rows["images"][run.trial] == expected


def test_only_explore_runs_are_followed(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: "ccc"}, raced="ccc"))
    assert len(survival_rows(study)) == 20


def test_without_pruning_the_curve_lies_in_its_band() -> None:
    panel = draw_survival(_rows([(40, True, False), (60, True, False), (100, False, False)]))
    low, high, curve = panel.figure.data
    assert curve.y[:2] == (1.0, 0.666667)
    assert all(a <= b <= c for a, b, c in zip(low.y, curve.y, high.y, strict=True))
    assert "2 of which broke" in panel.note


def test_pruned_runs_open_a_gap_between_two_curves() -> None:
    panel = draw_survival(_rows([(40, False, True), (60, True, False), (100, False, False)]))
    worst, best = panel.figure.data
    assert worst.y[-1] == 0.333333
    assert best.y[-1] == 0.666667
    assert "1 pruned" in panel.note
    assert "Mean life of a run: 67 to 87 of 100 images" in panel.note


def test_a_pruned_run_is_followed_to_where_it_was_stopped(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 1, verdict="stable", samples=False)
    write_trial(folder, 1, POINT, "sobol")
    write_run(folder, 1, POINT, np.random.default_rng(0), status="pruned", samples=False)
    rows = survival_rows(read_study(folder)).set_index("trial")
    assert rows["pruned"].tolist() == [False, True]
    assert 0 < rows["images"][1] < rows["budget"][1]
