"""A search on a cluster of two nodes that loses one of them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.record import EVALUATIONS_FILE, IMAGES_SEEN, read_rows, read_study
from tests.engine.clusters import nodes

SEARCH = [
    "--name=study",
    "--preset=laptop",
    "--trials=3",
    "--budget-kimg=4",
    "--set=evaluation.every_images=200",
    "--set=evaluation.num_samples=100",
    "--set=network.width=0.0625",
    "--set=network.latent_size=16",
    "--set=training.precision=float32",
]


def wait_for_two_runs(study: Path, search: subprocess.Popen[str]) -> None:
    """Return when each node has a run with its first rows."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert search.poll() is None, "the search ended before a node was removed"
        found = [read_rows(path) for path in study.glob(f"trials/*/*/{EVALUATIONS_FILE}")]
        if sum(len(rows.rows) >= 2 for rows in found) >= 2:
            return
        time.sleep(0.02)
    raise AssertionError("the search did not reach its second run")


@pytest.mark.slow
def test_a_search_goes_on_with_the_nodes_that_are_left(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    with nodes(2) as cluster, said.open("w") as file:
        command = [sys.executable, "-u", "-m", "lab.search", f"--address={cluster.address}"]
        search = subprocess.Popen(
            [*command, f"--storage={tmp_path}", *SEARCH],
            env=cluster.environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with search:
            wait_for_two_runs(tmp_path / "study", search)
            cluster.remove_last()
    assert search.returncode == 0, said.read_text()
    study = read_study(tmp_path / "study")
    assert study.card.status == "finished"
    assert [run.status for run in study.runs] == ["finished"] * 3
    # A lost node costs no attempt; one is counted until the cluster has noticed the loss.
    assert sorted(run.card.attempts for run in study.runs)[:2] == [1, 1], said.read_text()
    assert study.num_torn_rows == 0
    for run in study.runs:
        seen = [row[IMAGES_SEEN] for row in run.evaluations]
        assert seen == sorted(set(seen))


@pytest.mark.slow
def test_a_node_that_cannot_train_is_named_and_gets_no_more_runs(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    more = ["--trials=5", "--concurrent=2", "--budget-kimg=8"]
    with nodes(1) as cluster, said.open("w") as file:
        command = [sys.executable, "-u", "-m", "lab.search", f"--address={cluster.address}"]
        search = subprocess.Popen(
            [*command, f"--storage={tmp_path}", *SEARCH, *more],
            env=cluster.environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with search:
            deadline = time.monotonic() + 120
            while "0.2 kimg" not in said.read_text():
                assert search.poll() is None, said.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            cluster.add(LAB_CACHE="/proc/nowhere")
    assert search.returncode == 0, said.read_text()
    study = read_study(tmp_path / "study")
    assert [run.status for run in study.runs] == ["finished"] * 5
    assert {run.card.attempts for run in study.runs} == {1}
    assert "which gets no more runs of this search: /proc/nowhere" in said.read_text()
