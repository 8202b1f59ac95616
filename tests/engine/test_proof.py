"""Every node proves that it shares the storage, or is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.engine.proof import NodeAddress, NodeProof, prove_storage, sentence, working_nodes
from lab.errors import InputError
from lab.record.storage import open_storage

ONE, TWO, THREE, FOUR = (NodeAddress(str(number), f"10.0.0.{number}") for number in range(1, 5))


def test_nodes_that_share_a_storage_need_no_sentence() -> None:
    assert sentence("/shared", [NodeProof(ONE), NodeProof(TWO)]) is None


def test_a_node_that_cannot_write_is_named_with_the_reason() -> None:
    findings = [NodeProof(ONE), NodeProof(TWO, problem="Read-only file system")]
    assert sentence("/shared", findings) == (
        "the node 10.0.0.2 cannot use the storage /shared (Read-only file system); "
        "give a --storage that every node can write"
    )


@pytest.mark.parametrize(
    ("unseen", "said"),
    [
        ((ONE,), "does not see what the node 10.0.0.1 wrote"),
        ((ONE, THREE), "does not see what the node 10.0.0.1 and the node 10.0.0.3 wrote"),
        ((ONE, THREE, FOUR), "what the node 10.0.0.1, the node 10.0.0.3 and 1 others wrote"),
    ],
)
def test_a_node_with_a_folder_of_its_own_is_named(
    unseen: tuple[NodeAddress, ...], said: str
) -> None:
    blind = NodeProof(TWO, unseen=tuple(node.address for node in unseen))
    told = sentence("/shared", [NodeProof(ONE), blind])
    assert told is not None
    assert told.startswith("the node 10.0.0.2 ")
    assert said in told
    assert "mount one shared folder on every node, or give a --storage URL" in told


def test_the_node_that_misses_most_is_the_one_to_mend() -> None:
    """Of three nodes the one apart misses two notes, each of the others one."""
    findings = [
        NodeProof(ONE, unseen=("10.0.0.3",)),
        NodeProof(TWO, unseen=("10.0.0.3",)),
        NodeProof(THREE, unseen=("10.0.0.1", "10.0.0.2")),
    ]
    told = sentence("/shared", findings)
    assert told is not None
    assert told.startswith("the node 10.0.0.3 ")


def test_nodes_that_are_alive_and_may_run_work_are_asked_and_the_drivers() -> None:
    def node(name: str, alive: bool, **resources: float) -> dict[str, object]:
        address = {"NodeID": name, "NodeManagerAddress": f"at {name}"}
        return {**address, "Alive": alive, "Resources": resources}

    nodes = [
        node("worker", True, CPU=2.0),
        node("gpu", True, GPU=1.0),
        node("head", True, memory=1.0),
        node("gone", False, CPU=2.0),
    ]
    asked = [
        [found.identity for found in working_nodes(nodes, driver=at)] for at in ("gpu", "head")
    ]
    assert asked == [["worker", "gpu"], ["worker", "gpu", "head"]]


def test_one_node_has_nothing_to_prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object) -> None:
        raise AssertionError("start-up must not wait for this")

    monkeypatch.setattr("lab.engine.proof._on_every_node", ask)
    prove_storage(open_storage(str(tmp_path)), [ONE])


# Two nodes of a real cluster, with one file system.


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[NodeAddress]]:
    import ray
    from ray.cluster_utils import Cluster

    before = dict(os.environ)
    os.environ["LAB_STORAGE_PATIENCE"] = "0.5"
    head = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, log_to_driver=False)
        yield working_nodes(ray.nodes(), driver="")
    finally:
        ray.shutdown()
        cluster.shutdown()
        os.environ.clear()
        os.environ.update(before)


def test_nodes_with_one_folder_pass_and_leave_nothing(
    nodes: list[NodeAddress], tmp_path: Path
) -> None:
    assert len(nodes) == 2
    prove_storage(open_storage(str(tmp_path)), nodes)
    assert list(tmp_path.iterdir()) == []


def test_nodes_that_each_have_their_own_place_are_told(
    nodes: list[NodeAddress], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`memory://` is every process's own, as a local disk is every machine's."""
    monkeypatch.setattr("lab.engine.proof.VISIBLE_WITHIN_SECONDS", 0.5)
    with pytest.raises(InputError, match=r"the node \S+ does not see what the node \S+ wrote"):
        prove_storage(open_storage("memory://lab/apart"), nodes)


def test_a_place_that_no_node_can_write_is_told(nodes: list[NodeAddress], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"the node \S+ cannot use the storage .*\(File exists\)"):
        prove_storage(open_storage(str(tmp_path / "file")), nodes)
