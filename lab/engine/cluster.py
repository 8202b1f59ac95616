"""Connecting to Ray: a local one that is closed again, or a cluster; and what it has."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lab.config import InputError

ENVIRONMENT = {
    # glibc hands large freed tensors back to the system and faults them in again at each step;
    # keeping them made steps on a CPU a tenth faster. Read by workers when they start.
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**26),
    "OMP_WAIT_POLICY": "PASSIVE",
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


@dataclass(frozen=True)
class Resources:
    """What a cluster offers in all, and on its largest node."""

    cpus: float
    gpus: float
    num_nodes: int
    largest_cpus: float
    largest_gpus: float

    def __str__(self) -> str:
        nodes = "1 node" if self.num_nodes == 1 else f"{self.num_nodes} nodes"
        return f"{self.cpus:g} CPUs and {self.gpus:g} GPUs on {nodes}"


@contextlib.contextmanager
def connected(address: str | None, *, verbose: bool) -> Iterator[Resources]:
    """A Ray to work with. Without an address a local one is started, and closed again.

    Raises InputError when there is no cluster at the address.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with _chatter(verbose):
        import ray

        try:
            ray.init(
                address=address or "local",
                log_to_driver=verbose,
                logging_level=logging.INFO if verbose else logging.ERROR,
                configure_logging=True,
                include_dashboard=None if verbose or address else False,
                ignore_reinit_error=True,
            )
        except ConnectionError as error:
            raise InputError(
                f"no Ray cluster answers at --address {address} ({_first_line(error)}); "
                "start one with `ray start --head`, or leave --address out for a local one"
            ) from None
        try:
            yield _resources(ray.nodes())  # type: ignore[no-untyped-call]
        finally:
            ray.shutdown()


@contextlib.contextmanager
def _chatter(verbose: bool) -> Iterator[None]:
    """Ray's and Optuna's own logging off, unless asked for."""
    if verbose:
        yield
        return
    names = ("ray", "ray.tune", "ray.train", "ray._private", "optuna")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def require_resources(cluster: Resources, cpus: float, gpus: float) -> None:
    """Raise InputError when no node can hold one run: Ray would wait for ever."""
    if cpus <= cluster.largest_cpus and gpus <= cluster.largest_gpus:
        return
    raise InputError(
        f"a run asks for {cpus:g} CPUs and {gpus:g} GPUs, and the largest node has "
        f"{cluster.largest_cpus:g} CPUs and {cluster.largest_gpus:g} GPUs ({cluster} in all); "
        "lower --cpus-per-worker or --gpus-per-worker"
    )


def num_slots(cluster: Resources, cpus: float, gpus: float) -> int:
    """How many runs fit at once."""
    fits = [cluster.cpus / cpus] if cpus > 0 else []
    if gpus > 0:
        fits.append(cluster.gpus / gpus)
    return max(1, int(min(fits)))


def hardware(cluster: Resources) -> dict[str, Any]:
    """The record's `hardware` entry."""
    return {
        "host": platform.node(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": cluster.cpus,
        "gpus": cluster.gpus,
        "nodes": cluster.num_nodes,
        "processor": _processor(),
    }


def versions() -> dict[str, str]:
    """The record's `versions` entry."""
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, "gan-stability-lab"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _resources(nodes: list[dict[str, Any]]) -> Resources:
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    cpus = [float(node.get("CPU", 0)) for node in alive]
    gpus = [float(node.get("GPU", 0)) for node in alive]
    return Resources(sum(cpus), sum(gpus), len(alive), max(cpus, default=0), max(gpus, default=0))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
