"""A search over three hosts that loses one in the middle of a run; and its runs left alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from lab.config import read_config
from lab.gan.ranks import Ranks
from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    TRIAL_FILE,
    StudyRecord,
    is_readable,
    read_json,
    read_rows,
    read_study,
)
from lab.run import run
from lab.run.launch import on_workers
from tests.hosts.namespaces import Host, Network, hosts
from tests.hosts.ray_nodes import ENVIRONMENT, share_token, start_ray

NUM_HOSTS = 3
SEARCH = [
    "--name=study",
    "--space=sngan",
    "--preset=laptop",
    "--seed=3",
    "--set=evaluation.num_samples=100",
    "--set=network.width=0.0625",
    "--set=network.latent_size=16",
    "--set=training.precision=float32",
]
SIZE = {
    1: ["--trials=5", "--budget-kimg=12", "--set=evaluation.every_images=600"],
    2: ["--trials=3", "--budget-kimg=6", "--set=evaluation.every_images=300"],
}
"""By the number of workers: some twenty evaluations a run, so that it has a middle."""
ROWS_BEFORE_THE_LOSS = 3
GANG_WORKER = "RayTrainWorker"
"""What Ray Train calls a worker's process."""
PATIENCE_SECONDS = 400.0


@dataclass(frozen=True)
class Lost:
    """The host that went, and the run that it had begun."""

    host: str
    trial: int
    num_rows: int
    gang: tuple[str, ...]
    """Hosts with a worker of a gang; empty where runs have one worker."""


@dataclass
class Story:
    """What happened, for the tests to look at."""

    study: StudyRecord
    lost: Lost
    exit_code: int
    said: str
    alone: dict[int, Path]
    """By trial, the folder of the same run, trained without Ray and left alone."""
    seconds: dict[str, float] = field(default_factory=dict)


@contextmanager
def search_that_loses_a_host(num_workers: int) -> Iterator[Story]:
    """The search, then its runs alone; the folders are there until the end of the context."""
    clock = _Clock()
    with hosts(NUM_HOSTS) as network, tempfile.TemporaryDirectory(prefix="lab-alone-") as place:
        share_token(network)
        address = start_ray(network, num_cpus=1)
        clock.lap("Ray on three hosts")
        arguments = [*SIZE[num_workers], f"--workers={num_workers}", f"--address={address}"]
        lost, exit_code, said = _disturbed(network, arguments)
        clock.lap("search that loses a host")
        for host in network.hosts:
            host.end_processes()
        study = read_study(network.shared / "study")
        assert exit_code == 0, said
        on_workers(num_workers, _train_alone, study.folder, Path(place))
        clock.lap("its runs left alone")
        alone = {trial.number: _alone(Path(place), trial.number) for trial in study.trials}
        yield Story(study, lost, exit_code, said, alone, clock.laps)


def _disturbed(network: Network, arguments: Sequence[str]) -> tuple[Lost, int, str]:
    said = network.folder / "said.txt"
    search = [sys.executable, "-u", "-m", "lab.search", f"--storage={network.shared}"]
    with said.open("w") as file:
        process = network.hosts[0].start(
            [*search, *SEARCH, *arguments], ENVIRONMENT, stdout=file, stderr=subprocess.STDOUT
        )
        lost = _lose_a_busy_host(network, process, said)
        try:
            exit_code = process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the search did not end: {said.read_text()}") from None
    return lost, exit_code, said.read_text()


def _lose_a_busy_host(network: Network, search: subprocess.Popen[str], said: Path) -> Lost:
    """Cut off a host, not the search's own, once a run is in its middle there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert search.poll() is None, said.read_text()
        for folder in (network.shared / "study" / "trials").glob("*/seed-*"):
            num_rows = len(read_rows(folder / EVALUATIONS_FILE).rows)
            busy = _hosts_of(folder, network) if num_rows >= ROWS_BEFORE_THE_LOSS else []
            if elsewhere := [host for host in busy if host is not network.hosts[0]]:
                gang = tuple(host.name for host in network.hosts if host.runs(GANG_WORKER))
                elsewhere[0].lose_power()
                return Lost(elsewhere[0].name, int(folder.parent.name), num_rows, gang)
        time.sleep(0.02)
    raise AssertionError(f"no run was in its middle on another host: {said.read_text()}")


def _hosts_of(folder: Path, network: Network) -> list[Host]:
    """Where a run is trained at the moment, the host that writes its folder first."""
    note = read_json(folder / RUN_FILE) if is_readable(folder / RUN_FILE) else {}
    if note.get("status") != "running":
        return []
    writer = [host for host in network.hosts if host.name == note["host"]]
    return writer + [
        host for host in network.hosts if host not in writer and host.runs(GANG_WORKER)
    ]


def _train_alone(ranks: Ranks, study: Path, place: Path) -> int:
    """Every trial of a study once more, from its stored configuration."""
    torch.set_num_threads(1)
    for stored in sorted(study.glob(f"trials/*/{TRIAL_FILE}")):
        trial = int(stored.parent.name)
        config = read_config(stored)
        for _ in run(config, _alone(place, trial), trial=trial, device="cpu", ranks=ranks):
            pass
    return 0


def _alone(place: Path, trial: int) -> Path:
    return place / f"{trial:04d}"


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = now - self._last, now
