"""Workers that stand still, and workers that are told to go: SIGSTOP and SIGTERM."""

from __future__ import annotations

import signal

import pytest

from tests.faults.conftest import Stage
from tests.faults.processes import kill

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
HUNG_AFTER_MINUTES = {"1": 1.0, "2": 1.5}
"""By workers: longer than a start takes, which counts, on two cores that are busy otherwise."""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_that_stands_still_is_taken_for_hung(stage: Stage, workers: str) -> None:
    minutes = HUNG_AFTER_MINUTES[workers]
    who = "the Tune actor that trains" if workers == "1" else "rank 1 of a gang"
    scene = stage(f"SIGSTOP of {who}, --hung-after {minutes:g}", workers)
    scene.start(f"--hung-after={minutes}")
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.holder() if workers == "1" else search.rank(1), with_signal=signal.SIGSTOP)
    scene.until_it_goes_on()
    scene.ends_well()


def test_a_rank_that_is_told_to_go_costs_nothing_that_was_stored(stage: Stage) -> None:
    scene = stage("SIGTERM to rank 1 of a gang")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.rank(1), with_signal=signal.SIGTERM)
    scene.until_it_goes_on()
    scene.ends_well()


def test_an_inline_worker_that_is_told_to_go_is_made_again(stage: Stage) -> None:
    scene = stage("SIGTERM to the Tune actor that trains", workers="1")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.holder(), with_signal=signal.SIGTERM)
    scene.until_it_goes_on()
    scene.ends_well()
