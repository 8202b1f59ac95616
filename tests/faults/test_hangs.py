"""Workers that stand still, and workers that are told to go: SIGSTOP and SIGTERM."""

from __future__ import annotations

import signal

import pytest

from tests.faults.conftest import Stage
from tests.faults.processes import kill

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
HUNG_AFTER_MINUTES = 1.0


@pytest.mark.parametrize("rank", [0, 1])
def test_a_gang_with_a_rank_that_stands_still_is_taken_for_hung(stage: Stage, rank: int) -> None:
    scene = stage(f"SIGSTOP of rank {rank} of a gang, --hung-after {HUNG_AFTER_MINUTES:g}")
    scene.start(f"--hung-after={HUNG_AFTER_MINUTES}")
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.rank(rank), with_signal=signal.SIGSTOP)
    scene.until_it_goes_on()
    scene.ends_well()


def test_an_inline_worker_that_stands_still_is_taken_for_hung(stage: Stage) -> None:
    fault = f"SIGSTOP of the Tune actor that trains, --hung-after {HUNG_AFTER_MINUTES:g}"
    scene = stage(fault, workers="1")
    scene.start(f"--hung-after={HUNG_AFTER_MINUTES}")
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.holder(), with_signal=signal.SIGSTOP)
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
