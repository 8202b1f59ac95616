"""A run's folder in a store is written by the process that began it last, and by no other."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lab.errors import InputError
from lab.record.claims import CLAIM_FILE, Driver, claimed
from lab.record.leases import held
from lab.record.remote import RemoteFolder
from tests.storages import another_process, fresh_storages, memory_stores, put, s3_server, stored

ROWS, CHECKPOINT, CARD = "evaluations.jsonl", "checkpoint-00000064.pt", "run.json"


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[bytes]]:
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as server:
        yield server


@pytest.fixture
def begun() -> Iterator[ExitStack]:
    """Ends the claims of a test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with memory_stores(monkeypatch):
        yield


def worker(stack: ExitStack, study: str, number: int = 1) -> RemoteFolder:
    """A process of its own that begins or continues the run of a study."""
    storage = another_process(f"{study}/trials/0007/seed-3")
    driver = Driver(study, number, is_conditional=study.startswith("s3"))
    stack.enter_context(claimed(storage, driver))
    storage.pull()
    return storage


def write(storage: RemoteFolder, content: str, *paths: str) -> None:
    for path in paths or (ROWS, CARD):
        put(storage, path, content)
    storage.push()


def files(study: str) -> dict[str, str]:
    """The files of the run, without its claim."""
    contents = stored(f"{study}/trials/0007/seed-3")
    return {path: text.decode() for path, text in contents.items() if path != CLAIM_FILE}


def continued_elsewhere(stack: ExitStack, study: str) -> None:
    """A worker that was paused wakes up after another one has continued its run."""
    paused = worker(stack, study)
    write(paused, "1", ROWS, CHECKPOINT, CARD)
    successor = worker(stack, study, number=2)
    write(successor, "1 and 2")
    with pytest.raises(InputError, match=r"seed-3 was taken over by process \d+ of .*; this work"):
        write(paused, "1 and another 2")
    assert files(study) == {ROWS: "1 and 2", CHECKPOINT: "1", CARD: "1 and 2"}
    write(successor, "1, 2 and 3")
    assert files(study)[ROWS] == "1, 2 and 3"


def test_in_s3_a_paused_worker_writes_no_file_of_a_run_that_went_on(
    server: object, begun: ExitStack
) -> None:
    continued_elsewhere(begun, "s3://lab/studies/continued")


def test_in_other_stores_it_reads_the_claim_before_it_writes(
    memory: None, begun: ExitStack
) -> None:
    continued_elsewhere(begun, "memory://lab/studies/continued")


@pytest.mark.parametrize("path", [ROWS, CHECKPOINT, CARD])
def test_a_worker_paused_between_its_look_at_the_lease_and_a_write_is_refused(
    path: str, server: object, begun: ExitStack
) -> None:
    study = f"s3://lab/studies/paused-{path}"
    paused = worker(begun, study)
    write(paused, "1")
    write(worker(begun, study, number=2), "2", path)
    paused.guard = lambda: None
    put(paused, path, "1 again")
    with pytest.raises(InputError, match="was taken over by"):
        paused.push(path)
    assert files(study)[path] == "2"


def test_what_a_paused_worker_wrote_before_its_successor_did_is_written_over(
    server: object, begun: ExitStack
) -> None:
    study = "s3://lab/studies/before"
    paused = worker(begun, study)
    write(paused, "1")
    successor = worker(begun, study, number=2)
    write(paused, "late", ROWS, CHECKPOINT, CARD)  # as a file that was on its way
    write(successor, "2", ROWS, CHECKPOINT, CARD)
    assert files(study) == {ROWS: "2", CHECKPOINT: "2", CARD: "2"}
    with pytest.raises(InputError, match="was taken over by"):
        write(paused, "later")


@pytest.mark.parametrize("kind", ["s3", "memory"])
def test_a_worker_of_an_earlier_driver_begins_no_run_of_a_later_one(
    kind: str, server: object, memory: None, begun: ExitStack
) -> None:
    study = f"{kind}://lab/studies/late"
    worker(begun, study, number=2)
    with pytest.raises(InputError, match="was taken over by"):
        worker(begun, study, number=1)


def test_a_worker_whose_claim_was_removed_stops(memory: None, begun: ExitStack) -> None:
    one = worker(begun, "memory://lab/studies/removed")
    one.remove(CLAIM_FILE)
    with pytest.raises(InputError, match="taken over by somebody who removed its claim"):
        write(one, "1")


def test_a_write_whose_answer_was_lost_is_no_other_process(
    server: object, begun: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = "s3://lab/studies/lost"
    one = worker(begun, study)
    pipe_file, calls = one._files.pipe_file, Counter[str]()

    def losing(path: str, *args: Any, **options: Any) -> Any:
        answer = pipe_file(path, *args, **options)
        calls[path] += 1
        if calls[path] == 1:
            raise ConnectionResetError("reset by peer")
        return answer

    monkeypatch.setattr(one._files, "pipe_file", losing)
    write(one, "1")
    write(one, "2")
    assert files(study) == {ROWS: "2", CARD: "2"}


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_driver_finds_out_whether_its_store_has_conditional_writes(
    is_kept: bool, server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = another_process(f"s3://lab/studies/conditions-{is_kept}")
    pipe_file = study._files.pipe_file

    def ignoring(path: str, content: bytes, **_: Any) -> Any:
        return pipe_file(path, content)

    if not is_kept:
        monkeypatch.setattr(study._files, "pipe_file", ignoring)
    with held(study):
        assert study.is_conditional is is_kept


def test_a_run_with_a_claim_takes_no_more_requests(server: object, begun: ExitStack) -> None:
    """The claim takes the place of a look for a folder that is not there."""
    fresh_storages()

    def requests(study: str, *, is_claimed: bool) -> Counter[str]:
        storage = another_process(f"{study}/trials/0007/seed-3")
        storage.names()  # opens the client
        seen: Counter[str] = Counter()
        events = storage._files.s3.meta.events
        count = lambda model, **_: seen.update([model.name])  # noqa: E731
        events.register("before-call.s3", count)
        if is_claimed:
            begun.enter_context(claimed(storage, Driver(study, 1, is_conditional=True)))
        storage.pull()
        for number in range(4):
            put(storage, f"samples/{number}.webp", "x")
            put(storage, f"checkpoint-{number}.pt", "x")
            write(storage, f"rows {number}", ROWS)
        write(storage, "end", CARD)
        events.unregister("before-call.s3", count)
        return seen

    plain = requests("s3://lab/studies/plain", is_claimed=False)
    fenced = requests("s3://lab/studies/fenced", is_claimed=True)
    assert plain["PutObject"] == 13
    assert fenced["PutObject"] == 14
    assert fenced.total() <= plain.total()


def test_a_claim_names_its_driver_and_process(server: object, begun: ExitStack) -> None:
    one = worker(begun, "s3://lab/studies/named", number=3)
    entries = json.loads(one.read(CLAIM_FILE) or b"")
    assert entries["fence"] == 3
    assert {"host", "pid", "token"} <= set(entries)
