"""What fits where, and what is said when it does not."""

import pytest

from lab.engine.cluster import HEAD_NODE, Node, Resources
from lab.engine.slots import (
    ONE,
    Slot,
    Workers,
    kinds_of,
    num_slots,
    parse_workers,
    require_resources,
)
from lab.errors import InputError

TWO_CORES = Resources((Node(2, 0),))
CLUSTER = Resources((Node(16, 4), Node(12, 2), Node(12, 0)))


def test_as_many_runs_at_once_as_the_scarcest_resource_allows() -> None:
    assert num_slots(TWO_CORES, Slot(1, 0)) == 2
    assert num_slots(TWO_CORES, Slot(2, 0)) == 1
    assert num_slots(CLUSTER, Slot(4, 1)) == 6
    assert num_slots(CLUSTER, Slot(1, 0.5)) == 12


def test_a_worker_does_not_span_nodes() -> None:
    assert num_slots(CLUSTER, Slot(10, 0)) == 3
    with pytest.raises(InputError, match="a run asks for 14 CPUs and 5 GPUs on one node"):
        require_resources(CLUSTER, Slot(14, 5))


def test_cores_and_gpus_must_be_on_the_same_node() -> None:
    split = Resources((Node(16, 0), Node(4, 8)))
    with pytest.raises(InputError, match="asks for 8 CPUs and 1 GPUs"):
        require_resources(split, Slot(8, 1))


def test_a_run_larger_than_every_node_is_refused_with_what_is_there() -> None:
    with pytest.raises(
        InputError,
        match="there are 40 CPUs and 6 GPUs on 3 nodes, the largest of 16",
    ):
        require_resources(CLUSTER, Slot(20, 1))
    with pytest.raises(InputError, match="there are 2 CPUs and 0 GPUs;"):
        require_resources(TWO_CORES, Slot(1, 1))


def test_a_run_that_fits_one_node_is_taken() -> None:
    require_resources(CLUSTER, Slot(16, 4))


def test_the_workers_of_a_run_may_be_on_several_nodes() -> None:
    slot = Slot(10, 0, Workers(3, 3))
    require_resources(CLUSTER, slot)
    assert num_slots(CLUSTER, slot) == 1
    assert num_slots(CLUSTER, Slot(4, 1, Workers(2, 2))) == 3


def test_too_few_places_for_the_workers_of_one_run_are_said() -> None:
    with pytest.raises(InputError, match="asks for 3 workers, each of 1 CPUs and 0 GPUs on one"):
        require_resources(TWO_CORES, Slot(1, 0, Workers(3, 8)))
    with pytest.raises(InputError, match="only 2 fit into 2 CPUs and 0 GPUs; lower --workers"):
        require_resources(TWO_CORES, Slot(1, 0, Workers(3, 3)))
    with pytest.raises(InputError, match="a worker asks for 4 CPUs"):
        require_resources(TWO_CORES, Slot(4, 0, Workers(2, 2)))


def test_a_range_needs_its_least_and_counts_with_its_most() -> None:
    require_resources(TWO_CORES, Slot(1, 0, Workers(2, 8)))
    assert num_slots(TWO_CORES, Slot(1, 0, Workers(2, 8))) == 1
    assert num_slots(CLUSTER, Slot(4, 1, Workers(1, 2))) == 3


def test_workers_of_one_run_cannot_share_a_gpu() -> None:
    require_resources(CLUSTER, Slot(1, 0.5))
    with pytest.raises(InputError, match="cannot share a GPU"):
        require_resources(CLUSTER, Slot(1, 0.5, Workers(2, 2)))


def test_workers_are_a_number_or_a_range() -> None:
    assert parse_workers("1") == ONE
    assert parse_workers(" 2:8") == Workers(2, 8)
    assert [str(parse_workers(text)) for text in ("4", "2:8", "3:3")] == ["4", "2:8", "3"]


@pytest.mark.parametrize("text", ["0", "-1", "two", "8:2", "2:", ":2", "1:2:3", "1.5", "", "²"])
def test_other_workers_are_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=f"--workers is '{text}'; give a number from 1"):
        parse_workers(text)


def test_a_slot_says_what_a_run_gets() -> None:
    assert str(Slot(1, 0)) == "1 CPU and 0 GPU"
    assert str(Slot(2, 1, Workers(2, 8))) == "2 to 8 workers of 2 CPU and 1 GPU"


def test_parts_of_gpus_are_counted_as_ray_places_them() -> None:
    machine = Resources((Node(64, 8),))
    assert num_slots(machine, Slot(1, 0.4)) == 16
    assert num_slots(machine, Slot(1, 0.5)) == 16
    assert num_slots(machine, Slot(1, 1 / 3)) == 24
    assert num_slots(machine, Slot(1, 2)) == 4
    with pytest.raises(InputError, match=r"--gpus-per-worker is 1.5; Ray gives a part of one GPU"):
        require_resources(machine, Slot(1, 1.5))


def test_what_gangs_have_beside_their_workers_is_spread_over_the_nodes_that_train() -> None:
    gang = Slot(1, 0, Workers(2, 2))
    resources, selector, strategy = gang.placed(["head", "other"])
    assert (set(resources), selector, strategy) == ({"memory"}, None, "SPREAD")
    resources, selector, strategy = gang.placed(["one", "two"], avoid=["two"], head="head")
    assert (set(resources), strategy) == ({"memory"}, "SPREAD")
    assert selector == {"ray.io/node-id": "!in(two,head)"}


def test_on_one_machine_gangs_reserve_no_memory() -> None:
    assert set(Slot(1, 0, Workers(2, 2)).placed(["this"]).resources) == {HEAD_NODE}


def test_a_slot_that_trains_itself_is_where_its_cores_are() -> None:
    placed = Slot(2, 1).placed(["one", "two"], avoid=["two"], head="head")
    assert placed == ({"CPU": 2, "GPU": 1}, {"ray.io/node-id": "!in(two)"}, "PACK")


def test_slots_are_of_the_kinds_of_nodes_that_hold_them() -> None:
    nodes = (Node(2, 0, "", "head"), Node(16, 4, "H100", "a"), Node(8, 2, "T4", "b"),
             Node(16, 4, "H100", "c"))  # fmt: skip
    gpus = Slot(1.0, 1.0)
    assert kinds_of(Resources(nodes), gpus, 10) == [("H100", "a", 8), ("T4", "b", 2)]
    assert kinds_of(Resources(nodes), gpus, 5) == [("H100", "a", 4), ("T4", "b", 1)]
    assert sum(kind.num_slots for kind in kinds_of(Resources(nodes), gpus, 20)) == 20
    cores = kinds_of(Resources(nodes), Slot(8.0, 0.0), 5)
    assert cores == [("16 cores", "a", 4), ("8 cores", "b", 1)]


@pytest.mark.parametrize(
    ("slot", "charged", "hours"),
    [
        (Slot(4.0, 0.0), 4.0, "core-hours"),
        (Slot(4.0, 2.0), 2.0, "GPU-hours"),
        (Slot(1.0, 0.25), 0.25, "GPU-hours"),
    ],
)
def test_gpus_are_paid_for_where_a_slot_has_any(slot: Slot, charged: float, hours: str) -> None:
    assert (slot.charged, slot.hours) == (charged, hours)
