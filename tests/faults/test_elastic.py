"""Gangs on nodes that join and go, and where their processes are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import pytest

from lab.record import read_study
from tests.engine.clusters import NodesUp, nodes
from tests.faults.scene import FLOAT32, SEARCH

pytestmark = [pytest.mark.faults, pytest.mark.timeout(700)]


@dataclass
class Said:
    """The lines of a search, one after the other, and all so far."""

    output: IO[str]
    seen: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for line in self.output:
            self.seen.append(line)
            yield line


@contextmanager
def searching(cluster: NodesUp, storage: Path, *options: str) -> Iterator[Said]:
    """A search on a cluster, which must end well."""
    command = [sys.executable, "-u", "-m", "lab.search", f"--address={cluster.address}"]
    command += [f"--storage={storage}", "--name=study", *SEARCH, FLOAT32, *options]
    with subprocess.Popen(
        command,
        env=cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as search:
        assert search.stdout is not None
        said = Said(search.stdout)
        yield said
        list(said)
    assert search.returncode == 0, "".join(said.seen)


def test_an_elastic_gang_goes_on_with_the_workers_that_are_left(tmp_path: Path) -> None:
    with (
        nodes(2, dashboard=True) as cluster,
        searching(cluster, tmp_path, "--workers=1:2") as said,
    ):
        for line in said:
            if "trial 0 seed 3 0.4 kimg" in line:
                cluster.remove_last()
    assert "with 1 to 2 workers of 1 CPU and 0 GPU each" in "".join(said.seen)
    study = read_study(tmp_path / "study")
    assert [run.status for run in study.runs] == ["finished", "finished"]
    assert study.runs[0].card.attempts == 1  # the loss of a machine costs none
    assert study.num_torn_rows == 0


def test_a_gang_that_grows_in_the_middle_of_an_interval_loses_no_attempt(tmp_path: Path) -> None:
    """Ray Train looks for room once a minute, and starts all workers anew to use it."""
    long = ["--trials=1", "--budget-kimg=150", "--set=evaluation.every_images=150000"]
    long += ["--set=network.width=0.25", "--set=training.batch_size=64"]
    with (
        nodes(1, dashboard=True) as cluster,
        searching(cluster, tmp_path, "--workers=1:3", *long) as said,
    ):
        for line in said:
            if "0.0 kimg" in line:
                cluster.add()
                cluster.add()
    (run,) = read_study(tmp_path / "study").runs
    assert run.status == "finished"
    assert run.card.attempts == 1
    assert len(run.card.hosts) > 1, "it never grew"


def test_what_a_gang_has_beside_its_workers_is_not_on_a_head_that_trains_nothing(
    tmp_path: Path,
) -> None:
    slots = set()
    with (
        nodes(3, num_cpus=2, head_cpus=0, dashboard=True) as cluster,
        searching(cluster, tmp_path, "--workers=2", "--concurrent=2") as said,
    ):
        for _ in said:
            slots |= {
                (process.pid, process.ppid())
                for process in psutil.process_iter(["cmdline"])
                if (process.info["cmdline"] or [""])[0].startswith("ray::ResourceTrainable")
                and os.getsid(process.pid) == os.getsid(cluster.keeper.pid)
            }
    assert sorted(raylet for _, raylet in slots) == sorted(cluster.raylets[1:])
