"""A Ray cluster over hosts, as a person would start it: `ray start` on each, with a token."""

from __future__ import annotations

import secrets
import sys

from tests.hosts.namespaces import Host, Network

PORT = 6379
ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "OMP_NUM_THREADS": "1",
    # A host that loses its power is given up after some 4 s; Ray's own settings take some 30.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}


def share_token(network: Network) -> None:
    """The cluster's token in every host's home folder, where Ray looks for it."""
    token = secrets.token_hex(32)
    for host in network.hosts:
        place = network.folder / host.name / "home" / ".ray"
        place.mkdir()
        (place / "auth_token").write_text(token)


def start_ray(network: Network, num_cpus: int) -> str:
    """Ray's head on the first host, workers on the others; returns the address for --address.

    `ray start` returns when its node has joined.
    """
    head, *workers = network.hosts
    address = f"{head.address}:{PORT}"
    head.run(_start(head, num_cpus, "--head", f"--port={PORT}"), ENVIRONMENT)
    for worker in workers:
        worker.run(_start(worker, num_cpus, f"--address={address}"), ENVIRONMENT)
    return address


def _start(host: Host, num_cpus: int, *arguments: str) -> list[str]:
    return [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", *arguments),
        f"--node-ip-address={host.address}",
        f"--num-cpus={num_cpus}",
        "--object-store-memory=100000000",
        f"--temp-dir={host.network.local / 'ray'}",
        "--disable-usage-stats",
    ]
