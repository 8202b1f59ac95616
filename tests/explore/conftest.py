"""A trial with two finished runs of a tiny DCGAN, and one of a tiny StyleGAN2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lab.explore.recipe import Recipe
from lab.explore.shelf import Shelf, Source, sources_of
from lab.record import TRIAL_FILE, write_json
from tests.runs import finish, plain_metrics, small_run, write_small_pack


@pytest.fixture(scope="package")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("squares") / "pack")


def finished_trial(folder: Path, pack: Path, seeds: list[int], values: dict[str, Any]) -> Path:
    """The folder of a trial, its runs trained for a moment."""
    shared = {"network.conditional": True, **values}
    config = small_run(pack, shared)
    write_json(folder / TRIAL_FILE, {"config": config.model_dump(mode="json")})
    with plain_metrics():
        for seed in seeds:
            finish(small_run(pack, {**shared, "seed": seed}), folder / f"seed-{seed}")
    return folder


@pytest.fixture(scope="package")
def trial(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seeds 1 and 2, each with the generators at 64 and 128 images kept."""
    values = {"training.budget_images": 128, "training.keep_generators": 2}
    return finished_trial(tmp_path_factory.mktemp("study") / "0007", pack, [1, 2], values)


@pytest.fixture(scope="package")
def styled(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of StyleGAN2, which keeps no generator but its last."""
    values = {
        "network.architecture": "stylegan2",
        "network.width": 1 / 32,
        "network.mapping_layers": 2,
        "training.budget_images": 8,
    }
    return finished_trial(tmp_path_factory.mktemp("styled") / "0008", pack, [1], values) / "seed-1"


@pytest.fixture(scope="package")
def sources(trial: Path, styled: Path) -> list[Source]:
    return sources_of([str(trial), str(styled)], trust=False)


@pytest.fixture
def shelf(sources: list[Source]) -> Shelf:
    return Shelf(sources, torch.device("cpu"))


@pytest.fixture
def recipe(trial: Path) -> Recipe:
    """Of the first run."""
    return Recipe(run=f"{trial}/seed-1")
