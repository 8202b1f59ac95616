"""A real disk that is full, while a checkpoint and while a row is written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cli import MISTAKEN
from lab.record import EVALUATIONS_FILE, read_study, sample_file
from lab.run.checkpoint import checkpoint_file, checkpoint_files
from tests.faults.conftest import Stage
from tests.faults.processes import held_still
from tests.faults.scene import Scene, Search
from tests.runs import stored_rows
from tests.storages import BLOCK, fill, small_disk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
DISK_BYTES = 24 << 20
FULL_SECONDS = 30.0
SHORT_PATIENCE_SECONDS = 3.0
LEAST_MARGIN = 100
"""Bytes that a row surely reaches over the end of a block, and begins before it."""
ROOM_BUT_FOR_A_CHECKPOINT = 20 * BLOCK
"""Enough for a picture and a row; a checkpoint takes twice as much."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_BYTES) as folder:
        yield folder


def fill_while_it_stands(scene: Scene, search: Search, room: int) -> Path:
    """Fill the disk after the newest evaluation's checkpoint and before the next picture."""
    with held_still(search.holder()):
        images_seen = stored_rows(scene.run)[-1]["images_seen"]
        assert checkpoint_file(scene.run, images_seen) == checkpoint_files(scene.run)[0]
        assert not sample_file(scene.run, next_images_seen(scene)).exists()
        return fill(Path(scene.place), but=room)


def next_images_seen(scene: Scene) -> int:
    """Of the evaluation that comes after those stored, as it was in the search left alone."""
    return int(stored_rows(alone_run(scene))[len(scene.rows())]["images_seen"])


def alone_run(scene: Scene) -> Path:
    return scene.reference / scene.run.relative_to(scene.study)


def rows_before_a_new_block(run: Path) -> int:
    """After how many rows the next one needs another block of the disk, by a fair margin.

    Times differ between runs, and with them the rows' lengths by a few bytes.
    """
    sizes = [0]
    for line in (run / EVALUATIONS_FILE).read_bytes().splitlines(keepends=True):
        sizes.append(sizes[-1] + len(line))
    for rows in range(2, len(sizes) - 1):
        left = -sizes[rows] % BLOCK
        if LEAST_MARGIN <= left <= sizes[rows + 1] - sizes[rows] - LEAST_MARGIN:
            return rows
    raise AssertionError(f"no row of {run} needs a block of its own: sizes {sizes}")


def after_checkpoint(scene: Scene, rows: int) -> Search:
    search = scene.until_rows(rows)

    def stored() -> bool:
        newest = stored_rows(scene.run)[-1]["images_seen"]
        return checkpoint_file(scene.run, newest).exists()

    search.until(stored, f"the checkpoint of row {rows} was stored")
    return search


def test_a_disk_full_for_a_checkpoint_is_waited_for(stage: Stage, disk: Path) -> None:
    scene = stage(f"disk full for {FULL_SECONDS:g} s, met by a checkpoint")
    scene.place = str(disk)
    scene.start()
    search = after_checkpoint(scene, rows=3)
    missing = checkpoint_file(scene.run, next_images_seen(scene))
    with scene.fault():
        ballast = fill_while_it_stands(scene, search, ROOM_BUT_FOR_A_CHECKPOINT)
        scene.until_rows(4)
        time.sleep(FULL_SECONDS)
        assert not missing.exists(), "the disk was not full enough"
        assert len(scene.rows()) == 4
        ballast.unlink()
    scene.until_it_goes_on()
    scene.ends_well()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_disk_full_for_a_row_is_waited_for(stage: Stage, disk: Path, workers: str) -> None:
    scene = stage("disk full for 3 s, met by a row", workers)
    scene.place = str(disk)
    scene.start()
    rows = rows_before_a_new_block(alone_run(scene))
    search = after_checkpoint(scene, rows)
    picture = sample_file(scene.run, next_images_seen(scene))
    alone = sample_file(
        scene.reference / scene.run.relative_to(scene.study), next_images_seen(scene)
    )
    with scene.fault():
        ballast = fill_while_it_stands(scene, search, -(-alone.stat().st_size // BLOCK) * BLOCK)
        search.until(picture.exists, "the picture before the row was stored")
        time.sleep(3)
        assert len(scene.rows()) == rows, "the disk was not full enough"
        ballast.unlink()
    scene.until_it_goes_on()
    scene.ends_well()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_disk_that_stays_full_ends_the_search_and_not_its_runs(
    stage: Stage, disk: Path, workers: str
) -> None:
    scene = stage("disk full for longer than the patience", workers)
    scene.place = str(disk)
    scene.environment["LAB_STORAGE_PATIENCE"] = str(SHORT_PATIENCE_SECONDS)
    scene.start()
    search = after_checkpoint(scene, rows=3)
    with scene.fault():
        ballast = fill_while_it_stands(scene, search, 0)
        assert search.exit_code() == MISTAKEN, search.said()
    assert "Traceback" not in search.said(), search.said()
    sentences = [line for line in search.said().splitlines() if "could not be written" in line]
    assert len(sentences) == 1, search.said()
    assert sentences[0].startswith("python -m lab.search: ")
    assert "--resume" in sentences[0]
    scene.leaves_nothing()
    assert [run.status for run in read_study(scene.study).runs] == ["running"]
    ballast.unlink()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well("exit code 2, finished with --resume")
