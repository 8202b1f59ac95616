"""Facts about what the search cost, and what stopping saved."""

from pathlib import Path
from typing import Any

import pytest

from lab.record import StudyRecord
from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.search.bill import SLOTS, bill_rows
from reports.sections.search.saved import saved_blocks, saved_rows
from reports.sections.search.spending import (
    parts_of,
    size_of,
    spending_blocks,
    spending_rows,
    watched,
)
from tests.made_up.tiny import Run, clock, tiny_study

HOUR = 3600.0


def _run(training: float, evaluating: float = 0.0, starting: float = 0.0, **more: Any) -> Run:
    seconds = {"starting": starting, "training": training, "evaluating": evaluating}
    note = {"seconds": seconds} | more.pop("note", {})
    return Run(note=note, **more)


def _settings(**changed: Any) -> dict[str, Any]:
    return {"concurrent": 2, "cpus_per_worker": 2, "gpus_per_worker": 0, "workers": "1"} | changed


def test_hours_are_seconds_times_the_cores_of_every_worker(tmp_path: Path) -> None:
    runs = [
        _run(HOUR, HOUR / 2, note={"hosts": ["a", "b"]}),
        _run(HOUR, stage="race", verdict="diverged", onset=50),
    ]
    rows = spending_rows(tiny_study(tmp_path, runs, settings=_settings(cpus_per_worker=4)))
    hours = rows.set_index(["group", "part"])["hours"].to_dict()
    assert hours[("explore", "stable")] == pytest.approx(2 * 4 * 1.5)
    assert hours[("race", "diverged")] == pytest.approx(4)
    assert hours[(SLOTS, "training")] == pytest.approx(8 + 4)
    assert hours[(SLOTS, "evaluating")] == pytest.approx(4)


def test_gpus_count_where_a_worker_has_any(tmp_path: Path) -> None:
    size = size_of(tiny_study(tmp_path, [Run()], settings=_settings(gpus_per_worker=1)))
    assert (size.units.tolist(), size.hours) == ([1.0], "GPU-hours")


def test_a_run_without_hosts_had_the_fewest_workers_allowed(tmp_path: Path) -> None:
    size = size_of(tiny_study(tmp_path, [Run()], settings=_settings(workers="3:8")))
    assert (size.units.tolist(), size.hours) == ([6.0], "core-hours")


def test_a_pruned_run_costs_the_seconds_of_its_last_evaluation(tmp_path: Path) -> None:
    pruned = Run(
        None, status="pruned", note={"seconds": {"starting": 1.0}}, rows=[(0, 0.0), (50, 0.1)],
        columns={"seconds_training": [0, 40], "seconds_evaluating": [1, 5]},
    )  # fmt: skip
    parts = parts_of(tiny_study(tmp_path, [pruned]))
    assert {name: part.tolist() for name, part in parts.items()} == {
        "starting": [1.0], "training": [40.0], "evaluating": [5.0],
    }  # fmt: skip


def test_idle_is_what_slots_had_left_between_the_first_start_and_the_last_end(
    tmp_path: Path,
) -> None:
    runs = [
        _run(100, 10, 10, note={"started": clock(10), "ended": clock(120)}),
        _run(30, 10, 10, note={"started": clock(10), "ended": clock(50)}),
    ]
    study = tiny_study(tmp_path, runs, settings=_settings(cpus_per_worker=1))
    there = watched(study)
    assert there is not None
    assert (there.seconds, there.slots) == (120, 2)
    rows = spending_rows(study).set_index(["group", "part"])["hours"]
    assert rows[(SLOTS, "idle")] * HOUR == pytest.approx(2 * 120 - 120 - 50)


def test_a_pause_of_the_search_is_not_idle_time(tmp_path: Path) -> None:
    runs = [
        _run(50, note={"started": clock(0), "ended": clock(50)}),
        _run(50, note={"started": clock(1950), "ended": clock(2000)}),
    ]
    there = watched(tiny_study(tmp_path, runs, seconds=130.0))
    assert there is not None
    assert there.seconds == 130
    assert "without pauses" in there.source


def test_torn_seconds_are_counted_as_unknown(tmp_path: Path) -> None:
    runs = [_run(60), Run(note={"seconds": {"training": "many"}}), Run(note={"seconds": [1, 2]})]
    panel, _ = spending_blocks(tiny_study(tmp_path, runs, settings={"workers": None}))
    assert isinstance(panel, Panel)
    assert "2 runs without a recorded duration not counted." in panel.note
    assert "idle time is unknown" in panel.note


def test_a_study_without_seconds_gives_a_sentence(tmp_path: Path) -> None:
    (block,) = spending_blocks(tiny_study(tmp_path, [Run()]))
    assert isinstance(block, Missing)


