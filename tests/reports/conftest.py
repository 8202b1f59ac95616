"""One made-up study of each kind, written once for all tests that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.record import StudyRecord, read_study
from tests.made_up.synthetic import write_study


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of 20 trials with failures of several kinds."""
    return write_study(tmp_path_factory.mktemp("studies") / "twenty", 20, seed=3)


@pytest.fixture(scope="session")
def study(study_folder: Path) -> StudyRecord:
    return read_study(study_folder)


@pytest.fixture(scope="session")
def large_study(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """300 trials without pictures, 150 of them Sobol points."""
    folder = tmp_path_factory.mktemp("studies") / "large"
    return read_study(write_study(folder, 300, seed=5, num_sobol=150, samples=False))
