"""The driver killed, everything killed at once, and a polite request to end; then --resume."""

from __future__ import annotations

import signal

import pytest

from lab.cli import INTERRUPTED
from lab.record import read_study
from tests.faults.conftest import Stage
from tests.faults.processes import kill, kill_session

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
RESUMED = "finished with --resume"


def test_a_killed_driver_takes_its_processes_along_and_is_resumed(stage: Stage) -> None:
    scene = stage("SIGKILL of the driver")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.process.pid)
        search.exit_code()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well(RESUMED)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_everything_killed_at_once_is_resumed(stage: Stage, workers: str) -> None:
    scene = stage("SIGKILL of everything at once", workers)
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill_session(search.session)
        search.exit_code()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well(RESUMED)


def test_a_driver_asked_to_end_closes_its_record(stage: Stage) -> None:
    scene = stage("SIGTERM to the driver")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.process.pid, with_signal=signal.SIGTERM)
        assert search.exit_code() == INTERRUPTED, search.said()
    assert "Traceback" not in search.said(), search.said()
    assert f"python -m lab.search --resume {scene.study}" in search.said()
    assert read_study(scene.study).card.status == "interrupted"
    scene.leaves_nothing()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well(RESUMED)
