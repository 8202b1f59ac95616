"""Run in every process of Ray that a search with gangs starts, so it imports next to nothing."""

from __future__ import annotations

import os
import socket


def settle_process() -> None:
    """What a worker process must know before a gang is made of it; Ray calls this by its name."""
    import ray

    _know_own_cluster(ray.get_runtime_context().gcs_address)
    _talk_over(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call]


def _know_own_cluster(address: str) -> None:
    """Which Ray is its own, for a machine may have several.

    Ray Train's guard over the place of a gang asks after the gang's controller without saying
    where. Of another Ray it would learn that there is none, and take a living gang's place away.
    """
    os.environ["RAY_ADDRESS"] = address


def _talk_over(address: str) -> None:
    """Let gloo bind to the address that the cluster knows this node by.

    Else it takes the one that the host's name has, which on Debian is 127.0.1.1: workers on
    other hosts would wait for it in vain.
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
