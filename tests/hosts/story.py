"""A search over three hosts that loses one in the middle of a run, beside one left alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    StudyRecord,
    is_readable,
    read_json,
    read_rows,
    read_study,
)
from tests.hosts.namespaces import Host, Network, hosts
from tests.hosts.ray_nodes import ENVIRONMENT, share_token, start_ray

NUM_HOSTS = 3
SEARCH = [
    "--name=study",
    "--space=sngan",
    "--preset=laptop",
    "--trials=6",  # known points: what TPE would propose depends on what runs meanwhile
    "--seed=3",
    "--budget-kimg=12",
    "--set=evaluation.every_images=600",
    "--set=evaluation.num_samples=100",
    "--set=network.width=0.0625",
    "--set=network.latent_size=16",
    "--set=training.precision=float32",
]
ROWS_BEFORE_THE_LOSS = 3
PATIENCE_SECONDS = 150.0


@dataclass(frozen=True)
class Lost:
    """The host that went, and the run that it had begun."""

    host: str
    trial: int
    num_rows: int


@dataclass
class Story:
    """What happened, for the tests to look at."""

    alone: StudyRecord
    """The same search on this machine, left alone."""
    study: StudyRecord
    lost: Lost
    exit_code: int
    said: str
    seconds: dict[str, float] = field(default_factory=dict)


@contextmanager
def search_that_loses_a_host(arguments: Sequence[str] = ()) -> Iterator[Story]:
    """Both searches; their folders are there until the end of the context."""
    clock = _Clock()
    with tempfile.TemporaryDirectory(prefix="lab-alone-") as place, hosts(NUM_HOSTS) as network:
        command = _command(Path(place), arguments)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)
        clock.lap("search left alone")
        share_token(network)
        address = start_ray(network, num_cpus=1)
        clock.lap("Ray on three hosts")
        lost, exit_code, said = _disturbed(network, [*arguments, f"--address={address}"])
        clock.lap("search that loses a host")
        study = read_study(network.shared / "study")
        alone = read_study(Path(place) / "study")
        yield Story(alone, study, lost, exit_code, said, clock.laps)


def _command(storage: Path, arguments: Sequence[str]) -> list[str]:
    python = [sys.executable, "-u", "-m", "lab.search"]
    return [*python, f"--storage={storage}", *SEARCH, *arguments]


def _disturbed(network: Network, arguments: Sequence[str]) -> tuple[Lost, int, str]:
    said = network.folder / "said.txt"
    command = _command(network.shared, arguments)
    with said.open("w") as file:
        search = network.hosts[0].start(
            command, ENVIRONMENT, stdout=file, stderr=subprocess.STDOUT
        )
        lost = _lose_a_busy_host(network, search)
        exit_code = search.wait(timeout=PATIENCE_SECONDS)
    return lost, exit_code, said.read_text()


def _lose_a_busy_host(network: Network, search: subprocess.Popen[str]) -> Lost:
    """Cut off a host, not the search's own, once a run is in its middle there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    said = network.folder / "said.txt"
    while time.monotonic() < deadline:
        assert search.poll() is None, said.read_text()
        for host in network.hosts[1:]:
            for folder in (network.shared / "study" / "trials").glob("*/seed-*"):
                num_rows = len(read_rows(folder / EVALUATIONS_FILE).rows)
                if num_rows >= ROWS_BEFORE_THE_LOSS and _running_on(folder, host):
                    host.lose_power()
                    return Lost(host.name, int(folder.parent.name), num_rows)
        time.sleep(0.02)
    raise AssertionError(f"no run was in its middle on another host: {said.read_text()}")


def _running_on(folder: Path, host: Host) -> bool:
    if not is_readable(folder / RUN_FILE):
        return False
    note = read_json(folder / RUN_FILE)
    return note["status"] == "running" and host.name in hosts_of(note)


def hosts_of(note: dict[str, Any]) -> list[str]:
    """The hosts that a run.json names."""
    return [note["host"]]


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = now - self._last, now
