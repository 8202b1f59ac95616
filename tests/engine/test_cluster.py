"""What fits where, and what is said when it does not."""

import pytest

from lab.config import InputError
from lab.engine.cluster import Node, Resources, num_slots, require_resources

TWO_CORES = Resources((Node(2, 0),))
CLUSTER = Resources((Node(16, 4), Node(12, 2), Node(12, 0)))


def test_as_many_runs_at_once_as_the_scarcest_resource_allows() -> None:
    assert num_slots(TWO_CORES, 1, 0) == 2
    assert num_slots(TWO_CORES, 2, 0) == 1
    assert num_slots(CLUSTER, 4, 1) == 6
    assert num_slots(CLUSTER, 1, 0.5) == 12


def test_a_run_does_not_span_nodes() -> None:
    assert num_slots(CLUSTER, 10, 0) == 3
    with pytest.raises(InputError, match="asks for 14 CPUs and 5 GPUs on one node"):
        require_resources(CLUSTER, 14, 5)


def test_cores_and_gpus_must_be_on_the_same_node() -> None:
    split = Resources((Node(16, 0), Node(4, 8)))
    with pytest.raises(InputError, match="asks for 8 CPUs and 1 GPUs"):
        require_resources(split, 8, 1)


def test_a_run_larger_than_every_node_is_refused_with_what_is_there() -> None:
    with pytest.raises(
        InputError,
        match="there are 40 CPUs and 6 GPUs on 3 nodes, the largest of 16",
    ):
        require_resources(CLUSTER, 20, 1)
    with pytest.raises(InputError, match="there are 2 CPUs and 0 GPUs;"):
        require_resources(TWO_CORES, 1, 1)


def test_a_run_that_fits_one_node_is_taken() -> None:
    require_resources(CLUSTER, 16, 4)