def _priced_study(folder: Path, **changed: Any) -> StudyRecord:
    """Ten core-hours of runs, of which failures took 4 and the confirmation 3."""
    runs = [
        _run(2 * HOUR, HOUR, starting=HOUR / 2),
        _run(HOUR, verdict="diverged", onset=50),
        _run(3 * HOUR, verdict="collapsed", onset=50, stage="race"),
        _run(2 * HOUR, HOUR, stage="confirm"),
    ]
    settings = _settings(cpus_per_worker=1, **changed)
    return tiny_study(folder, runs, settings=settings)


def test_every_run_is_billed_once_by_its_stage_and_once_by_its_end(tmp_path: Path) -> None:
    bill = bill_rows(spending_rows(_priced_study(tmp_path)))
    lines = {row.part: (row.of, row.runs, row.hours) for row in bill.itertuples()}
    assert lines == {
        "explore": ("stage", 2, 4.0),
        "race": ("stage", 1, 3.0),
        "confirm": ("stage", 1, 3.0),
        "stable": ("outcome", 2, 6.0),
        "diverged": ("outcome", 1, 1.0),
        "collapsed": ("outcome", 1, 3.0),
        "failures in all": ("failures", 2, 4.0),
        "starting": ("slots", 0, 0.5),
        "in all": ("all", 4, 10.5),
    }


def test_a_price_gives_the_cost_in_money(tmp_path: Path) -> None:
    panel, bill = spending_blocks(_priced_study(tmp_path, price=2.5))
    assert isinstance(panel, Panel)
    assert panel.note.endswith(
        "At 2.50 a core-hour: 26.25, of that 10.00 for 2 failed runs and 7.50 for the "
        "confirmation."
    )
    assert panel.table is not None
    assert panel.table["Cost"].sum() == pytest.approx(2.5 * 20.5)
    assert ">cost</th>" in str(bill)
    assert "26.25" in str(bill)


def test_without_a_price_there_are_hours_alone(tmp_path: Path) -> None:
    panel, bill = spending_blocks(_priced_study(tmp_path, price=-1))
    assert isinstance(panel, Panel)
    assert panel.table is not None
    assert "Cost" not in panel.table
    assert "core-hours" in str(bill)
    assert ">cost</th>" not in str(bill)


def test_every_gpu_of_a_slot_is_paid_for(tmp_path: Path) -> None:
    settings = {"gpus_per_worker": 0.25, "workers": "4", "price": 4}
    runs = [_run(HOUR, note={"hosts": ["a"] * 4})]
    panel, _ = spending_blocks(tiny_study(tmp_path, runs, settings=_settings(**settings)))
    assert isinstance(panel, Panel)
    assert "At 4.00 a GPU-hour: 4.00." in panel.note


def test_stopping_saves_the_images_not_seen_at_the_runs_own_speed(tmp_path: Path) -> None:
    failed = _run(
        100, verdict="diverged", onset=50, rows=[(0, 0.0), (50, 0.1)],
        note={"images_per_second": 0.5},
    )  # fmt: skip
    pruned = Run(
        None, status="pruned", rows=[(0, 0.0), (20, 0.1)], columns={"seconds_training": [0, 10]}
    )
    whole = _run(200, verdict="collapsed", onset=100)
    study = tiny_study(tmp_path, [Run(), failed, pruned, whole], settings=_settings())
    rows = saved_rows(study)
    assert rows["kind"].tolist() == ["failed", "pruned"]
    assert (rows["saved"] * HOUR).tolist() == pytest.approx([2 * 50 / 0.5, 2 * 80 / 2])
    assert (rows["spent"] * HOUR).tolist() == pytest.approx([200, 20])


def test_failed_and_pruned_are_separate_with_their_shares(tmp_path: Path) -> None:
    failed = _run(100, verdict="diverged", onset=50, rows=[(0, 0.0), (50, 0.1)])
    pruned = Run(
        None, status="pruned", rows=[(0, 0.0), (20, 0.1)], columns={"seconds_training": [0, 100]}
    )
    (panel,) = saved_blocks(tiny_study(tmp_path, [failed, pruned]))
    assert isinstance(panel, Panel)
    assert "Stopped at a failure: 1.67 core-minutes saved, 14% of" in panel.note
    assert "Pruned by choice: 6.67 core-minutes saved, 57% of" in panel.note
    assert "no sure gain" in panel.note


def test_runs_of_unknown_speed_are_counted(tmp_path: Path) -> None:
    unknown = Run("diverged", 50, rows=[(0, 0.0), (50, 0.1)])
    (block,) = saved_blocks(tiny_study(tmp_path / "one", [unknown]))
    assert isinstance(block, Missing)
    assert "1 run stopped before the budget" in block.sentence
    timed = _run(100, verdict="diverged", onset=50, rows=[(0, 0.0), (50, 0.1)])
    (panel,) = saved_blocks(tiny_study(tmp_path / "two", [timed, unknown]))
    assert isinstance(panel, Panel)
    assert "1 run of unknown speed not counted." in panel.note


def test_where_no_run_was_stopped_nothing_was_saved(tmp_path: Path) -> None:
    (block,) = saved_blocks(tiny_study(tmp_path, [Run(), Run("stalled", 100)]))
    assert isinstance(block, Missing)
