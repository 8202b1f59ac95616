"""What a search leaves on a cluster that goes on without it: nothing of its own."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster
from ray.util.state import list_actors

from tests.faults.scene import FLOAT32, SEARCH

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

KEPT = {"_AutoscalingCoordinatorActor"}
"""Ray Train's own: one a cluster, for the jobs of everybody."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    head = {"num_cpus": 1, "include_dashboard": True, "dashboard_port": port}
    started = Cluster(initialize_head=True, head_node_args=head)
    started.add_node(num_cpus=1)
    ray.init(address=started.address, log_to_driver=False, logging_level=logging.ERROR)
    yield started
    ray.shutdown()
    started.shutdown()


def actors() -> dict[str, list[int]]:
    """Living actors' processes, by class."""
    found: dict[str, list[int]] = {}
    here = ray.get_runtime_context().gcs_address
    for actor in list_actors(address=here, filters=[("state", "!=", "DEAD")], limit=1000):
        found.setdefault(actor.class_name, []).append(actor.pid)
    return found


def groups() -> int:
    """Placement groups that hold something or ask for it."""
    table = ray.util.placement_group_table().values()
    return sum(group["state"] != "REMOVED" for group in table)


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_driver_that_is_stopped_leaves_nothing_on_its_cluster(
    blow: signal.Signals, cluster: Cluster, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "lab.search", *SEARCH, FLOAT32, "--budget-kimg=100"]
    command += [f"--storage={tmp_path}", f"--address={cluster.address}", "--workers=2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as search:
        assert search.stdout is not None
        seen = []
        for line in search.stdout:
            seen.append(line)
            if "0.4 kimg" in line:
                break
        assert search.poll() is None, "".join(seen)
        workers = actors()["RayTrainWorker"]
        assert len(workers) == 2
        assert groups() == 2  # the slot's own, and the gang's
        search.send_signal(blow)
    assert eventually(lambda: groups() == 0), ray.util.placement_group_table()
    assert eventually(lambda: set(actors()) <= KEPT), actors()
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
