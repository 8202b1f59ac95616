"""What fits where, and what is said when it does not."""

import pytest

from lab.config import InputError
from lab.engine.cluster import Resources, num_slots, require_resources

TWO_CORES = Resources(cpus=2, gpus=0, num_nodes=1, largest_cpus=2, largest_gpus=0)
CLUSTER = Resources(cpus=40, gpus=6, num_nodes=3, largest_cpus=16, largest_gpus=4)


def test_as_many_runs_at_once_as_the_scarcest_resource_allows() -> None:
    assert num_slots(TWO_CORES, 1, 0) == 2
    assert num_slots(TWO_CORES, 2, 0) == 1
    assert num_slots(CLUSTER, 4, 1) == 6
    assert num_slots(CLUSTER, 1, 0.5) == 12


def test_a_run_larger_than_every_node_is_refused_with_what_is_there() -> None:
    with pytest.raises(
        InputError, match="asks for 20 CPUs and 1 GPUs, and the largest node has 16"
    ):
        require_resources(CLUSTER, 20, 1)
    with pytest.raises(InputError, match="2 CPUs and 0 GPUs on 1 node in all"):
        require_resources(TWO_CORES, 1, 1)


def test_a_run_that_fits_one_node_is_taken() -> None:
    require_resources(CLUSTER, 16, 4)
