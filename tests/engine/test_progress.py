"""What a person sees while a search runs."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lab.config import RunConfig
from lab.engine.progress import Board, Display
from lab.plan import Job, Outcome
from lab.record.columns import metric_names

ROW = {"images_seen": 4000, "quality": 0.8, "fd_fashion": 20.0}


def job(trial: int) -> Job:
    return Job(trial, 0, "explore", "sobol", {}, RunConfig())


def display(*, terminal: bool) -> Display:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    board = Board("mine", 3, 8000, metric_names("fashion"), num_slots=2)
    return Display(board, console)


def written(shown: Display) -> str:
    return shown.console.file.getvalue()


def test_without_a_terminal_each_event_is_one_plain_line() -> None:
    shown = display(terminal=False)
    with shown:
        shown.run_started(job(0))
        shown.run_evaluated(job(0), ROW)
        shown.run_ended(job(0), Outcome("finished", "stable", 0.61), ROW, again=False)
    lines = written(shown).splitlines()
    assert len(lines) == 3
    assert "trial 0 seed 0 started (explore, sobol)" in lines[0]
    assert "4.0 kimg, quality 0.800, fd_fashion 20.0" in lines[1]
    assert "stable, score 0.610" in lines[2]
    assert "\x1b" not in written(shown)


def test_a_crash_that_is_tried_again_is_not_counted_as_done() -> None:
    shown = display(terminal=False)
    shown.run_started(job(0))
    shown.run_ended(job(0), Outcome("errored", error="x\nMemoryError"), {}, again=True)
    assert shown.board.num_done == 0
    assert "tried again: MemoryError" in written(shown)


def test_the_panel_names_counts_running_runs_and_the_best() -> None:
    shown = display(terminal=True)
    for trial in (0, 1):
        shown.run_started(job(trial))
    shown.run_evaluated(job(1), ROW)
    shown.run_ended(job(0), Outcome("finished", "collapsed", 0.2), ROW, again=False)
    shown.console.print(shown._draw())
    text = written(shown)
    for words in ("1 of 3 runs", "1 collapsed", "1 running", "trial 1 seed 0", "score 0.200"):
        assert words in text


def test_a_thousand_running_runs_take_no_more_room_than_a_dozen() -> None:
    shown = display(terminal=True)
    for trial in range(1000):
        shown.run_started(job(trial))
    shown.console.print(shown._draw())
    text = written(shown)
    assert "1000 running" in text
    assert "and 988 more" in text
    assert text.count("\n") < 25


def test_time_left_is_the_mean_run_shared_by_the_slots() -> None:
    board = display(terminal=False).board
    assert board.seconds_left() is None
    board.run_seconds, board.verdicts["stable"] = [60.0], 1
    assert board.seconds_left() == pytest.approx(60.0)


@pytest.mark.parametrize("has_widgets", [True, False])
def test_a_notebook_has_the_panel_where_it_can_draw_widgets(
    has_widgets: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if has_widgets else None)
    notebook = Console(file=io.StringIO(), force_jupyter=True)
    shown = Display(display(terminal=False).board, notebook)
    assert shown._is_drawn is has_widgets
