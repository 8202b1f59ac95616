"""Connecting to Ray, a local one that is closed again or a cluster; and its resources."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import InputError
from lab.record import HardwareCard
from lab.record.conditions import system

ENVIRONMENT = {
    # glibc returns large freed tensors to the system and faults them in again at each step;
    # keeping them makes steps on a CPU a tenth faster. Workers read these when they start.
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**26),
    "OMP_WAIT_POLICY": "PASSIVE",
    # cuBLAS needs it for deterministic algorithms, and reads it at its first use.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_THRESHOLD_S": "60",
}
PACKAGES = ("torch", "ray", "optuna", "torch-fidelity", "pandas", "plotly", "numpy")


class Node(NamedTuple):
    """What one machine offers."""

    cpus: float
    gpus: float

    def num_places(self, cpus: float, gpus: float) -> int:
        """How many workers of this size fit at once."""
        fits = [self.cpus / cpus] + ([self.gpus / gpus] if gpus > 0 else [])
        return int(min(fits) + 1e-9)


@dataclass(frozen=True)
class Resources:
    """What a cluster offers, node by node."""

    nodes: tuple[Node, ...]

    @property
    def cpus(self) -> float:
        return sum(node.cpus for node in self.nodes)

    @property
    def gpus(self) -> float:
        return sum(node.gpus for node in self.nodes)

    def __str__(self) -> str:
        if len(self.nodes) == 1:
            return f"{self.cpus:g} CPUs and {self.gpus:g} GPUs"
        largest = max(self.nodes, key=lambda node: (node.gpus, node.cpus))
        return (
            f"{self.cpus:g} CPUs and {self.gpus:g} GPUs on {len(self.nodes)} nodes, the largest "
            f"of {largest.cpus:g} CPUs and {largest.gpus:g} GPUs"
        )


def will_start_here(address: str | None) -> bool:
    """Whether `connected` starts a local Ray."""
    import ray

    return address is None and not ray.is_initialized()


def this_machine() -> Resources:
    """The resources of a Ray that is started here."""
    import torch

    return Resources((Node(os.cpu_count() or 1, torch.cuda.device_count()),))


@contextlib.contextmanager
def connected(address: str | None, *, verbose: bool, gangs: bool = False) -> Iterator[Resources]:
    """A Ray to work with. Without an address a local one is started, and closed again.

    A Ray that the calling script is connected to is used and stays connected. `gangs`: whether
    runs have several workers. Raises InputError when there is no cluster at the address.
    """
    for_others = {name: to for name, to in ENVIRONMENT.items() if name not in os.environ}
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if address is not None:
        _require_listener(address)
    with _chatter(verbose):
        import ray

        ours = not ray.is_initialized()
        if ours:
            _connect(address, for_others, verbose=verbose, gangs=gangs)
        try:
            with _sigterm_as_ctrl_c():
                yield _resources(ray.nodes())  # type: ignore[no-untyped-call]
        finally:
            if ours:
                ray.shutdown()


def _connect(
    address: str | None, environment: dict[str, str], *, verbose: bool, gangs: bool
) -> None:
    """`environment`: for a cluster's workers; those of a local Ray inherit this process's."""
    import ray

    try:
        ray.init(
            address=address or "local",
            log_to_driver=verbose,
            logging_level=logging.INFO if verbose else logging.ERROR,
            configure_logging=True,
            # Ray Train asks the dashboard whether a killed gang has freed its placement group:
            # without an answer the group leaks, and the next run waits for ever.
            include_dashboard=None if verbose or address else gangs,
            runtime_env=_runtime_environment(environment if address else {}, gangs=gangs),
        )
    except (ConnectionError, RuntimeError) as error:
        if address is None:
            raise
        raise _no_cluster(address, _first_line(error)) from None


def _runtime_environment(environment: dict[str, str], *, gangs: bool) -> dict[str, Any] | None:
    settled: dict[str, Any] = {"env_vars": environment} if environment else {}
    if gangs:
        settled["worker_process_setup_hook"] = "lab.engine.gang.process_start.settle_process"
    return settled or None


@contextlib.contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Handle SIGTERM, which a scheduler sends before it takes a machine away, like Ctrl-C.

    Ray's own handler would end this process and leave the record open.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _require_listener(address: str) -> None:
    """Raise InputError when nothing listens at host:port; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, _first_line(error)) from None


def _no_cluster(address: str, reason: str) -> InputError:
    return InputError(
        f"no Ray cluster answers at --address {address} ({reason}); start one with "
        "`ray start --head`, give the token that it asks for (RAY_AUTH_MODE=token and "
        "RAY_AUTH_TOKEN), or leave --address out for a local one"
    )


@contextlib.contextmanager
def _chatter(verbose: bool) -> Iterator[None]:
    """Silence Ray's and Optuna's logging, unless --verbose asks for it."""
    if verbose:
        yield
        return
    names = ("ray", "ray.tune", "ray.train", "ray._private", "optuna")
    listing = "ray.tune.tune"  # it ends a search with the list of runs that were tried again
    levels = {name: logging.getLogger(name).level for name in (*names, listing)}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger(listing).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def on_this_node() -> Any:
    """Ray's scheduling strategy for an actor or task that must run on the caller's node."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)


def hardware(cluster: Resources) -> HardwareCard:
    """What a study is started on."""
    return HardwareCard(
        host=platform.node(),
        system=system(),
        cpus=cluster.cpus,
        gpus=cluster.gpus,
        nodes=len(cluster.nodes),
        processor=_processor(),
    )


def _resources(nodes: list[dict[str, Any]]) -> Resources:
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    return Resources(
        tuple(Node(float(node.get("CPU", 0)), float(node.get("GPU", 0))) for node in alive)
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
