"""A tiny pack, plain metrics, and a run that was left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.config import RunConfig
from tests.runs import (
    finish,
    plain_metrics,
    small_run,
    write_small_pack,
)


@pytest.fixture(scope="package")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("squares") / "pack")


@pytest.fixture(scope="package", autouse=True)
def measured_plainly() -> Iterator[None]:
    with plain_metrics():
        yield


@pytest.fixture(scope="package")
def config(pack: Path) -> RunConfig:
    """Evaluations at 0, 64, 128 and 192 images."""
    return small_run(pack)


@pytest.fixture(scope="package")
def undisturbed(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of `config` that was left alone."""
    folder = tmp_path_factory.mktemp("undisturbed") / "seed-0"
    finish(config, folder)
    return folder
