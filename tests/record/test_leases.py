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
from lab.record.leases import Lease, held
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
    return another_process("memory://lab/studies/mine")


def lease_of(study: RemoteFolder, **changes: object) -> None:
    """Another driver's lease."""
    other = {"host": "elsewhere", "pid": 1, "token": "t", "time": time.time()} | changes
    study.write(LOCK_FILE, json.dumps(other).encode())


def test_a_study_is_held_and_let_go(study: RemoteFolder) -> None:
    with held(study):
        first = json.loads(study.read(LOCK_FILE) or b"")
        assert first["pid"] == os.getpid()
        deadline = time.monotonic() + 20
        while json.loads(study.read(LOCK_FILE) or b"")["time"] == first["time"]:
            assert time.monotonic() < deadline, "the lease was never renewed"
            time.sleep(0.01)
    assert study.read(LOCK_FILE) is None


def test_a_second_driver_is_refused_in_one_sentence(study: RemoteFolder) -> None:
    lease_of(study, pid=41)
    with (
        pytest.raises(InputError, match="is being written by process 41 of elsewhere; wait"),
        held(study),
    ):
        pass
    with held(another_process("memory://lab/studies/other")):
        pass


def test_the_lease_of_a_process_that_died_here_is_taken_over(study: RemoteFolder) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lease_of(study, host=Lease(study)._me["host"], pid=ended.pid)
    with held(study):
        assert json.loads(study.read(LOCK_FILE) or b"")["pid"] == os.getpid()


def test_a_lease_that_is_not_renewed_is_taken_over(study: RemoteFolder) -> None:
    lease_of(study, time=time.time() - 10)
    with held(study):
        assert json.loads(study.read(LOCK_FILE) or b"")["pid"] == os.getpid()


def test_a_lease_by_another_clock_that_is_renewed_is_respected(
    study: RemoteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease_of(study, time=time.time() - 10)
    monkeypatch.setattr(lab.record.leases, "REFRESH_SECONDS", 0.2)
    renewing = threading.Timer(0.05, lambda: lease_of(study, time=time.time() - 9))
    renewing.start()
    with pytest.raises(InputError, match="is being written by"), held(study):
        pass
    renewing.join()


def refused(study: RemoteFolder) -> bool:
    try:
        study.guard()
    except InputError:
        return True
    return False


def test_a_driver_that_was_taken_over_pushes_nothing_more(study: RemoteFolder) -> None:
    put(study, "study.json")
    with held(study):
        lease_of(study, token="other")
        deadline = time.monotonic() + 20
        while not refused(study):
            assert time.monotonic() < deadline, "nobody noticed"
            time.sleep(0.01)
        with pytest.raises(InputError, match="was taken over by process 1 of elsewhere"):
            study.push()
    assert json.loads(study.read(LOCK_FILE) or b"")["host"] == "elsewhere"
