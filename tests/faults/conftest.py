"""Scenes of faults, the searches left alone that they are held against, and the table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.faults.processes import await_empty
from tests.faults.scene import FLOAT32, PATIENCE_SECONDS, SEARCH, Scene, launch
from tests.faults.table import Line, in_words, write_table

LINES = pytest.StashKey[list[Line]]()
WRITE_TABLE = "FAULTS_TABLE"

Undisturbed = Callable[..., Path]
Stage = Callable[..., Scene]


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(LINES, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode
) -> None:
    lines = terminalreporter.config.stash.get(LINES, [])
    if not lines:
        return
    terminalreporter.section("faults")
    terminalreporter.write_line(in_words(lines))
    if os.environ.get(WRITE_TABLE) and exitstatus != pytest.ExitCode.INTERRUPTED:
        write_table(lines, os.cpu_count() or 1)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """(workers, precision) -> the study of a search left alone, made once."""

    @cache
    def study(workers: str, precision: str = FLOAT32) -> Path:
        storage = tmp_path_factory.mktemp("undisturbed")
        output = storage / "output.txt"
        asked = (*SEARCH, precision, "--name=study", f"--workers={workers}")
        with output.open("w") as file:
            process = launch((f"--storage={storage}", *asked), file)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0, output.read_text()
        assert await_empty(process.pid) == {}
        return storage / "study"

    return study


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, undisturbed: Undisturbed, tmp_path: Path
) -> Iterator[Stage]:
    """(fault in words, workers=) -> a scene, with its line in the table."""
    scenes: list[Scene] = []

    def opened(
        fault: str,
        workers: str = "2",
        *,
        reference: Path | None = None,
        kind: type[Scene] = Scene,
    ) -> Scene:
        alone = reference or undisturbed(workers)
        scene = kind(tmp_path, alone, Line(fault, workers), request.config.stash[LINES])
        scenes.append(scene)
        return scene

    yield opened
    for scene in scenes:
        scene.close()
