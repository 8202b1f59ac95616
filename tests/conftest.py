"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lab.trust import FOLDER


@pytest.fixture(autouse=True, scope="session")
def own_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What counts as the person's own code is noted for this session alone."""
    os.environ[FOLDER] = str(tmp_path_factory.mktemp("state"))
    yield
    del os.environ[FOLDER]
