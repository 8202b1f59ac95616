"""Connecting to Ray, a local one that is closed again or a cluster; and its resources."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import shutil
import socket
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lab.cli import stopped_by_signals
from lab.cores import own_cores
from lab.errors import InputError
from lab.record import HardwareCard
from lab.record.conditions import system
from lab.record.scratch import scratch_folder

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
LONGEST_BASE = 29
"""Letters of the folder that Ray's own is made in: a socket's path has at most 107."""
SECONDS_TO_ANSWER = 600.0
"""For the first worker of a local Ray; a busy machine takes a minute."""
ACCELERATOR = "accelerator_type:"
"""Prefix of Ray's resource that names the model of a node's GPUs."""
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
HEAD_NODE = "node:__internal_head__"
"""Ray's resource that only the head node has."""
PACKAGES = ("torch", "ray", "optuna", "torch-fidelity", "pandas", "plotly", "numpy")


class Node(NamedTuple):
    """What one machine offers."""

    cpus: float
    gpus: float
    accelerator: str = ""
    """Model of its GPUs as Ray names it; empty where there are none, or none is named."""
    identity: str = ""
    """Of the node in Ray; empty for this machine without Ray."""

    def num_places(self, cpus: float, gpus: float) -> int:
        """How many workers of this size fit at once."""
        fits = [self.cpus / cpus]
        if 0 < gpus < 1:  # Ray divides no worker between GPUs
            fits.append(int(self.gpus) * int(1 / gpus + 1e-9))
        elif gpus > 0:
            fits.append(self.gpus / gpus)
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

    return Resources((Node(own_cores(), torch.cuda.device_count()),))


@contextlib.contextmanager
def connected(address: str | None, *, verbose: bool, gangs: bool = False) -> Iterator[Resources]:
    """A Ray to work with. Without an address a local one is started, and closed again.

    A Ray that the calling script is connected to is used and stays connected. `gangs`: whether
    runs have several workers. Raises InputError when there is no cluster at the address, and
    when no folder is fit for a local Ray's own files.
    """
    for_others = {name: to for name, to in ENVIRONMENT.items() if name not in os.environ}
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if address is not None:
        _require_listener(address)
    with _chatter(verbose), contextlib.ExitStack() as scratch:
        import ray

        ours = not ray.is_initialized()
        if ours and address is None:
            require_no_blanks(sys.executable, ray.__file__)
            scratch.enter_context(on_loopback())
            _start_here(scratch.enter_context(ray_folder()), verbose=verbose, gangs=gangs)
        elif ours:
            _join(str(address), for_others, verbose=verbose, gangs=gangs)
        try:
            if ours and address is None:
                _require_worker()
            with stopped_by_signals():  # Ray's own handlers would leave the record open
                yield _resources(ray.nodes())  # type: ignore[no-untyped-call]
        finally:
            if ours:
                ray.shutdown()


def require_no_blanks(*paths: str) -> None:
    """Raise InputError for an interpreter or a Ray that a shell would not find.

    Ray puts their paths unquoted into the command of its workers, which then never start.
    """
    for path in paths:
        if any(letter.isspace() for letter in path):
            raise InputError(
                f"{path} has a blank in its path, where Ray starts no worker; install the lab in "
                "a folder without blanks, or start it through a link that has none"
            )


def _answer() -> None:
    """What the first worker does."""


def _require_worker() -> None:
    """Raise InputError when a Ray that was started here brings up no worker: it would hang."""
    import ray

    try:
        ray.get(ray.remote(_answer).remote(), timeout=SECONDS_TO_ANSWER)
    except ray.exceptions.GetTimeoutError:
        raise InputError(
            f"no worker of the local Ray has started within {SECONDS_TO_ANSWER:g} s; --verbose "
            "prints what Ray reports"
        ) from None


