"""A gang of one to two workers on two nodes, one of which is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab.record import read_study
from tests.engine.clusters import nodes
from tests.faults.scene import FLOAT32, SEARCH

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


def test_an_elastic_gang_goes_on_with_the_workers_that_are_left(tmp_path: Path) -> None:
    with nodes(2, dashboard=True) as cluster:
        command = [sys.executable, "-u", "-m", "lab.search", f"--address={cluster.address}"]
        command += [f"--storage={tmp_path}", "--name=study", "--workers=1:2", *SEARCH, FLOAT32]
        with subprocess.Popen(
            command,
            env=cluster.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as search:
            assert search.stdout is not None
            seen = []
            for line in search.stdout:
                seen.append(line)
                if "trial 0 seed 3 0.4 kimg" in line:
                    cluster.remove_last()
    assert search.returncode == 0, "".join(seen)
    assert "with 1 to 2 workers of 1 CPU and 0 GPU each" in "".join(seen)
    study = read_study(tmp_path / "study")
    assert [run.status for run in study.runs] == ["finished", "finished"]
    assert study.runs[0].card.attempts == 2
    assert study.num_torn_rows == 0
