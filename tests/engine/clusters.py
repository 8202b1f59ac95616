"""A Ray cluster of several nodes on this machine, which can lose one: `with nodes(2) as cluster`.

The nodes are real raylets, but share an address and a file system; tests/hosts keeps those apart.
They belong to a process of their own, which ends them when its input ends, however that comes.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OBJECT_STORE_BYTES = 80_000_000
HEALTH = {
    # A dead node is noticed after some 3 s; Ray's own settings take some 30.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}


@dataclass
class NodesUp:
    """A cluster that stands: where, and what may be done to it."""

    address: str
    raylets: list[int]
    """Process of each node's raylet, the head's first."""
    environment: dict[str, str]
    """What a search on this cluster needs in its environment."""
    keeper: subprocess.Popen[str]

    def remove_last(self) -> None:
        """End the processes of the node that joined last, without a word to the others."""
        assert self._asked("remove") == "removed"
        self.raylets.pop()

    def add(self, **environment: str) -> None:
        """One more node joins, whose processes have these variables."""
        self.raylets.append(int(self._asked(json.dumps(environment))))

    def _asked(self, line: str) -> str:
        assert self.keeper.stdin is not None
        assert self.keeper.stdout is not None
        self.keeper.stdin.write(f"{line}\n")
        self.keeper.stdin.flush()
        return self.keeper.stdout.readline().strip()


@contextmanager
def nodes(
    count: int, *, num_cpus: int = 1, dashboard: bool = False, head_cpus: int | None = None
) -> Iterator[NodesUp]:
    """So many nodes, ended at the end; gangs of several workers need the `dashboard`.

    `head_cpus`: of the head, where it has others than the nodes.
    """
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {**os.environ, **token, **HEALTH, "RAY_USAGE_STATS_ENABLED": "0"}
    asked = json.dumps(
        {"count": count, "num_cpus": num_cpus, "dashboard": dashboard, "head_cpus": head_cpus}
    )
    with subprocess.Popen(
        [sys.executable, "-m", __name__, asked],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the test, which then ends this
    ) as keeper:
        assert keeper.stdout is not None
        try:
            up = json.loads(keeper.stdout.readline())
            yield NodesUp(up["address"], up["raylets"], environment, keeper)
        finally:
            with suppress(BrokenPipeError):
                keeper.communicate()


def _keep(count: int, num_cpus: int, dashboard: bool, head_cpus: int | None) -> None:
    """Start the nodes, say where, and do as the input says until it ends."""
    from ray.cluster_utils import Cluster

    logging.getLogger("ray").setLevel(logging.ERROR)

    with tempfile.TemporaryDirectory(prefix="lab-ray-") as place:
        size = {"num_cpus": num_cpus, "object_store_memory": OBJECT_STORE_BYTES}
        head = {
            "num_cpus": num_cpus if head_cpus is None else head_cpus,
            "include_dashboard": dashboard,
            "dashboard_port": _free_port(),
            "gcs_server_port": _free_port(),
        }
        cluster = Cluster(initialize_head=True, head_node_args={**size, **head, "temp_dir": place})
        try:
            workers = [cluster.add_node(**size) for _ in range(count - 1)]
            raylets = [_raylet(node) for node in (cluster.head_node, *workers)]
            print(json.dumps({"address": cluster.address, "raylets": raylets}), flush=True)
            for line in sys.stdin:
                if line == "remove\n":
                    cluster.remove_node(workers.pop(), allow_graceful=False)
                    print("removed", flush=True)
                else:
                    workers.append(cluster.add_node(**size, env_vars=json.loads(line)))
                    print(_raylet(workers[-1]), flush=True)
        finally:
            cluster.shutdown()


def _raylet(node: Any) -> int:
    pid: int = node.all_processes["raylet"][0].process.pid
    return pid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


if __name__ == "__main__":
    _keep(**json.loads(sys.argv[1]))