@contextlib.contextmanager
def ray_folder() -> Iterator[str | None]:
    """A private folder for the logs and sockets of a local Ray, removed in the end.

    None where RAY_TMPDIR names one. Ray's own choice, TMPDIR/ray, may be another user's, and a
    socket's path must be short. Raises InputError when no short path can be written.
    """
    if "RAY_TMPDIR" in os.environ:
        yield None
        return
    tried = (str(scratch_folder()), "/tmp", "/var/tmp", "/dev/shm")
    fitting = (base for base in tried if len(base) <= LONGEST_BASE and base.split() == [base])
    usable = (base for base in fitting if os.access(base, os.W_OK))
    base = next(usable, None)
    if base is None:
        raise InputError(
            f"Ray's sockets need a folder with a path of at most {LONGEST_BASE} letters, without "
            f"blanks, and none of {', '.join(tried)} is one that can be written; set TMPDIR to a "
            "short path"
        )
    folder = tempfile.mkdtemp(prefix="ray-", dir=base)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def on_loopback() -> Iterator[None]:
    """A Ray that is started here listens on 127.0.0.1 alone, in all its processes.

    Ray has this as its way on laptops of other systems, under a variable that it reads when it is
    imported; a person who has set that has decided.
    """
    if LOOPBACK in os.environ:
        yield
        return
    from ray._private import ray_constants  # private: nothing public binds Ray to loopback

    before = ray_constants.ENABLE_RAY_CLUSTER
    os.environ[LOOPBACK], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        del os.environ[LOOPBACK]
        ray_constants.ENABLE_RAY_CLUSTER = before


def _start_here(folder: str | None, *, verbose: bool, gangs: bool) -> None:
    """A Ray of this machine's own cores, which no other machine can reach."""
    import ray

    ray.init(
        address="local",
        num_cpus=own_cores(),
        _temp_dir=folder,
        # Ray Train asks the dashboard whether a killed gang has freed its placement group:
        # without an answer the group leaks, and the next run waits for ever.
        include_dashboard=None if verbose else gangs,
        runtime_env=_runtime_environment({}, gangs=gangs),
        **_logging(verbose),
    )


def _join(address: str, environment: dict[str, str], *, verbose: bool, gangs: bool) -> None:
    """`environment`: for the cluster's workers."""
    import ray

    try:
        ray.init(
            address=address,
            runtime_env=_runtime_environment(environment, gangs=gangs),
            **_logging(verbose),
        )
    except (ConnectionError, RuntimeError) as error:
        raise _no_cluster(address, _first_line(error)) from None


def _logging(verbose: bool) -> dict[str, Any]:
    return {
        "log_to_driver": verbose,
        "logging_level": logging.INFO if verbose else logging.ERROR,
        "configure_logging": True,
    }


def _runtime_environment(environment: dict[str, str], *, gangs: bool) -> dict[str, Any] | None:
    settled: dict[str, Any] = {"env_vars": environment} if environment else {}
    if gangs:
        settled["worker_process_setup_hook"] = "lab.engine.gang.process_start.settle_process"
    return settled or None


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
    return on_node(this_node())


def on_node(identity: str) -> Any:
    """Ray's scheduling strategy for an actor or task that must run on this node."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(identity, soft=False)


def this_node() -> str:
    """Ray's identity of the node that the caller is on."""
    import ray

    identity: str = ray.get_runtime_context().get_node_id()
    return identity


def working_machines() -> dict[str, str]:
    """Identity -> address of the nodes that are alive and may run work."""
    import ray

    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    return {node["NodeID"]: node["NodeManagerAddress"] for node in nodes if may_work(node)}


def may_work(node: Mapping[str, Any]) -> bool:
    """Whether a node of `ray.nodes()` is alive and may run work."""
    return bool(node["Alive"] and {"CPU", "GPU"} & set(node["Resources"]))


def dedicated_head() -> str | None:
    """Identity of a head node that trains nothing, while others do; None in any other cluster."""
    import ray

    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    idle = [node for node in nodes if node["Alive"] and not may_work(node)]
    heads = [node["NodeID"] for node in idle if HEAD_NODE in node["Resources"]]
    return next(iter(heads), None) if any(map(may_work, nodes)) else None


def elsewhere(avoid: Sequence[str]) -> dict[str, str] | None:
    """Ray's label selector of the nodes that are none of these; None where that is every node."""
    return {"ray.io/node-id": f"!in({','.join(avoid)})"} if avoid else None


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
    return Resources(tuple(_node(node) for node in nodes if node["Alive"]))


def _node(node: Mapping[str, Any]) -> Node:
    has = node["Resources"]
    models = [name.removeprefix(ACCELERATOR) for name in has if name.startswith(ACCELERATOR)]
    return Node(
        float(has.get("CPU", 0)),
        float(has.get("GPU", 0)),
        accelerator=models[0] if models else "",
        identity=str(node["NodeID"]),
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
