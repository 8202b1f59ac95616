"""A run that goes on with another number of workers than it lost has the same numbers still."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.record import RUN_FILE, read_json
from tests.faults.conftest import Stage, Undisturbed
from tests.faults.nodes import ENVIRONMENT, ray_cluster
from tests.faults.processes import kill_session
from tests.faults.scene import Scene
from tests.runs import stored_rows

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
FLOAT64 = "--set=training.precision=float64"
ROUNDING = 1e-9
"""Relative, in float64: sums over two workers are not those of one to the last bit."""


class RoundedScene(Scene):
    """Compares numbers, to rounding."""

    def same(self, folder: Path, other: Path) -> None:
        pairs = zip(stored_rows(folder), stored_rows(other), strict=True)
        for ours, theirs in pairs:
            assert timeless(ours) == pytest.approx(timeless(theirs), rel=ROUNDING, nan_ok=True)
        ended, alone = (read_json(place / RUN_FILE) for place in (folder, other))
        assert ended["verdict"]["name"] == alone["verdict"]["name"]
        assert ended["score"] == pytest.approx(alone["score"], rel=ROUNDING)


def timeless(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if "seconds" not in name}


def test_two_workers_killed_and_resumed_by_one_have_the_numbers_of_one(
    stage: Stage, undisturbed: Undisturbed
) -> None:
    fault = "SIGKILL of everything at once, float64, beside one worker left alone"
    scene = stage(fault, reference=undisturbed("1", FLOAT64), kind=RoundedScene)
    scene.start(FLOAT64)
    search = scene.until_rows(3)
    with scene.fault():
        kill_session(search.session)
        search.exit_code()
    scene.resume("--workers=1")
    scene.until_it_goes_on()
    scene.ends_well("finished with --resume --workers 1")


def test_an_elastic_gang_goes_on_with_the_workers_that_are_left(
    stage: Stage, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    fault = "SIGKILL of one of two nodes, float64, beside one worker left alone"
    alone = undisturbed("1", FLOAT64)
    scene = stage(fault, "1:2", reference=alone, kind=RoundedScene)
    with ray_cluster(tmp_path, 2) as cluster:
        scene.environment |= ENVIRONMENT
        scene.start(FLOAT64, f"--address={cluster.address}")
        scene.until_rows(3)
        with scene.fault():
            cluster.training_node().lose_power()
        scene.until_it_goes_on()
        scene.ends_well()
        assert cluster.left() == "0 idle"
