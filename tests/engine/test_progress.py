"""What a person sees while a search runs."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from lab.config import RunConfig
from lab.engine.progress import Board, Display
from lab.plan import Job, Outcome
from lab.record.columns import metric_names

ROW = {"images_seen": 4000, "quality": 0.8, "fd_fashion": 20.0}


def start(shown: Display, trial: int, attempt: int = 1) -> Any:
    """Tune starts a run; its trial, as far as callbacks read it."""
    config = {"trial": trial, "seed": 0, "stage": "explore", "origin": "sobol"}
    config["job"] = json.dumps({"attempt": attempt})
    one = SimpleNamespace(trial_id=f"id-{trial}", config=config)
    shown.on_trial_start(0, [], one)
    return one


def end(
    shown: Display, trial: int, outcome: Outcome, row: dict[str, Any], *, again: bool = False
) -> None:
    """The searcher announces how a run ended."""
    job = Job(trial, 0, "explore", "sobol", {}, RunConfig())
    shown.on_run_end(f"id-{trial}", job, outcome, row, again=again)


def display(*, terminal: bool) -> Display:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    board = Board("mine", 3, 8000, metric_names("fashion"), num_slots=2)
    return Display(board, console)


def written(shown: Display) -> str:
    return shown.console.file.getvalue()


def test_without_a_terminal_each_event_is_one_plain_line() -> None:
    shown = display(terminal=False)
    with shown:
        one = start(shown, 0)
        shown.on_trial_result(0, [], one, {"row": json.dumps(ROW), "quality": 0.8})
        shown.on_trial_result(0, [], one, {"no_room": True})
        end(shown, 0, Outcome("finished", "stable", 0.61), ROW)
    lines = written(shown).splitlines()
    assert len(lines) == 3
    assert "trial 0 seed 0 started (explore, sobol)" in lines[0]
    assert "4.0 kimg, quality 0.800, fd_fashion 20.0" in lines[1]
    assert "stable, score 0.610" in lines[2]
    assert "\x1b" not in written(shown)


def test_a_crash_that_is_tried_again_is_not_counted_as_done() -> None:
    shown = display(terminal=False)
    start(shown, 0)
    end(shown, 0, Outcome("errored", error="x\nMemoryError"), {}, again=True)
    start(shown, 0, attempt=2)
    assert shown.board.num_done == 0
    assert "tried again: MemoryError" in written(shown)
    assert "started (explore, sobol, attempt 2)" in written(shown)


def test_a_run_whose_process_failed_before_it_began_is_counted() -> None:
    shown = display(terminal=False)
    end(shown, 0, Outcome("errored", error="no such module"), {})
    assert shown.board.verdicts == {"errored": 1}


def test_the_panel_names_counts_running_runs_and_the_best() -> None:
    shown = display(terminal=True)
    _, second = start(shown, 0), start(shown, 1)
    shown.on_trial_result(0, [], second, {"row": json.dumps(ROW)})
    end(shown, 0, Outcome("finished", "collapsed", 0.2), ROW)
    shown.console.print(shown._draw())
    text = written(shown)
    for words in ("1 of 3 runs", "1 collapsed", "1 running", "trial 1 seed 0", "score 0.200"):
        assert words in text


def test_a_thousand_running_runs_take_no_more_room_than_a_dozen() -> None:
    shown = display(terminal=True)
    for trial in range(1000):
        start(shown, trial)
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
