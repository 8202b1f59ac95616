"""A slot: what one run gets of a cluster, how many fit, and the errors when none does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab.engine.cluster import HEAD_NODE, Resources, elsewhere
from lab.errors import InputError

GANG_MEMORY = 5e8
"""Bytes that a gang's slot reserves where it may be on any node. Its processes beside the workers
take .94 GB (`python -m benchmarks.gang_memory`); half of that lets Ray spread slots by free memory
and keeps none from a small node."""


class Workers(NamedTuple):
    """How many workers train one run together: from `least` to `most` of them."""

    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.least}" if self.least == self.most else f"{self.least}:{self.most}"

    @property
    def in_words(self) -> str:
        if self.least != self.most:
            return f"{self.least} to {self.most} workers"
        return f"{self.least} worker{'s' if self.least > 1 else ''}"


ONE = Workers(1, 1)


def parse_workers(text: str) -> Workers:
    """`N` or `MIN:MAX`, whole numbers from 1. Raises InputError for anything else."""
    least, colon, most = text.strip().partition(":")
    parts = (least, most) if colon else (least, least)
    numbers = [int(part) for part in parts if part.isascii() and part.isdigit()]
    if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1]:
        raise InputError(
            f"--workers is '{text}'; give a number from 1 (--workers 2), or a range with the "
            "smaller number first (--workers 2:8)"
        )
    return Workers(*numbers)


class Placement(NamedTuple):
    """What a slot's own process asks Ray for."""

    resources: dict[str, float]
    selector: dict[str, str] | None
    """Ray's label selector of the nodes that it may be on; None for every node."""
    strategy: str = "PACK"


@dataclass(frozen=True)
class Slot:
    """What one run gets: workers, each with its CPUs and GPUs."""

    cpus: float
    """Of one worker."""
    gpus: float
    """Of one worker."""
    workers: Workers = ONE

    @property
    def device(self) -> str:
        return "cuda" if self.gpus > 0 else "cpu"

    @property
    def threads(self) -> int:
        """Of one worker."""
        return max(1, int(self.cpus))

    @property
    def charged(self) -> float:
        """GPUs of one worker, or its cores where it has no GPU: an hour of these is paid for."""
        return self.gpus or self.cpus

    @property
    def hours(self) -> str:
        """The unit of what runs cost."""
        return "GPU-hours" if self.gpus else "core-hours"

    def placed(
        self, machines: Collection[str], *, avoid: Sequence[str] = (), head: str | None = None
    ) -> Placement:
        """Where the slot's own process is; the workers of a gang are placed by Ray Train.

        `machines`: identities of the nodes that train; `avoid`: of those that get no run; `head`:
        of a head that trains nothing. A gang's processes beside its workers take most of a
        gigabyte, so the gangs are spread over the nodes that train, and no head holds them all.
        The loss of such a node costs its runs a restart and no attempt.
        """
        if self.alone:
            return Placement({"CPU": self.cpus, "GPU": self.gpus}, elsewhere(avoid))
        if head is None and len(machines) < 2:
            return Placement({HEAD_NODE: 0.001}, None)
        away = [*avoid, *([head] if head else [])]
        return Placement({"memory": GANG_MEMORY}, elsewhere(away), "SPREAD")

    @property
    def alone(self) -> bool:
        """Whether a run trains in one process, without a gang of workers."""
        return self.workers == ONE

    def __str__(self) -> str:
        each = f"{self.cpus:g} CPU and {self.gpus:g} GPU"
        return each if self.alone else f"{self.workers.in_words} of {each}"


def require_resources(cluster: Resources, slot: Slot) -> None:
    """Raise InputError when not one run fits: Ray would wait forever."""
    if not slot.alone and 0 < slot.gpus < 1:
        raise InputError(
            f"--gpus-per-worker is {slot.gpus:g} with --workers {slot.workers}; workers of a run "
            "cannot share a GPU, so give each a whole one, or take --workers 1"
        )
    if slot.gpus > 1 and slot.gpus != int(slot.gpus):
        raise InputError(
            f"--gpus-per-worker is {slot.gpus:g}; Ray gives a part of one GPU or whole ones, so "
            f"give a number up to 1, or {int(slot.gpus)} or {int(slot.gpus) + 1}"
        )
    num_places = _num_places(cluster, slot)
    if num_places >= slot.workers.least:
        return
    asked = f"{slot.cpus:g} CPUs and {slot.gpus:g} GPUs on one node"
    if slot.alone or not num_places:
        who = "a run" if slot.alone else "a worker"
        remedy = "lower --cpus-per-worker or --gpus-per-worker"
        raise InputError(f"{who} asks for {asked}, and there are {cluster}; {remedy}")
    raise InputError(
        f"a run asks for {slot.workers.least} workers, each of {asked}, and only {num_places} fit "
        f"into {cluster}; lower --workers, --cpus-per-worker or --gpus-per-worker"
    )


def num_slots(cluster: Resources, slot: Slot) -> int:
    """How many runs fit at once, at least 1; the workers of a run may be on several nodes.

    A range counts with its most workers, because a gang takes what it can get.
    """
    return max(1, _num_places(cluster, slot) // slot.workers.most)


class Kind(NamedTuple):
    """Nodes on which a run takes the same time."""

    name: str
    """Model of the GPUs where a run has any, else the number of cores."""
    node: str
    """Ray's identity of the first of them, which stands for all."""
    num_slots: int


def kinds_of(cluster: Resources, slot: Slot, num_slots: int) -> list[Kind]:
    """The kinds of nodes that hold the slots, spread evenly over the places that there are.

    There may be more slots than places, where a cluster is to grow, and fewer.
    """
    places = [node for node in cluster.nodes for _ in range(node.num_places(slot.cpus, slot.gpus))]
    held = [places[i * len(places) // num_slots] for i in range(num_slots)]
    kinds: dict[str, Kind] = {}
    for node in held:
        name = (node.accelerator or "GPU") if slot.gpus else f"{node.cpus:g} cores"
        kind = kinds.get(name, Kind(name, node.identity, 0))
        kinds[name] = kind._replace(num_slots=kind.num_slots + 1)
    return list(kinds.values())


def _num_places(cluster: Resources, slot: Slot) -> int:
    """Workers that fit."""
    return sum(node.num_places(slot.cpus, slot.gpus) for node in cluster.nodes)
