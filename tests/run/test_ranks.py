"""One run on two workers: the folder, the numbers and the mistakes are those of one worker."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.config import RunConfig, change_config
from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.ranks import ALONE, RankFailed, Ranks
from lab.record import RUN_FILE, read_json
from lab.run import Evaluation, run
from lab.run.folder import RunFolder
from tests.ranks import on_ranks
from tests.runs import assert_same_run, finish, plain_metrics, stop_after, stored_rows

EXACT = {"training.precision": "float64", "data.mirror": True, "training.batch_size": 7}
TOLERANCE = 1e-9


def taken(
    ranks: Ranks, config: RunConfig, folder: Path, num_evaluations: int | None = None
) -> list[Evaluation]:
    """The run's evaluations, all of them or so many."""
    evaluations = run(config, folder, ranks=ranks)
    try:
        return [row for row, _ in zip(evaluations, range(num_evaluations or 1000), strict=False)]
    finally:
        evaluations.close()


def raised(work: Callable[[], Any]) -> tuple[str, str]:
    try:
        work()
    except Exception as error:
        return type(error).__name__, str(error)
    return "nothing", ""


def only_rank_0_touches_the_folder(ranks: Ranks, patch: pytest.MonkeyPatch) -> None:
    def touched(*_: Any, **__: Any) -> None:
        raise AssertionError("another rank touched the folder")

    if not ranks.first:
        for name in ("finished", "resume", "note_start", "store_row", "store_checkpoint"):
            patch.setattr(RunFolder, name, touched)
        patch.setattr("lab.run.loop.sole_writer", touched)


def full_disk(ranks: Ranks, patch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    if ranks.first:
        patch.setattr(RunFolder, "store_row", failing)


def scenes(ranks: Ranks, config: RunConfig, place: Path) -> dict[str, Any]:
    """Everything the tests below look at, played by one gang."""
    found: dict[str, Any] = {}
    with plain_metrics(), pytest.MonkeyPatch.context() as patch:
        only_rank_0_touches_the_folder(ranks, patch)
        found["whole"] = taken(ranks, config, place / "whole")
        found["again"] = taken(ranks, config, place / "whole")
        taken(ranks, config, place / "parts", 2)
        found["parts"] = taken(ranks, config, place / "parts")
        taken(ranks, config, place / "begun by two", 2)
        taken(ranks, config, place / "begun by one")
    with plain_metrics(), pytest.MonkeyPatch.context() as patch:
        full_disk(ranks, patch)
        found["failed"] = raised(lambda: taken(ranks, config, place / "failed"))
    with plain_metrics():
        found["after"] = taken(ranks, config, place / "failed")
        narrow = change_config(config, {"training.accumulate": 4})
        found["narrow"] = raised(lambda: taken(ranks, narrow, place / "narrow"))
        missing = change_config(config, {"data.source": str(place / "missing")})
        found["missing"] = raised(lambda: taken(ranks, missing, place / "missing run"))
    return found


@pytest.fixture(scope="module")
def exact(config: RunConfig) -> RunConfig:
    return change_config(config, EXACT)


@pytest.fixture(scope="module")
def place(exact: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("gang")
    finish(exact, place / "one worker")
    stop_after(exact, place / "begun by one", 2)
    return place


@pytest.fixture(scope="module")
def gang(exact: RunConfig, place: Path) -> list[dict[str, Any]]:
    found = on_ranks(2, scenes, exact, place)
    finish(exact, place / "begun by two")
    return found


def assert_same_numbers(folder: Path, other: Path) -> None:
    """Same rows to rounding, same verdict."""
    for row, same in zip(stored_rows(folder), stored_rows(other), strict=True):
        assert row.keys() == same.keys()
        for key in row:
            if "seconds" not in key:
                assert row[key] == pytest.approx(same[key], rel=TOLERANCE, abs=1e-12), key
    run_, same_run = (read_json(place / RUN_FILE) for place in (folder, other))
    assert run_["verdict"]["name"] == same_run["verdict"]["name"]
    assert run_["score"] == pytest.approx(same_run["score"], rel=TOLERANCE)


@pytest.mark.parametrize("name", ["whole", "parts", "begun by one", "begun by two"])
def test_a_run_on_two_workers_has_the_numbers_of_one(
    name: str, gang: list[dict[str, Any]], place: Path
) -> None:
    assert_same_numbers(place / name, place / "one worker")


def test_a_stopped_run_goes_on_bit_for_bit_on_two_workers(
    gang: list[dict[str, Any]], place: Path
) -> None:
    assert_same_run(place / "parts", place / "whole")


def test_run_json_names_the_host_of_every_rank(gang: list[dict[str, Any]], place: Path) -> None:
    assert read_json(place / "whole" / RUN_FILE)["hosts"] == [socket.gethostname()] * 2
    assert read_json(place / "one worker" / RUN_FILE)["hosts"] == [socket.gethostname()]


def test_every_rank_yields_the_same_evaluations(gang: list[dict[str, Any]]) -> None:
    first, second = gang
    for name in ("whole", "again", "parts", "after"):
        assert repr(first[name]) == repr(second[name])
    assert len(first["whole"]) > 3
    assert first["again"] == first["whole"][-1:]


def test_what_fails_on_rank_0_is_raised_on_both_and_the_gang_goes_on(
    gang: list[dict[str, Any]], place: Path
) -> None:
    for rank in gang:
        name, said = rank["failed"]
        assert name in (RankFailed.__name__, "StorageFailed"), said
        assert "Input/output error" in said
    assert_same_run(place / "failed", place / "whole")


def test_a_mistake_is_one_sentence_on_every_rank_and_leaves_no_folder(
    gang: list[dict[str, Any]], place: Path
) -> None:
    for rank in gang:
        name, said = rank["narrow"]
        assert name == InputError.__name__
        assert said.startswith("training.batch_size is 7; 2 workers and training.accumulate 4")
        assert rank["missing"][0] == InputError.__name__
    assert not (place / "missing run").exists()


@pytest.mark.parametrize("num_steps", [0, 1, 9, 16, 23])
def test_a_run_killed_at_any_step_goes_on_bit_for_bit(
    num_steps: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    play = Game.step

    def dying(game: Game, *args: Any) -> Any:
        if game.num_steps_done == num_steps:
            raise Killed
        return play(game, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Game, "step", dying)
        with pytest.raises(Killed):
            taken(ALONE, config, tmp_path)
    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)
