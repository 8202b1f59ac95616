"""Storages that fail for a while: a file system that hangs or refuses, a store cut off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cli import MISTAKEN
from lab.record import read_study
from tests.faults.conftest import Stage
from tests.faults.stores import RemoteScene, Wire, frozen, loop_disk, refusing, stored_in_s3

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
AWAY_SECONDS = 30.0


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The line to an S3 server, which can be cut."""
    with pytest.MonkeyPatch.context() as patch, stored_in_s3(patch) as line:
        yield line


def test_a_file_system_that_hangs_is_waited_for(stage: Stage, tmp_path: Path) -> None:
    scene = stage(f"file system that hangs for {AWAY_SECONDS:g} s")
    with loop_disk(tmp_path / "disk") as disk:
        scene.place = str(disk)
        scene.start()
        scene.until_rows(3)
        with scene.fault(), frozen(disk):
            time.sleep(AWAY_SECONDS)
        scene.until_it_goes_on()
        scene.ends_well()


def test_a_folder_that_refuses_writes_ends_the_search_and_not_its_runs(
    stage: Stage, tmp_path: Path
) -> None:
    scene = stage("storage that refuses writes for good")
    with loop_disk(tmp_path / "disk") as disk:
        scene.place = str(disk)
        scene.start()
        search = scene.until_rows(3)
        with scene.fault(), refusing(scene.run):
            assert search.exit_code() == MISTAKEN, search.said()
        assert "Traceback" not in search.said(), search.said()
        assert search.said().count("Operation not permitted") == 1, search.said()
        assert [run.status for run in read_study(scene.study).runs] == ["running"]
        scene.leaves_nothing()
        scene.resume()
        scene.until_it_goes_on()
        scene.ends_well("exit code 2, finished with --resume")


def test_an_object_store_that_is_away_is_waited_for(stage: Stage, wire: Wire) -> None:
    scene = stage(f"s3:// cut off for {AWAY_SECONDS:g} s", kind=RemoteScene)
    scene.start()
    scene.until_rows(3)
    with scene.fault(), wire.cut():
        time.sleep(AWAY_SECONDS)
    scene.until_it_goes_on()
    scene.ends_well()


def test_an_object_store_that_stays_away_ends_the_search_and_not_its_runs(
    stage: Stage, wire: Wire
) -> None:
    scene = stage("s3:// cut off for longer than the patience", kind=RemoteScene)
    scene.environment["LAB_STORAGE_PATIENCE"] = "5"
    scene.start()
    search = scene.until_rows(3)
    with scene.fault(), wire.cut():
        assert search.exit_code() == MISTAKEN, search.said()
    assert "Traceback" not in search.said(), search.said()
    scene.leaves_nothing()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well("exit code 2, finished with --resume")
