"""Checkpoints: the newest two are kept, damage is found, and the older one stands in for it."""

from __future__ import annotations

import errno
import logging
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import lab.run.checkpoint
from lab.config import RunConfig
from lab.errors import InputError
from lab.record import EVALUATIONS_FILE, StorageFailed
from lab.run import run
from lab.run.checkpoint import (
    UNNUMBERED,
    DamagedCheckpoint,
    checkpoint_file,
    checkpoint_files,
    checksum,
    read_checkpoint,
    write_checkpoint,
)
from tests.runs import Killed, assert_same_run, finish, stop_after, stored_rows
from tests.storages import BLOCK, fill, small_disk

GAME = {
    "num_steps_done": 3,
    "generator": {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(2)},
    "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}, "groups": [{"lr": 0.1}]},
}


def seen(folder: Path) -> list[int]:
    """Images seen by the stored checkpoints, the newest first."""
    return [int(path.stem.removeprefix("checkpoint-")) for path in checkpoint_files(folder)]


# What is stored.


def test_the_newest_two_are_kept(config: RunConfig, tmp_path: Path) -> None:
    kept = []
    for _ in range(4):
        stop_after(config, tmp_path, 1)
        kept.append(seen(tmp_path))
    assert kept == [[0], [64, 0], [128, 64], [192, 128]]


def test_a_checkpoint_is_a_plain_torch_file_with_a_checksum(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, GAME, 8000)
    assert path.name == "checkpoint-00008000.pt"
    content = torch.load(path, weights_only=True)
    stored = content.pop("checksum")
    assert stored == checksum(content)
    assert read_checkpoint(path)["game"]["num_steps_done"] == 3
    assert torch.equal(
        read_checkpoint(path)["game"]["generator"]["weight"], GAME["generator"]["weight"]
    )


@pytest.mark.parametrize(
    "other",
    [
        {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3.0])},
        {"a": torch.tensor([1.0]), "b": torch.tensor([2.0, 3.0 + 1e-6])},
        {"b": torch.tensor([1.0]), "a": torch.tensor([2.0, 3.0])},
        {"a": torch.tensor([[1.0]]), "b": torch.tensor([2.0, 3.0])},
        {"a": torch.tensor([1.0]), "b": torch.tensor([2.0, 3.0]).view(torch.int32)},
        {"a": torch.tensor([1.0]), "b": [2.0, 3.0]},
        {"a": torch.tensor([1.0])},
    ],
)
def test_names_shapes_types_and_bytes_all_count(other: dict[str, Any]) -> None:
    content = {"a": torch.tensor([1.0]), "b": torch.tensor([2.0, 3.0])}
    assert checksum(content) == checksum(dict(content))
    assert checksum(other) != checksum(content)


def test_the_layout_in_memory_does_not_count() -> None:
    weights = torch.randn(4, 3, 2, 2)
    laid_out = weights.contiguous(memory_format=torch.channels_last)
    assert checksum({"w": laid_out}) == checksum({"w": weights})


# What is damaged.


def flip_in_a_tensor(path: Path) -> None:
    """One bit of a stored weight."""
    content = path.read_bytes()
    weight = next(iter(torch.load(path, weights_only=True)["game"]["generator"].values()))
    at = content.index(weight.contiguous().reshape(-1)[:4].numpy().tobytes()) + 5
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def shorten(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 3)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def overwrite(path: Path) -> None:
    path.write_bytes(b"not a checkpoint at all")


