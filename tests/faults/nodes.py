"""A Ray cluster on this machine, each node started by `ray start` in a session of its own."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.processes import POLL_SECONDS, kill_session, processes, titled

ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "OMP_NUM_THREADS": "1",
    # A node that is told to go waits so long for its work to end; Ray's own 30 s are a test's.
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "5",
    # A node that is lost is given up after some 4 s; Ray's own settings take some 30.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
}
LEFT = """
import sys, time, ray
from ray.util import placement_group_table
ray.init(address=sys.argv[1], log_to_driver=False)
deadline = time.monotonic() + 60
while True:
    groups = [g for g in placement_group_table().values() if g["state"] != "REMOVED"]
    idle = ray.available_resources().get("CPU") == ray.cluster_resources().get("CPU")
    if (idle and not groups) or time.monotonic() > deadline:
        break
    time.sleep(0.2)
print(len(groups), "idle" if idle else "busy")
"""


@dataclass
class RayNode:
    """What one `ray start --block` began."""

    process: subprocess.Popen[str]

    @property
    def session(self) -> int:
        return self.process.pid

    @property
    def raylet(self) -> int:
        found = [pid for pid, said in processes(self.session).items() if "raylet/raylet " in said]
        (pid,) = found
        return pid

    def trains(self) -> bool:
        return bool(titled(self.session, "ray::RayTrainWorker"))

    def lose_power(self) -> None:
        kill_session(self.session)
        self.process.wait()


@dataclass
class RayCluster:
    """Nodes of one CPU each; the first is the head."""

    address: str
    nodes: list[RayNode] = field(default_factory=list)

    @property
    def head(self) -> RayNode:
        return self.nodes[0]

    def training_node(self) -> RayNode:
        """A node, other than the head, with a worker of a gang."""
        return next(node for node in self.nodes[1:] if node.trains())

    def left(self) -> str:
        """How many placement groups remain, and whether every CPU is free again."""
        asked = [sys.executable, "-c", LEFT, self.address]
        environment = {**os.environ, **ENVIRONMENT}
        done = subprocess.run(
            asked, capture_output=True, text=True, timeout=120, check=True, env=environment
        )
        return done.stdout.strip()


@contextmanager
def ray_cluster(folder: Path, num_nodes: int) -> Iterator[RayCluster]:
    """A head and further nodes; all of their processes are gone afterwards."""
    port = _free_port()
    cluster = RayCluster(f"127.0.0.1:{port}")
    try:
        for number in range(num_nodes):
            joining = ["--head", f"--port={port}", f"--dashboard-port={_free_port()}"]
            if number:
                joining = [f"--address={cluster.address}"]
            cluster.nodes.append(_start(folder / f"node-{number}.txt", joining))
        yield cluster
    finally:
        for node in cluster.nodes:
            node.lose_power()


def _start(output: Path, joining: list[str]) -> RayNode:
    command = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *joining),
        "--node-ip-address=127.0.0.1",
        "--num-cpus=1",
        "--object-store-memory=100000000",
        *("--min-worker-port=0", "--max-worker-port=0", "--dashboard-agent-listen-port=0"),
        "--disable-usage-stats",
    ]
    with output.open("w") as file:
        process = subprocess.Popen(
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, **ENVIRONMENT},
        )
    deadline = time.monotonic() + 120
    while "Ray runtime started" not in output.read_text():
        assert time.monotonic() < deadline, output.read_text()
        assert process.poll() is None, output.read_text()
        time.sleep(5 * POLL_SECONDS)
    return RayNode(process)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
