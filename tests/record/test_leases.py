"""Who may write a study in an object store: one driver at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

import lab.record.leases
from lab.errors import InputError
from lab.record.durable import LOCK_FILE
from lab.record.leases import Held, Lease, fence, held, lease_file, newest_lease
from lab.record.remote import RemoteFolder
from tests.storages import another_process, memory_stores, put


@pytest.fixture(autouse=True)
def empty_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with memory_stores(monkeypatch):
        yield


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> RemoteFolder:
    monkeypatch.setattr(lab.record.leases, "REFRESH_SECONDS", 0.02)
    monkeypatch.setattr(lab.record.leases, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(lab.record.leases, "LOOK_SECONDS", 0.01)
    return another_process("memory://lab/studies/mine")


def lease_of(study: RemoteFolder, number: int = 1, **changes: object) -> None:
    """Another driver's lease."""
    other = {"host": "elsewhere", "pid": 1, "token": "t", "time": time.time()} | changes
    study.write(lease_file(number), json.dumps(other).encode())


def newest(study: RemoteFolder) -> Held:
    held_now = newest_lease(study)
    assert held_now is not None
    return held_now


def test_a_study_is_held_and_let_go(study: RemoteFolder) -> None:
    with held(study):
        first = newest(study)
        assert (first.number, first.entries["pid"]) == (1, os.getpid())
        assert study.fence == 1
        deadline = time.monotonic() + 20
        while newest(study).entries["time"] == first.entries["time"]:
            assert time.monotonic() < deadline, "the lease was never renewed"
            time.sleep(0.01)
    assert newest(study).is_free
    with held(study):
        assert newest(study).number == 2
    assert [name for name in study.names() if name.endswith(LOCK_FILE)] == [lease_file(2)]


def test_a_second_driver_is_refused_in_one_sentence(study: RemoteFolder) -> None:
    lease_of(study, pid=41)
    with (
        pytest.raises(InputError, match="is being written by process 41 of elsewhere; wait"),
        held(study),
    ):
        pass
    with held(another_process("memory://lab/studies/other")):
        pass


def test_a_second_driver_may_wait(study: RemoteFolder) -> None:
    lease_of(study)
    ended = threading.Timer(0.2, lambda: lease_of(study, released=True))
    ended.start()
    with held(study, wait_seconds=30):
        assert newest(study).number == 2
    ended.join()


def test_of_drivers_that_ask_at_once_one_gets_the_study(study: RemoteFolder) -> None:
    leases = [Lease(another_process(study.name)) for _ in range(8)]
    start = threading.Barrier(len(leases))
    got: list[int] = []

    def ask(lease: Lease) -> None:
        start.wait()
        try:
            lease.take()
            got.append(lease.number)
        except InputError:
            pass

    threads = [threading.Thread(target=ask, args=(lease,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [1]


def test_the_lease_of_a_process_that_died_here_is_taken_over_at_once(study: RemoteFolder) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lease_of(study, **{**Lease(study)._me, "pid": ended.pid, "started": 1.0})
    with held(study):
        assert newest(study).entries["pid"] == os.getpid()


def test_a_number_that_another_process_has_got_since_is_not_the_driver(
    study: RemoteFolder,
) -> None:
    lease_of(study, **{**Lease(study)._me, "started": 1.0})
    with held(study):
        assert newest(study).number == 2


@pytest.mark.parametrize("other", [{"pid_namespace": "pid:[7]"}, {"boot": "another"}])
def test_a_number_of_another_kernel_or_namespace_says_nothing(
    study: RemoteFolder, other: dict[str, str]
) -> None:
    lease_of(study, **{**Lease(study)._me, "pid": 2**22, **other})
    with pytest.raises(InputError, match="is being written by"), held(study):
        pass


def test_a_lease_that_is_not_renewed_is_taken_over(study: RemoteFolder) -> None:
    lease_of(study, time=time.time() - 10)
    with held(study):
        assert newest(study).entries["pid"] == os.getpid()


def test_a_lease_by_another_clock_that_is_renewed_is_respected(
    study: RemoteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease_of(study, time=time.time() - 10)
    monkeypatch.setattr(lab.record.leases, "REFRESH_SECONDS", 0.2)
    renewing = threading.Timer(0.05, lambda: lease_of(study, time=time.time()))
    renewing.start()
    with pytest.raises(InputError, match="is being written by"), held(study):
        pass
    renewing.join()


def test_the_lease_of_an_older_version_counts(study: RemoteFolder) -> None:
    lease_of(study, 0)
    assert LOCK_FILE in study.names()
    with pytest.raises(InputError, match="is being written by"), held(study):
        pass


def refused(study: RemoteFolder) -> bool:
    try:
        study.guard()
    except InputError:
        return True
    return False


@pytest.mark.parametrize("released", [False, True])
def test_a_driver_that_was_taken_over_pushes_nothing_more(
    study: RemoteFolder, released: bool
) -> None:
    """Also when the driver that took the study has ended since."""
    put(study, "study.json")
    with held(study):
        lease_of(study, 2, token="other", released=released)
        deadline = time.monotonic() + 20
        while not refused(study):
            assert time.monotonic() < deadline, "nobody noticed"
            time.sleep(0.01)
        with pytest.raises(InputError, match="was taken over by process 1 of elsewhere"):
            study.push()
    assert newest(study).entries["host"] == "elsewhere"


def test_a_driver_whose_lease_was_removed_stops(study: RemoteFolder) -> None:
    with held(study):
        study.remove(lease_file(1))
        deadline = time.monotonic() + 20
        while not refused(study):
            assert time.monotonic() < deadline, "nobody noticed"
            time.sleep(0.01)


def test_a_worker_of_a_driver_that_was_followed_stops(study: RemoteFolder) -> None:
    with held(study):
        check = fence(study.name, 1)
        check()
        lease_of(study, 2)
        time.sleep(0.05)  # it asks again after a while
        with pytest.raises(InputError, match="was taken over by"):
            check()
