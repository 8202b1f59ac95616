"""Nodes of a cluster that are lost, told to go, or were the head."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Stage
from tests.faults.nodes import ENVIRONMENT, RayCluster, ray_cluster
from tests.faults.processes import kill, kill_session, processes
from tests.faults.scene import Scene, Search

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
NUM_NODES = 3


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RayCluster]:
    with ray_cluster(tmp_path, NUM_NODES) as nodes:
        yield nodes


def test_a_node_that_loses_its_raylet_is_done_without(stage: Stage, cluster: RayCluster) -> None:
    scene = stage("SIGKILL of a node's raylet")
    begin(scene, cluster)
    with scene.fault():
        kill(cluster.training_node().raylet)
    scene.until_it_goes_on()
    scene.ends_well()
    assert cluster.left() == "0 idle"


@pytest.mark.parametrize("who", ["raylet", "whole node"])
def test_a_node_that_is_told_to_go_is_done_without(
    stage: Stage, cluster: RayCluster, who: str
) -> None:
    scene = stage(f"SIGTERM to a node's {who}".replace("node's whole node", "node (preemption)"))
    begin(scene, cluster)
    with scene.fault():
        node = cluster.training_node()
        pid = node.raylet if who == "raylet" else node.process.pid
        kill(pid, with_signal=signal.SIGTERM)
    scene.until_it_goes_on()
    scene.ends_well()
    assert cluster.left() == "0 idle"


def test_a_driver_lost_on_a_cluster_leaves_nothing_there(
    stage: Stage, cluster: RayCluster
) -> None:
    scene = stage("SIGKILL of the driver, on a cluster")
    search = begin(scene, cluster)
    with scene.fault():
        kill(search.process.pid)
        search.exit_code()
    assert cluster.left() == "0 idle"
    scene.resume(f"--address={cluster.address}")
    scene.until_it_goes_on()
    scene.ends_well("finished with --resume")


def test_a_search_that_lost_its_cluster_is_resumed_without_it(
    stage: Stage, cluster: RayCluster
) -> None:
    scene = stage("SIGKILL of the head, with everything on it")
    search = begin(scene, cluster)
    with scene.fault():
        cluster.head.lose_power()
        assert search.exit_code() != 0, search.said()
    for node in cluster.nodes[1:]:
        node.lose_power()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well("ended, finished with --resume elsewhere")


def test_a_cluster_and_its_driver_killed_at_once_are_resumed(
    stage: Stage, cluster: RayCluster
) -> None:
    scene = stage("SIGKILL of every node and the driver at once")
    search = begin(scene, cluster)
    with scene.fault():
        kill_session(search.session)
        for node in cluster.nodes:
            node.lose_power()
        search.exit_code()
    assert [processes(node.session) for node in cluster.nodes] == [{}] * NUM_NODES
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well("finished with --resume elsewhere")


def begin(scene: Scene, cluster: RayCluster) -> Search:
    """In the middle of a run whose workers are on the cluster's nodes."""
    scene.environment |= ENVIRONMENT
    scene.start(f"--address={cluster.address}")
    return scene.until_rows(3)
