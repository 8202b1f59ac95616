"""Damaged folders and impossible requests: one sentence each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lab.config import RunConfig
from lab.errors import InputError
from lab.record import EVALUATIONS_FILE
from lab.run import run
from lab.run.checkpoint import checkpoint_file, write_checkpoint
from tests.runs import (
    finish,
    small_run,
    stop_after,
    write_small_pack,
)


def test_a_finished_run_without_its_rows_is_one_sentence(
    config: RunConfig, tmp_path: Path
) -> None:
    finish(config, tmp_path)
    (tmp_path / EVALUATIONS_FILE).unlink()

    with pytest.raises(InputError, match="without its evaluations"):
        finish(config, tmp_path)


@pytest.mark.parametrize("game", [{}, 3, {"generator": 1}])
def test_a_checkpoint_without_a_game_is_one_sentence(
    game: Any, config: RunConfig, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 1)
    write_checkpoint(tmp_path, game, 0)

    with pytest.raises(InputError, match="not a checkpoint of this configuration"):
        finish(config, tmp_path)


def test_a_checkpoint_of_another_configuration_is_one_sentence(
    config: RunConfig, pack: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 1)

    with pytest.raises(InputError, match="not a checkpoint of this configuration"):
        finish(small_run(pack, {"network.width": 0.125}), tmp_path)


def test_a_checkpoint_runs_no_code(config: RunConfig, tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "touched",))

    stop_after(config, tmp_path, 1)
    torch.save({"images_seen": 0, "game": Harmful()}, checkpoint_file(tmp_path, 0))

    with pytest.raises(InputError, match="is damaged"):
        finish(config, tmp_path)
    assert not (tmp_path / "touched").exists()


def test_class_conditional_training_on_unlabelled_images_is_one_sentence(tmp_path: Path) -> None:
    unlabelled = write_small_pack(tmp_path / "pack", labelled=False)

    with pytest.raises(InputError, match="squares has images without a class"):
        finish(small_run(unlabelled, {"network.conditional": True}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["gpu", "cuda:x", ""])
def test_an_unknown_device_is_one_sentence(name: str, config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the device"):
        next(run(config, tmp_path / "run", device=name))
    assert not (tmp_path / "run").exists()


def test_a_gpu_that_is_not_there_is_one_sentence(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(InputError, match="no GPU"):
        next(run(config, tmp_path / "run", device="cuda"))