def forget_the_checksum(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    del content["checksum"]
    torch.save(content, path)


DAMAGES = [flip_in_a_tensor, truncate, shorten, empty, overwrite, forget_the_checksum]
Damage = Callable[[Path], None]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_falls_back_to_the_one_before(
    damage: Damage,
    config: RunConfig,
    undisturbed: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop_after(config, tmp_path, 3)
    damage(checkpoint_file(tmp_path, 128))

    with caplog.at_level(logging.WARNING):
        evaluations = finish(config, tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [128, 192]
    (warning,) = [record.getMessage() for record in caplog.records if "damaged" in record.message]
    assert str(checkpoint_file(tmp_path, 128)) in warning
    assert "continuing from the checkpoint before it" in warning
    assert "\n" not in warning
    assert_same_run(tmp_path, undisturbed)


@pytest.mark.parametrize("damage", DAMAGES)
def test_both_damaged_is_one_sentence_and_nothing_is_touched(
    damage: Damage, config: RunConfig, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 2)
    for path in checkpoint_files(tmp_path):
        damage(path)
    rows = (tmp_path / EVALUATIONS_FILE).read_bytes()

    with pytest.raises(InputError) as caught:
        finish(config, tmp_path)

    assert f"{checkpoint_file(tmp_path, 64)} is damaged" in str(caught.value)
    assert f"remove {tmp_path}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / EVALUATIONS_FILE).read_bytes() == rows
    assert seen(tmp_path) == [64, 0]


def test_rows_lost_up_to_the_newest_fall_back_too(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 3)
    rows = (tmp_path / EVALUATIONS_FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / EVALUATIONS_FILE).write_bytes(b"".join(rows[:2]))

    assert finish(config, tmp_path)[0].row["images_seen"] == 128
    assert_same_run(tmp_path, undisturbed)


def test_a_run_begun_again_keeps_no_checkpoint_of_before(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 3)
    (tmp_path / EVALUATIONS_FILE).unlink()
    stop_after(config, tmp_path, 1)
    assert seen(tmp_path) == [0]
    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)


def test_the_error_survives_a_trip_between_processes(tmp_path: Path) -> None:
    error = pickle.loads(pickle.dumps(DamagedCheckpoint(tmp_path / "x.pt", "EOFError")))
    assert "x.pt is damaged (EOFError)" in str(error)


# Killed while storing.


@pytest.mark.parametrize("step", ["save", "fsync", "replace", "unlink"])
@pytest.mark.parametrize("call", [2, 3])
def test_killed_between_any_two_steps_of_storing_costs_no_number(
    step: str,
    call: int,
    config: RunConfig,
    undisturbed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        _die_at(patch, step, call)
        with pytest.raises(Killed):
            finish(config, tmp_path)
    left = stored_rows(tmp_path)[-1]["images_seen"]
    assert left in (64, 128)

    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)
    assert [path.name for path in tmp_path.glob(".*.part")] == []
    assert seen(tmp_path) == [192, 128]


def _die_at(patch: pytest.MonkeyPatch, step: str, call: int) -> None:
    """Die at a step of the `call`-th checkpoint (from 1), in place of what the step does."""
    stored = iter(range(1, 100))
    write = lab.run.checkpoint.write_checkpoint

    def die(*_: object, **__: object) -> None:
        raise Killed

    def storing(*args: Any) -> Path:
        if next(stored) == call:
            place, name = {
                "save": (torch, "save"),
                "fsync": (os, "fsync"),
                "replace": (Path, "replace"),
                "unlink": (Path, "unlink"),
            }[step]
            patch.setattr(place, name, die)
            if step != "unlink":  # a killed process removes nothing behind itself
                patch.setattr(Path, "unlink", lambda *_, **__: None)
        return write(*args)

    patch.setattr("lab.run.folder.write_checkpoint", storing)


def test_parts_of_killed_writers_are_removed(config: RunConfig, tmp_path: Path) -> None:
    stop_after(config, tmp_path, 1)
    parts = [tmp_path / ".run.json.1.part", tmp_path / "samples" / ".00000000.webp.1.part"]
    for part in parts:
        part.write_bytes(b"half")
    stop_after(config, tmp_path, 1)
    assert not any(part.exists() for part in parts)


# A disk that is full for real.


@pytest.mark.parametrize("left_blocks", [0, 8])
def test_a_disk_that_fills_up_stops_a_run_and_costs_no_number(
    left_blocks: int,
    config: RunConfig,
    undisturbed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_STORAGE_PATIENCE", "0")
    with small_disk(tmp_path / "disk", 8 << 20) as disk:
        evaluations = run(config, disk / "run")
        next(evaluations)
        ballast = fill(disk, but=left_blocks * BLOCK)
        with pytest.raises(StorageFailed, match="No space left on device"):
            next(evaluations)
        assert seen(disk / "run") == [0]
        ballast.unlink()

        assert finish(config, disk / "run")[0].row["images_seen"] == 64
        assert_same_run(disk / "run", undisturbed)


# Runs of version 0.1.


def test_a_run_with_a_single_unnumbered_checkpoint_goes_on(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 2)
    forget_the_checksum(checkpoint_file(tmp_path, 64))
    checkpoint_file(tmp_path, 64).rename(tmp_path / UNNUMBERED)
    checkpoint_file(tmp_path, 0).unlink()

    assert [evaluation.row["images_seen"] for evaluation in finish(config, tmp_path)] == [128, 192]
    assert_same_run(tmp_path, undisturbed)
    assert not (tmp_path / UNNUMBERED).exists()


class FullDisk:
    """A file on a disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, content: bytes) -> int:
        self.room -= len(content)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(content)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("room", [0, 2_000, 150_000])
def test_a_full_disk_is_an_error_of_the_storage_whatever_torch_raises(room: int) -> None:
    content = {"weights": torch.zeros(30_000), "biases": torch.zeros(10_000)}
    with pytest.raises(OSError, match="No space left"):
        lab.run.checkpoint._save(content, FullDisk(room))  # type: ignore[arg-type]
