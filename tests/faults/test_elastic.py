"""A gang of one to two workers on two nodes, one of which is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
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
    assert study.runs[0].card.attempts == 1  # the loss of a machine costs none
    assert study.num_torn_rows == 0


@pytest.mark.timeout(700)
def test_a_gang_that_grows_in_the_middle_of_an_interval_loses_no_attempt(tmp_path: Path) -> None:
    """Ray Train looks for room once a minute, and starts all workers anew to use it."""
    long = ["--trials=1", "--budget-kimg=48", "--set=evaluation.every_images=48000"]
    long += ["--set=network.width=0.25", "--set=training.batch_size=64"]
    with nodes(1, dashboard=True) as cluster:
        command = [sys.executable, "-u", "-m", "lab.search", f"--address={cluster.address}"]
        command += [f"--storage={tmp_path}", "--name=study", "--workers=1:3", *SEARCH, FLOAT32]
        with subprocess.Popen(
            [*command, *long],
            env=cluster.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as search:
            assert search.stdout is not None
            seen = []
            for line in search.stdout:
                seen.append(line)
                if "0.0 kimg" in line:
                    cluster.add()
                    cluster.add()
    assert search.returncode == 0, "".join(seen)
    (run,) = read_study(tmp_path / "study").runs
    assert run.status == "finished"
    assert run.card.attempts == 1
    assert len(run.card.hosts) > 1, "it never grew"


def test_what_a_gang_has_beside_its_workers_is_not_on_a_head_that_trains_nothing(
    tmp_path: Path,
) -> None:
    with nodes(3, num_cpus=2, head_cpus=0, dashboard=True) as cluster:
        command = [sys.executable, "-u", "-m", "lab.search", f"--address={cluster.address}"]
        command += [f"--storage={tmp_path}", "--name=study", "--workers=2", *SEARCH, FLOAT32]
        with subprocess.Popen(
            [*command, "--concurrent=2"],
            env=cluster.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as search:
            assert search.stdout is not None
            seen, slots = [], set()
            for line in search.stdout:
                seen.append(line)
                slots |= {
                    (process.pid, process.ppid())
                    for process in psutil.process_iter(["cmdline"])
                    if (process.info["cmdline"] or [""])[0].startswith("ray::ResourceTrainable")
                    and os.getsid(process.pid) == os.getsid(cluster.keeper.pid)
                }
    assert search.returncode == 0, "".join(seen)
    assert sorted(raylet for _, raylet in slots) == sorted(cluster.raylets[1:])
