"""Facts about how long runs last."""

from pathlib import Path

import pandas as pd
import pytest

from lab.record import UNBROKEN, StudyRecord
from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.failures.survival import draw_survival, followed, risk_rows, survival_rows
from reports.sections.failures.survival_levels import level_blocks
from tests.made_up.tiny import Run, tiny_study

NORM = "network.critic_norm"


def _rows(runs: list[tuple[float, bool, bool]]) -> pd.DataFrame:
    rows = pd.DataFrame(runs, columns=["images", "failed", "pruned"])
    return rows.assign(trial=rows.index, seed=0, budget=100.0, unbiased=True)


def test_unbroken_runs_count_as_alive_and_failures_from_their_onset(
    study: StudyRecord,
) -> None:
    rows = survival_rows(study).set_index("trial")
    for run in study.runs:
        verdict = run.card.verdict
        broke = verdict.name not in UNBROKEN
        assert rows["failed"][run.trial] == broke
        expected = verdict.onset_images if broke else run.card.budget_images
        assert rows["images"][run.trial] == expected


def test_only_explore_runs_that_no_optimizer_chose_are_followed(tmp_path: Path) -> None:
    runs = [Run(), Run(origin="tpe"), Run(stage="race", trial=0, seed=1)]
    rows = survival_rows(tiny_study(tmp_path, runs))
    assert rows["trial"].tolist() == [0, 1]
    assert followed(rows)["trial"].tolist() == [0]


def test_where_an_optimizer_chose_all_of_them_all_are_followed(tmp_path: Path) -> None:
    rows = survival_rows(tiny_study(tmp_path, [Run(origin="tpe")]))
    assert len(followed(rows)) == 1


def test_the_risk_table_adds_up_to_all_runs_at_every_time() -> None:
    rows = _rows([
        (40, True, False), (50, False, True), (70, False, False), (100, False, False),
        (100, True, False),
    ])  # fmt: skip
    risk = risk_rows(rows, [0, 50, 100])
    assert risk["at_risk"].tolist() == [5, 3, 1]
    assert risk["failed"].tolist() == [0, 1, 2]
    assert risk["pruned"].tolist() == [0, 1, 1]
    assert risk["unseen"].tolist() == [0, 0, 1]


def test_without_pruning_the_curve_lies_in_its_band() -> None:
    panel = draw_survival(_rows([(40, True, False), (60, True, False), (100, False, False)]))
    low, high, curve = panel.figure.data[:3]
    assert curve.y[:2] == (1.0, 0.666667)
    assert all(a <= b <= c for a, b, c in zip(low.y, curve.y, high.y, strict=True))
    assert "2 of which broke" in panel.note
    assert panel.table is not None
    assert panel.table["Not broken"].tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3, *[1 / 3] * 3])


def test_the_band_of_runs_that_all_live_is_wilsons_of_all_of_them() -> None:
    low, high, curve = draw_survival(_rows([(100, False, False)] * 10)).figure.data[:3]
    assert low.y == pytest.approx([0.7225] * 3, abs=1e-4)
    assert set(high.y) == set(curve.y) == {1.0}


def test_pruned_runs_open_a_gap_between_two_curves() -> None:
    panel = draw_survival(_rows([(40, False, True), (60, True, False), (100, False, False)]))
    worst, best = panel.figure.data[:2]
    assert worst.y[-1] == 0.333333
    assert best.y[-1] == 0.666667
    assert "1 pruned" in panel.note
    assert "Mean life of a run: 67 to 87 of 100 images" in panel.note


def test_the_risk_table_is_text_in_the_figure() -> None:
    panel = draw_survival(_rows([(40, True, False), (60, False, True), (100, False, False)]))
    texts = [list(trace.text) for trace in panel.figure.data if trace.mode == "text"]
    assert texts == [
        ["3", "3", "2", "1", "1"],
        ["0", "0", "1", "1", "1"],
        ["0", "0", "0", "1", "1"],
    ]


def test_a_pruned_run_is_followed_to_where_it_was_stopped(tmp_path: Path) -> None:
    pruned = Run(None, status="pruned", rows=[(0, 0.0), (50, 0.1)])
    rows = survival_rows(tiny_study(tmp_path, [Run(), pruned]))
    assert rows["pruned"].tolist() == [False, True]
    assert rows["images"].tolist() == [100, 50]


def test_levels_with_enough_runs_have_a_curve_and_the_others_are_named(tmp_path: Path) -> None:
    levels = ["spectral"] * 4 + ["none"] * 5 + ["layer"]
    runs = [
        Run(*(("diverged", 50) if level == "none" else ("stable", None)), choices={NORM: level})
        for level in levels
    ]
    (panel,) = level_blocks(tiny_study(tmp_path, runs))
    assert isinstance(panel, Panel)
    assert panel.table is not None
    table = panel.table.set_index("Level")
    assert list(table.index) == ["none", "spectral"]
    assert table["Failed"].tolist() == [5, 0]
    assert table["Mean life, images, at least"].tolist() == [50, 100]
    assert "critic norm layer (1)" in panel.note


def test_too_few_runs_of_every_level_give_a_sentence(tmp_path: Path) -> None:
    runs = [Run(choices={NORM: level}) for level in ("spectral", "none")]
    (block,) = level_blocks(tiny_study(tmp_path, runs))
    assert isinstance(block, Missing)
