"""Before anything starts: proof that every node writes into one storage and reads the others.

A folder that only looks shared (another machine's own disk under the same path) would lose runs
without an error. Each node leaves a note where the study will be; then one node, the driver's,
reads the notes of all, and all read its note: who shares with one shares with all.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from lab.engine.cluster import may_work
from lab.errors import InputError
from lab.record.durable import patience_seconds, reason_of
from lab.record.storage import Storage, open_storage

VISIBLE_WITHIN_SECONDS = 10.0
"""How much later a network file system may show another machine's new file."""
STARTING_SECONDS = 90.0
"""How long a node may take to start the process, beside the storage's patience."""


class NodeAddress(NamedTuple):
    """One machine of a cluster."""

    identity: str
    address: str


class NodeProof(NamedTuple):
    """What one node could write and read."""

    node: NodeAddress
    problem: str | None = None
    """Why it could not write (or read) at all."""
    unseen: tuple[str, ...] = ()
    """Addresses of the nodes whose notes it could not read."""


def prove_on_cluster(study: Storage) -> None:
    """`prove_storage` for the folder that a study is in, by the nodes Ray has at this moment.

    Nodes that join later are not asked.
    """
    import ray

    here = ray.get_runtime_context().get_node_id()
    nodes = working_nodes(ray.nodes(), driver=here)  # type: ignore[no-untyped-call]
    nodes.sort(key=lambda node: node.identity != here)
    prove_storage(open_storage(study.name.rpartition("/")[0]), nodes)


def prove_storage(storage: Storage, nodes: Sequence[NodeAddress]) -> None:
    """Raise InputError that names the node which cannot share the storage with the first one.

    With one node there is nothing to share. The notes are removed again.
    """
    if len(nodes) < 2:
        return
    token, first = uuid.uuid4().hex[:12], nodes[0]
    names = {node: f".proof-{token}-{number}" for number, node in enumerate(nodes)}
    wrote = _on_every_node(nodes, _leave_note, storage.name, names)
    try:
        _require(storage, wrote)
        # The first comes last: of two that do not see each other the other one is named.
        looked = _look(nodes[1:], storage.name, {first: names[first]})
        _require(storage, [*looked, *_look([first], storage.name, names)])
    finally:
        for finding in wrote:
            if finding.problem is None:
                storage.remove(names[finding.node])


def working_nodes(nodes: list[dict[str, Any]], *, driver: str) -> list[NodeAddress]:
    """The nodes of `ray.nodes()` that are alive and may run work, or have the driver."""
    return [
        NodeAddress(node["NodeID"], node["NodeManagerAddress"])
        for node in nodes
        if may_work(node) or (node["Alive"] and node["NodeID"] == driver)
    ]


def sentence(storage_name: str, findings: Sequence[NodeProof]) -> str | None:
    """What is wrong, in one sentence that names the node; None when nothing is."""
    for finding in findings:
        if finding.problem is not None:
            return (
                f"the node {finding.node.address} cannot use the storage {storage_name} "
                f"({finding.problem}); give a --storage that every node can write"
            )
    blind = [finding for finding in findings if finding.unseen]
    if not blind:
        return None
    worst = max(blind, key=lambda finding: len(finding.unseen))
    return (
        f"the node {worst.node.address} does not see what {_listed(worst.unseen)} wrote into the "
        f"storage {storage_name}; it is not the same folder there: mount one shared folder on "
        "every node, or give a --storage URL"
    )


def _listed(addresses: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b and 5 others`."""
    first = [f"the node {address}" for address in addresses[:2]]
    if len(addresses) <= 2:
        return " and ".join(first)
    return f"{', '.join(first)} and {len(addresses) - 2} others"


def _require(storage: Storage, findings: Sequence[NodeProof]) -> None:
    problem = sentence(storage.name, findings)
    if problem is not None:
        raise InputError(problem)


def _leave_note(address: str, names: dict[NodeAddress, str], me: NodeAddress) -> NodeProof:
    """Runs on a node: write its note."""
    try:
        open_storage(address).write(names[me], me.address.encode())
    except (InputError, OSError) as error:
        return NodeProof(me, problem=reason_of(error))
    return NodeProof(me)


def _look(
    nodes: Sequence[NodeAddress], address: str, names: dict[NodeAddress, str]
) -> list[NodeProof]:
    return _on_every_node(nodes, _look_for_notes, address, names, VISIBLE_WITHIN_SECONDS)


def _look_for_notes(
    address: str, names: dict[NodeAddress, str], within_seconds: float, me: NodeAddress
) -> NodeProof:
    """Runs on a node: read the notes of all."""
    deadline = time.monotonic() + within_seconds
    missing = dict(names)
    try:
        storage = open_storage(address)
        while True:
            missing = {
                node: name
                for node, name in missing.items()
                if storage.read(name) != node.address.encode()
            }
            if not missing or time.monotonic() > deadline:
                break
            time.sleep(0.5)
    except (InputError, OSError) as error:
        return NodeProof(me, problem=reason_of(error))
    return NodeProof(me, unseen=tuple(node.address for node in missing))


def _on_every_node(nodes: Sequence[NodeAddress], act: Any, *args: Any) -> list[NodeProof]:
    """`act(*args, node)` on each node, at once; a node that does not answer is a finding too."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    remote = ray.remote(act)
    asked = {
        node: remote.options(
            num_cpus=0,
            max_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.identity, soft=False),
        ).remote(*args, node)
        for node in nodes
    }
    deadline = time.monotonic() + STARTING_SECONDS + patience_seconds()
    findings = []
    for node, answer in asked.items():
        left = max(0.0, deadline - time.monotonic())
        try:
            findings.append(ray.get(answer, timeout=left))
        except ray.exceptions.GetTimeoutError:
            findings.append(NodeProof(node, problem="it does not answer"))
        except ray.exceptions.RayError as error:
            findings.append(NodeProof(node, problem=str(error).strip().splitlines()[0][:200]))
    return findings
