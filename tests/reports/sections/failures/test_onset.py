"""Facts about when runs break."""

from pathlib import Path

import pandas as pd
import pytest

from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.failures.onset import (
    MOST_PILED,
    draw_onset,
    onset_blocks,
    onset_rows,
)
from tests.made_up.tiny import Run, tiny_study


def _rows(shares: list[float], outcome: str = "diverged") -> pd.DataFrame:
    rows = pd.DataFrame({"share": shares, "outcome": outcome, "stage": "explore"})
    return rows.assign(trial=rows.index, onset=rows["share"] * 100, budget=100.0)


def test_onsets_are_shares_of_the_budget_of_failed_runs_of_every_stage(tmp_path: Path) -> None:
    runs = [
        Run(),
        Run("diverged", 25),
        Run("collapsed", 100, stage="confirm"),
        Run("stalled", 100),
    ]
    rows = onset_rows(tiny_study(tmp_path, runs))
    assert rows["share"].tolist() == [0.25, 1.0, 1.0]
    assert list(rows.index) == [1, 2, 3]


def test_a_failure_without_an_onset_counts_from_where_it_was_last_seen(tmp_path: Path) -> None:
    run = Run("diverged", None, rows=[(0, 0.0), (40, 0.1)])
    assert onset_rows(tiny_study(tmp_path, [run]))["share"].tolist() == [0.4]


def test_stalled_runs_are_counted_but_not_drawn(tmp_path: Path) -> None:
    runs = [Run("diverged", 25), Run("stalled", 100), Run("stalled", 100)]
    (panel,) = onset_blocks(tiny_study(tmp_path, runs))
    assert isinstance(panel, Panel)
    assert panel.outcomes == {"diverged": 1}
    assert "Not drawn: 2 runs stalled (judged at the budget)." in panel.note


def test_every_failed_run_has_one_mark_that_names_it() -> None:
    panel = draw_onset(_rows([0.2] * 7 + [0.5]))
    marks = next(trace for trace in panel.figure.data if trace.mode == "markers")
    assert list(marks.customdata) == list(range(8))
    assert len(set(zip(marks.x, marks.y, strict=True))) == 8
    assert marks.meta["of"] == "runs"


def test_many_runs_of_one_onset_are_counted_in_bars() -> None:
    rows = _rows([0.2] * (MOST_PILED + 1) + [0.5] * 3)
    bars = next(trace for trace in draw_onset(rows).figure.data if trace.type == "bar")
    assert sum("31 diverged" in text for text in bars.hovertext) == 1
    assert sum(": 3 diverged" in text for text in bars.hovertext) == 1
    assert min(bars.y) == pytest.approx(-0.66)


def test_without_a_failure_a_sentence_replaces_the_figure(tmp_path: Path) -> None:
    (block,) = onset_blocks(tiny_study(tmp_path, [Run()]))
    assert isinstance(block, Missing)
