"""Watching a study: when the page is written again, and when that ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from lab.errors import InputError
from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    STUDY_FILE,
    append_row,
    run_folder,
    sample_file,
    write_json,
)
from lab.record.storage import open_storage
from reports.live.watch import REST, state_of, watch
from reports.page import store_report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study with one run under way."""
    write_json(tmp_path / STUDY_FILE, {"status": "running"})
    write_json(run_folder(tmp_path, 0, 0) / RUN_FILE, {"status": "running"})
    return tmp_path


def finish(folder: Path) -> None:
    write_json(folder / STUDY_FILE, {"status": "finished"})


def watched(folder: Path, steps: list[Callable[[], object]]) -> tuple[int, list[str]]:
    """Times the page was written, and the lines printed; each pause does the next step."""
    written: list[str] = []
    lines: list[str] = []
    coming = iter(steps)

    def write() -> str:
        written.append("page")
        return "report.html"

    watch(
        open_storage(str(folder)), write, 5.0, report=lines.append, sleep=lambda _: next(coming)()
    )
    return len(written), lines


def test_a_finished_study_gets_one_page(folder: Path) -> None:
    finish(folder)
    num_written, lines = watched(folder, [])
    assert num_written == 1
    assert lines[-1] == "the study is finished: this page is the last"


def test_a_page_is_written_after_a_change_and_once_more_at_the_end(folder: Path) -> None:
    row = {"images_seen": 0}
    steps = [
        lambda: None,
        lambda: append_row(run_folder(folder, 0, 0) / EVALUATIONS_FILE, row),
        lambda: None,
        lambda: finish(folder),
    ]
    num_written, lines = watched(folder, steps)
    assert num_written == 3
    assert len(lines) == 4


def test_an_interrupted_study_is_waited_for_no_longer(folder: Path) -> None:
    write_json(folder / STUDY_FILE, {"status": "interrupted"})
    assert watched(folder, [])[1][-1].startswith("the study is interrupted")


def test_rows_runs_and_trials_change_the_state_and_the_page_itself_does_not(
    folder: Path,
) -> None:
    states = [state_of(folder)]
    append_row(run_folder(folder, 0, 0) / EVALUATIONS_FILE, {"images_seen": 0})
    states.append(state_of(folder))
    write_json(run_folder(folder, 1, 0) / RUN_FILE, {"status": "running"})
    states.append(state_of(folder))
    write_json(run_folder(folder, 1, 0).parent / "trial.json", {"number": 1})
    states.append(state_of(folder))
    assert len(set(states)) == 4
    (folder / "report.html").write_text("page")
    sample_file(run_folder(folder, 0, 0), 0).parent.mkdir()
    sample_file(run_folder(folder, 0, 0), 0).write_text("picture")
    assert state_of(folder) == states[-1]


def test_a_page_that_takes_long_is_made_more_seldom(folder: Path) -> None:
    times = iter([0.0, 40.0, 100.0, 140.0])
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        finish(folder)

    watch(
        open_storage(str(folder)), lambda: "", 5.0, report=lambda _: None, sleep=pause,
        clock=lambda: next(times),
    )  # fmt: skip
    assert pauses == [REST * 40.0]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_pause_that_is_none_is_one_sentence(folder: Path, seconds: float) -> None:
    with pytest.raises(InputError, match="--watch is"):
        watch(open_storage(str(folder)), lambda: "", seconds)


def test_a_study_behind_a_url_is_watched_through_its_local_copy(folder: Path) -> None:
    store = fsspec.filesystem("memory")
    url = f"memory://watched-{folder.name}/study"
    store.put(str(folder), url.removeprefix("memory:/"), recursive=True)
    storage = open_storage(url)
    written: list[str] = []

    def write() -> str:
        written.append(store_report(storage))
        return written[-1]

    def finish_there(_: float) -> None:
        with store.open(f"{url.removeprefix('memory:/')}/{STUDY_FILE}", "w") as file:
            file.write('{"format": 1, "status": "finished", "seconds": 1.0}')

    lines: list[str] = []
    watch(storage, write, 5.0, report=lines.append, sleep=finish_there)
    assert written == [f"{url}/report.html"] * 2
    assert storage.read("report.html") is not None
    assert lines[-1].startswith("the study is finished")
