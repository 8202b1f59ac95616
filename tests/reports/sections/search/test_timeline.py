"""Facts about slots over time."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.search import timeline
from reports.sections.search.occupancy import busy_in, unit_for
from reports.sections.search.timeline import lanes_of, timeline_blocks, timeline_rows
from tests.made_up.tiny import Run, clock, tiny_study


def _timed(started: int, ended: int | None, *, starting: float = 2.0, **more: Any) -> Run:
    held = {"starting": starting, "training": 15.0, "evaluating": 3.0}
    note = {"started": clock(started), "ended": clock(ended) if ended else None, "seconds": held}
    return Run(note=note | more.pop("note", {}), **more)


def _intervals(*spans: tuple[float, float], host: str = "a") -> pd.DataFrame:
    return pd.DataFrame(spans, columns=["begin", "end"]).assign(host=host)


def test_a_run_holds_its_slot_from_before_its_start(tmp_path: Path) -> None:
    rows = timeline_rows(tiny_study(tmp_path, [_timed(0, 18), _timed(20, 38)]))
    assert rows["begin"].tolist() == [0, 20]
    assert rows["end"].tolist() == [20, 40]


def test_a_run_without_an_end_is_shown_to_its_last_evaluation(tmp_path: Path) -> None:
    running = Run(
        None, status="running", note={"started": clock(0), "seconds": {"starting": 1.0}},
        columns={"seconds_training": [0, 5, 10], "seconds_evaluating": [1, 2, 3]},
    )  # fmt: skip
    rows = timeline_rows(tiny_study(tmp_path, [running]))
    assert (rows["end"] - rows["begin"]).tolist() == [14.0]


def test_a_run_that_had_a_break_is_shown_as_the_seconds_it_took(tmp_path: Path) -> None:
    (panel,) = timeline_blocks(tiny_study(tmp_path, [_timed(0, 18), _timed(20, 1000)]))
    assert isinstance(panel, Panel)
    assert panel.extra["end"][1] - panel.extra["begin"][1] == pytest.approx(20)
    assert panel.extra["end"][1] == pytest.approx(1002)
    assert "1 run had a break" in panel.note


def test_runs_without_times_are_counted_and_torn_times_are_none(tmp_path: Path) -> None:
    runs = [_timed(0, 18), Run(), Run(note={"started": "yesterday", "seconds": "torn"})]
    (panel,) = timeline_blocks(tiny_study(tmp_path, runs))
    assert isinstance(panel, Panel)
    assert "Not drawn: 2 runs without times." in panel.note
    assert panel.extra["lane"] == [0]


def test_overlapping_runs_of_a_host_lie_in_different_lanes() -> None:
    lanes = lanes_of(_intervals((0, 10), (5, 15), (10, 20), (12, 13), (15, 16)))
    assert lanes.tolist() == [0, 1, 0, 2, 1]


def test_hosts_lie_beneath_each_other() -> None:
    rows = pd.concat(
        [_intervals((0, 10), (1, 2), host="b"), _intervals((0, 10), host="a")], ignore_index=True
    )
    assert lanes_of(rows).tolist() == [1, 2, 0]


def test_runs_in_progress_are_their_overlap_with_each_bin() -> None:
    begin, end = np.array([0.0, 5.0, 10.0]), np.array([10.0, 15.0, 20.0])
    busy = busy_in(begin, end, np.array([0.0, 10.0, 20.0]))
    assert busy.tolist() == pytest.approx([1.5, 1.5])
    assert busy_in(begin, end, np.array([0.0, 5.0, 20.0])).tolist() == pytest.approx([1, 25 / 15])


def test_many_runs_are_counted_where_they_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "MOST_MARKS", 2)
    runs = [_timed(20 * i, 20 * i + 18) for i in range(3)]
    runs.append(_timed(60, 78, verdict="diverged", onset=50))
    (panel,) = timeline_blocks(tiny_study(tmp_path, runs))
    assert isinstance(panel, Panel)
    counts = {t.meta["outcome"]: sum(t.y) for t in panel.figure.data if t.type == "bar"}
    assert counts == {"stable": 3, "diverged": 1}
    assert panel.extra["large"]


def test_a_unit_of_time_suits_the_length() -> None:
    assert [unit_for(s).name for s in (100, 151, 9_001, 300_000)] == [
        "seconds", "minutes", "hours", "days",
    ]  # fmt: skip


def test_a_study_without_times_gives_a_sentence(tmp_path: Path) -> None:
    (block,) = timeline_blocks(tiny_study(tmp_path, [Run()]))
    assert isinstance(block, Missing)
