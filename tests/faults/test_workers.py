"""Killed outright: workers of a gang, Tune actors, the train controller, a gang's mailbox."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Stage
from tests.faults.processes import kill

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_rank_costs_nothing_that_was_stored(stage: Stage, rank: int) -> None:
    scene = stage(f"SIGKILL of rank {rank} of a gang")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.rank(rank))
    scene.until_it_goes_on()
    scene.ends_well()


def test_a_killed_inline_worker_is_made_again(stage: Stage) -> None:
    scene = stage("SIGKILL of the Tune actor that trains", workers="1")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.holder())
    scene.until_it_goes_on()
    scene.ends_well()


@pytest.mark.parametrize(
    ("who", "title"),
    [
        ("the Tune actor before a gang", "ray::ResourceTrainable"),
        ("the Train controller", "ray::TrainController"),
        ("a gang's mailbox", "ray::Mailbox"),
    ],
)
def test_whoever_leads_a_gang_may_be_killed(stage: Stage, who: str, title: str) -> None:
    scene = stage(f"SIGKILL of {who}")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.actor(title))
    scene.until_it_goes_on()
    scene.ends_well()
