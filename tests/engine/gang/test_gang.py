"""One gang of two workers under Ray Train, asked for run after run; the runs only act."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.util.state import list_actors

from lab.engine.cluster import connected
from lab.engine.gang.gang import GangPlan, TrainGang
from lab.engine.runs import Answer
from lab.engine.slots import Slot, Workers
from tests.engine.stand_in import START, job

PLAN = GangPlan(Slot(1, 0, Workers(2, 2)), START)


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    with connected(None, verbose=False, gangs=True):
        yield


@pytest.fixture(scope="module")
def gang(local_ray: None) -> TrainGang:
    return TrainGang(PLAN)


def played(gang: TrainGang, folder: Path, *script: str) -> list[Answer]:
    """Every answer until the run is over."""
    gang.begin(job(folder, *script))
    answers = [gang.next()]
    while answers[-1].get("verdict", "over") is None:
        answers.append(gang.next())
    return answers


def rows(answers: list[Answer]) -> list[dict[str, Any]]:
    return [json.loads(answer["row"]) for answer in answers if "row" in answer]


def starts(folder: Path) -> list[tuple[str, str]]:
    """Rank and process of each start of a run."""
    names = sorted(path.name for path in folder.glob("started-*"))
    return [(name.split("-")[1], name.split("-")[2]) for name in names]


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_run_after_run_is_trained_by_the_same_two_processes(
    gang: TrainGang, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        answers = played(gang, tmp_path / name, "row", "stable")
        assert [answer["verdict"] for answer in answers] == [None, "stable"]
        assert [row["num_ranks"] for row in rows(answers)] == [2, 2]
    assert starts(tmp_path / "one") == starts(tmp_path / "two")
    assert [rank for rank, _ in starts(tmp_path / "one")] == ["0", "1"]


def test_a_run_that_is_dropped_leaves_the_gang_to_the_next(
    gang: TrainGang, tmp_path: Path
) -> None:
    gang.begin(job(tmp_path / "dropped", "row", "row", "stable"))
    assert "row" in gang.next()
    assert played(gang, tmp_path / "next", "stable")[-1]["verdict"] == "stable"
    assert starts(tmp_path / "next") == starts(tmp_path / "dropped")


@pytest.mark.parametrize(
    ("act", "said"),
    [("fail", ("error", "ValueError: the run failed")), ("mistake", ("mistake", "make room"))],
)
def test_what_every_rank_raises_ends_the_run_and_not_the_gang(
    act: str, said: tuple[str, str], gang: TrainGang, tmp_path: Path
) -> None:
    answers = played(gang, tmp_path / "bad", "row", act)
    assert said[1] in answers[-1][said[0]]
    assert played(gang, tmp_path / "good", "stable")[-1]["verdict"] == "stable"
    assert starts(tmp_path / "good") == starts(tmp_path / "bad")


def test_a_killed_worker_costs_a_start_and_the_run_goes_on(
    gang: TrainGang, tmp_path: Path
) -> None:
    answers = played(gang, tmp_path, "row", "kill-1-once", "stable")
    assert [row["images_seen"] for row in rows(answers)] == [0, 1, 2]
    assert [row["attempt"] for row in rows(answers)] == [1, 2, 2]
    assert len(starts(tmp_path)) == 4


def test_a_rank_that_fails_alone_ends_the_run_and_the_gang_starts_again(
    gang: TrainGang, tmp_path: Path
) -> None:
    answers = played(gang, tmp_path / "bad", "row", "fail-1")
    assert "ValueError: the run failed" in answers[-1]["error"]
    assert answers[-1]["attempt"] == 1
    assert played(gang, tmp_path / "good", "stable")[-1]["verdict"] == "stable"
    assert not set(starts(tmp_path / "good")) & set(starts(tmp_path / "bad"))


def test_a_gang_that_ended_has_left_nothing_but_what_ray_keeps(gang: TrainGang) -> None:
    gang.end()
    assert eventually(lambda: gang.over)

    def held() -> list[str]:
        groups = ray.util.placement_group_table().values()
        return [group["state"] for group in groups if group["state"] != "REMOVED"]

    assert eventually(lambda: not held()), held()
    kept = {"_AutoscalingCoordinatorActor"}  # one for all jobs of a cluster

    def alive() -> set[str]:
        here = ray.get_runtime_context().gcs_address
        found = list_actors(address=here, filters=[("state", "!=", "DEAD")])
        return {actor.class_name for actor in found}

    assert eventually(lambda: alive() <= kept), alive()
