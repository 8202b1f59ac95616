"""Settings of every Ray process that a search with gangs starts; it imports next to nothing."""

from __future__ import annotations

import os
import socket


def settle_process() -> None:
    """Set what a process needs before it becomes a gang's worker; Ray calls this by its name."""
    import ray

    _name_cluster(ray.get_runtime_context().gcs_address)
    _bind_gloo(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call]


def _name_cluster(address: str) -> None:
    """Name this process's Ray, because a machine may have several.

    Ray Train's cleaner of placement groups asks for the gang's controller without naming a Ray.
    Another Ray would answer that there is none, and a living gang would lose its group.
    """
    os.environ["RAY_ADDRESS"] = address


def _bind_gloo(address: str) -> None:
    """Let gloo bind to this node's address in the cluster.

    By default it takes the address of the host's name, which on Debian is 127.0.1.1: workers on
    other hosts could not reach it.
    """
    interface = interface_of(address)
    if interface is not None:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)


def interface_of(address: str) -> str | None:
    """The network interface that has an IPv4 address here, if any."""
    import psutil

    for name, addresses in psutil.net_if_addrs().items():
        if any(one.family == socket.AF_INET and one.address == address for one in addresses):
            return str(name)
    return None
