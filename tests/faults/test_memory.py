"""A worker that the kernel's out-of-memory killer ends."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Stage
from tests.faults.processes import await_end
from tests.faults.starving import no_more_memory, starve

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_worker_out_of_memory_costs_nothing_that_was_stored(stage: Stage, workers: str) -> None:
    scene = stage("out of memory: the kernel ends rank 0", workers)
    scene.start()
    search = scene.until_rows(3)
    with no_more_memory() as group:
        with scene.fault():
            pid = search.holder()
            starve(pid, group)
            await_end(pid)
        scene.until_it_goes_on()
    scene.ends_well()
