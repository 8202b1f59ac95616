"""Writes that hold: all or nothing, tried again while the storage fails, and then one sentence."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import pickle
import threading
import time
from pathlib import Path

import pytest

import lab.record.durable
from lab.errors import InputError
from lab.record import Rows, append_row, read_rows
from lab.record.durable import (
    LOCK_FILE,
    PATIENCE,
    StorageFailed,
    append_line,
    patience_seconds,
    patiently,
    sole_writer,
    write_patiently,
    write_whole,
)
from tests.storages import BLOCK, failing, fill, small_disk

ROW = {"images_seen": 64, "padding": "x" * 600}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATIENCE, "0.2")
    monkeypatch.setattr(lab.record.durable, "FIRST_WAIT_SECONDS", 0.01)


# Patience.


def test_patience_is_a_minute_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(PATIENCE)
    assert patience_seconds() == 60
    monkeypatch.setenv(PATIENCE, "2.5")
    assert patience_seconds() == 2.5


@pytest.mark.parametrize("came", ["", "soon", "-1", "nan", "inf"])
def test_patience_that_is_no_number_of_seconds_is_one_sentence(
    came: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATIENCE, came)
    with pytest.raises(InputError, match=f"{PATIENCE} is '{came}'; it must be a number"):
        patience_seconds()


def test_a_storage_that_comes_back_is_waited_for_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = failing(monkeypatch, os, "fsync", times=3)
    with caplog.at_level(logging.WARNING):
        write_patiently(tmp_path / "file", b"new")
    assert calls() == 4
    assert (tmp_path / "file").read_bytes() == b"new"
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == (
        f"{tmp_path / 'file'} cannot be written (No space left on device); trying again for 0.2 s"
    )


def test_a_storage_that_stays_away_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "file", b"old")
    calls = failing(monkeypatch, os, "fsync", times=1000, code=errno.EIO)
    with pytest.raises(StorageFailed) as caught:
        write_patiently(tmp_path / "file", b"new")
    assert calls() > 2
    assert str(caught.value) == (
        f"{tmp_path / 'file'} could not be written for 0 s (Input/output error); "
        "free space or repair the storage"
    )
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOTDIR])
def test_what_no_waiting_mends_is_told_at_once(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATIENCE, "60")
    calls = failing(monkeypatch, os, "fsync", times=1000, code=code)
    with pytest.raises(StorageFailed, match=os.strerror(code)) as caught:
        write_patiently(tmp_path / "file", b"new")
    assert calls() == 1
    assert " for " not in str(caught.value)


def test_no_patience_means_one_attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATIENCE, "0")
    calls = failing(monkeypatch, os, "fsync", times=1000)
    with pytest.raises(StorageFailed):
        write_patiently(tmp_path / "file", b"new")
    assert calls() == 1


def test_an_error_that_is_not_the_storages_is_raised_as_it_is() -> None:
    def act() -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        patiently(act, "place")


def test_the_error_survives_a_trip_between_processes() -> None:
    error = StorageFailed("place", "No space left on device", 60.0, "read")
    back = pickle.loads(pickle.dumps(error))
    assert str(back) == str(error)
    assert (back.target, back.reason, back.waited_seconds) == (
        "place",
        "No space left on device",
        60.0,
    )


# Rows.


@pytest.mark.parametrize("times", [1, 3])
def test_a_row_that_was_tried_again_is_there_once(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "evaluations.jsonl"
    append_row(path, {"images_seen": 0})
    failing(monkeypatch, os, "fsync", times)  # the row is written, but not surely on the disk
    append_row(path, ROW)
    assert read_rows(path) == Rows([{"images_seen": 0}, ROW], 0)


def test_a_row_whose_taking_back_fails_too_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "evaluations.jsonl"
    append_row(path, {"images_seen": 0})
    failing(monkeypatch, os, "fsync", times=1)
    taken_back = []

    class Dead:
        """A file that cannot be shortened once something was written to it."""

        def __init__(self, file: object) -> None:
            self.file = file
            self.written = False

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

        def __enter__(self) -> Dead:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()  # type: ignore[attr-defined]

        def write(self, content: bytes) -> int:
            self.written = True
            return self.file.write(content)  # type: ignore[attr-defined, no-any-return]

        def truncate(self, length: int) -> None:
            if self.written and not taken_back:
                taken_back.append(length)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            self.file.truncate(length)  # type: ignore[attr-defined]

    def opened(*args: object, **to: object) -> Dead:
        return Dead(open(*args, **to))  # noqa: PTH123

    monkeypatch.setattr(lab.record.durable, "open", opened, raising=False)
    append_row(path, ROW)
    monkeypatch.undo()
    assert taken_back
    assert read_rows(path) == Rows([{"images_seen": 0}, ROW], 0)


def test_a_row_that_cannot_be_stored_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "evaluations.jsonl"
    append_row(path, {"images_seen": 0})
    before = path.read_bytes()
    failing(monkeypatch, os, "fsync", times=1000)
    with pytest.raises(StorageFailed):
        append_row(path, ROW)
    assert path.read_bytes() == before


# A disk that is full for real.


def test_half_a_row_does_not_stay_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64 * BLOCK) as disk:
        path = disk / "evaluations.jsonl"
        append_line(path, b"x" * (BLOCK - 100) + b"\n")
        before = path.read_bytes()
        fill(disk)
        with pytest.raises(StorageFailed, match="No space left on device"):
            append_row(path, ROW)  # its first 99 bytes fit
        assert path.read_bytes() == before


def test_space_that_is_freed_in_time_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATIENCE, "60")
    with small_disk(tmp_path / "disk", 64 * BLOCK) as disk:
        path = disk / "evaluations.jsonl"
        append_line(path, b'{"images_seen": 0, "padding": "' + b"x" * (BLOCK - 60) + b'"}\n')
        ballast = fill(disk)
        waiting = threading.Event()
        monkeypatch.setattr(time, "sleep", lambda _: waiting.set())

        def free() -> None:
            assert waiting.wait(30)
            ballast.unlink()

        freeing = threading.Thread(target=free)
        freeing.start()
        append_row(path, ROW)
        freeing.join()
        assert [row["images_seen"] for row in read_rows(path).rows] == [0, 64]
        assert read_rows(path).num_torn == 0


def test_a_whole_file_on_a_full_disk_stays_the_old_one(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64 * BLOCK) as disk:
        write_whole(disk / "file", b"old")
        fill(disk, but=2 * BLOCK)
        with pytest.raises(StorageFailed, match="No space left on device"):
            write_patiently(disk / "file", b"new" * BLOCK)
        assert (disk / "file").read_bytes() == b"old"
        assert sorted(path.name for path in disk.iterdir()) == ["ballast", "file"]


def test_a_link_in_place_of_a_lock_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "bashrc"
    victim.write_text("precious")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / LOCK_FILE).symlink_to(victim)
    refused = pytest.raises(InputError, match=r"\.lock is a link, which a lock never is; remove")
    with refused, sole_writer(tmp_path / "study"):
        pass
    assert victim.read_text() == "precious"


def test_a_row_is_not_appended_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "bashrc"
    victim.write_text("precious")
    (tmp_path / "evaluations.jsonl").symlink_to(victim)
    with pytest.raises(StorageFailed, match="could not be written"):
        append_line(tmp_path / "evaluations.jsonl", b"{}\n")
    assert victim.read_text() == "precious"


def test_a_file_system_without_locks_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    refused = pytest.raises(InputError, match=r"is on a file system without locks \(No locks av")
    with refused, sole_writer(tmp_path):
        pass
