"""Studies in an object store: what is pulled and pushed, in which order, and who may drive one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

import lab.record.durable
import lab.record.leases
import lab.record.remote
from lab.engine.runs import stored_run
from lab.errors import InputError
from lab.record.durable import LOCK_FILE, PATIENCE, StorageFailed
from lab.record.leases import Lease, held
from lab.record.remote import RemoteFolder, scratch_folder
from lab.record.storage import SharedFolder, for_planning, for_reading, for_training, open_storage
from lab.run import Evaluation, run
from lab.run.checkpoint import checkpoint_files
from tests.runs import assert_same_run, finish, plain_metrics, small_run, write_small_pack
from tests.storages import fresh_storages, s3_server

URL = "memory://lab/studies/mine/trials/0007/seed-3"


@pytest.fixture(autouse=True)
def nothing_stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(PATIENCE, "0.2")
    monkeypatch.setattr(lab.record.durable, "FIRST_WAIT_SECONDS", 0.01)
    fresh_storages()
    yield
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    fresh_storages()


def another_process(url: str = URL) -> RemoteFolder:
    """The same place with a local copy of its own, as another machine has it."""
    storage = RemoteFolder(url)
    storage.folder = storage.folder.parent / f"copy-{time.monotonic_ns()}" / storage.folder.name
    return storage


def stored(url: str = URL) -> dict[str, bytes]:
    files, root = fsspec.core.url_to_fs(url)
    found = files.find(root)
    return {name.strip("/")[len(root.strip("/")) + 1 :]: files.cat_file(name) for name in found}


def write(storage: Any, path: str, content: str = "x") -> None:
    file = storage.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


# Places.


def test_a_path_is_worked_on_directly(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "study"))
    assert isinstance(storage, SharedFolder)
    assert storage.folder == tmp_path / "study"
    assert storage.is_free()
    storage.write("a/b", b"1")
    storage.push()
    storage.pull()
    assert storage.read("a/b") == b"1"
    assert not storage.is_free()
    storage.remove("a/b")
    storage.remove("a/b")
    assert storage.read("a/b") is None


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    assert open_storage(f"file://{tmp_path}").folder == tmp_path


def test_a_url_has_a_local_copy_that_keeps_the_last_name() -> None:
    storage = open_storage(URL + "/")
    assert isinstance(storage, RemoteFolder)
    assert storage.name == URL
    assert storage.folder.name == "seed-3"
    assert storage.folder.is_relative_to(scratch_folder())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nosuch://bucket/x", "nosuch://, which fsspec does not support; give a path, or a URL"),
        ("s3://", "s3:// names no bucket; give a URL like s3://bucket/studies"),
    ],
)
def test_a_url_that_cannot_be_opened_is_one_sentence(url: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        open_storage(url)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(InputError, match=r"gs://bucket/x needs .* pip install gcsfs"):
        open_storage("gs://bucket/x")


# Pulling and pushing.


def test_what_one_process_pushes_another_pulls() -> None:
    one, other = another_process(), another_process()
    write(one, "run.json", "1")
    write(one, "samples/00000000.webp", "picture")
    one.push()
    other.pull()
    assert (other.folder / "samples" / "00000000.webp").read_text() == "picture"
    write(one, "run.json", "2")
    one.push()
    other.pull()
    assert (other.folder / "run.json").read_text() == "2"


def test_only_what_changed_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, other = another_process(), another_process()
    sent, fetched = travels(storage, monkeypatch, "put_file"), travels(other, monkeypatch, "cat")
    write(storage, "a")
    write(storage, "b")
    storage.push()
    storage.push()
    other.pull()
    other.pull()
    write(storage, "b", "changed")
    storage.push()
    other.pull()
    assert [Path(args[0]).name for args in sent] == ["a", "b", "b"]
    assert [[Path(name).name for name in args[0]] for args in fetched] == [["a", "b"], ["b"]]


def travels(
    storage: RemoteFolder, patch: pytest.MonkeyPatch, method: str
) -> list[tuple[Any, ...]]:
    """The arguments of every call of a method of the storage's file system, from now on."""
    calls: list[tuple[Any, ...]] = []
    original = getattr(storage._files, method)

    def call(*args: Any, **options: Any) -> Any:
        calls.append(args)
        return original(*args, **options)

    patch.setattr(storage._files, method, call)
    return calls


def test_pictures_and_rows_go_first_and_run_json_last(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = another_process()
    sent = travels(storage, monkeypatch, "put_file")
    for path in (
        "checkpoint-00000064.pt",
        "evaluations.jsonl",
        "generator.safetensors",
        "run.json",
        "samples/00000064.webp",
    ):
        write(storage, path)
    storage.push()
    assert [Path(args[0]).name for args in sent] == [
        "00000064.webp",
        "evaluations.jsonl",
        "checkpoint-00000064.pt",
        "generator.safetensors",
        "run.json",
    ]


def test_an_old_checkpoint_is_removed_once_the_new_one_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage = another_process()
    write(storage, "checkpoint-00000000.pt")
    storage.push()
    (storage.folder / "checkpoint-00000000.pt").unlink()
    write(storage, "checkpoint-00000064.pt")

    def full(*_: object) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(storage._files, "put_file", full)
        with pytest.raises(StorageFailed):
            storage.push()
    assert list(stored()) == ["checkpoint-00000000.pt"]
    storage.push()
    assert list(stored()) == ["checkpoint-00000064.pt"]


def test_a_pull_makes_an_old_local_copy_like_the_stored_one() -> None:
    one, other = another_process(), another_process()
    write(one, "evaluations.jsonl", "row 1")
    one.push()
    other.pull()
    write(other, "evaluations.jsonl", "row 1, row 2 that was never stored")
    write(other, "checkpoint-00000064.pt", "never stored")
    other.pull()
    assert (other.folder / "evaluations.jsonl").read_text() == "row 1"
    assert not (other.folder / "checkpoint-00000064.pt").exists()


def test_a_pull_beside_a_run_gets_the_checkpoint_that_replaced_the_listed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_there, reader = another_process(), another_process()
    write(run_there, "checkpoint-00000000.pt")
    write(run_there, "evaluations.jsonl", "row 1")
    run_there.push()
    listed = reader._listed

    def listed_and_then_replaced() -> dict[str, str]:
        listing = listed()
        if "checkpoint-00000000.pt" in listing:
            (run_there.folder / "checkpoint-00000000.pt").unlink()
            write(run_there, "checkpoint-00000064.pt")
            run_there.push()
        return listing

    monkeypatch.setattr(reader, "_listed", listed_and_then_replaced)
    reader.pull()
    names = {path.name for path in reader.folder.iterdir()}
    assert names == {"checkpoint-00000064.pt", "evaluations.jsonl"}


def test_a_file_that_is_listed_for_ever_and_never_there_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, reader = another_process(), another_process()
    write(one, "run.json")
    one.push()
    listed = reader._listed
    monkeypatch.setattr(reader, "_listed", lambda: listed() | {"checkpoint-00000000.pt": "1"})
    reader.pull()
    assert [path.name for path in reader.folder.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (for_planning, {"run.json"}),
        (for_reading, {"run.json", "evaluations.jsonl", "samples/1.webp", "error.txt"}),
        (for_training, {"run.json", "evaluations.jsonl", "checkpoint-1.pt", "error.txt"}),
    ],
)
def test_a_process_pulls_what_it_needs(wanted: Any, names: set[str]) -> None:
    one, other = another_process(), another_process()
    for path in (
        "run.json",
        "evaluations.jsonl",
        "samples/1.webp",
        "checkpoint-1.pt",
        "generator.safetensors",
        "error.txt",
    ):
        write(one, path)
    one.push()
    other.pull(wanted)
    assert set(other._local()) == names
    other.push()
    assert len(stored()) == 6


def test_locks_and_halves_stay_here() -> None:
    storage = another_process()
    for path in (".lock", ".run.json.7.part", "optuna.db-journal", "study.json"):
        write(storage, path)
    storage.push()
    assert list(stored()) == ["study.json"]


def test_named_files_only_are_pushed() -> None:
    storage = another_process()
    write(storage, "trials/0000/trial.json")
    write(storage, "optuna.db")
    storage.push("trials/0000/trial.json")
    assert list(stored()) == ["trials/0000/trial.json"]


def test_a_storage_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = another_process()
    write(storage, "run.json")
    put, times = storage._files.put_file, iter(range(10))

    def failing(*args: Any) -> None:
        if next(times) < 3:
            raise ConnectionResetError("reset by peer")
        put(*args)

    monkeypatch.setattr(storage._files, "put_file", failing)
    storage.push()
    assert list(stored()) == ["run.json"]


def test_a_storage_that_stays_away_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = another_process()
    write(storage, "run.json")

    def failing(*_: object) -> None:
        raise TimeoutError("no answer")

    monkeypatch.setattr(storage._files, "put_file", failing)
    with pytest.raises(StorageFailed, match=r"seed-3/run\.json could not be written .*no answer"):
        storage.push()


def test_a_local_copy_is_removed_when_it_is_not_needed() -> None:
    storage = another_process()
    write(storage, "run.json")
    storage.push()
    storage.forget()
    assert not storage.folder.exists()
    storage.push()
    assert list(stored()) == ["run.json"]
    storage.pull()
    assert (storage.folder / "run.json").exists()


SCRATCH = """
import os, signal
from lab.record.remote import scratch_folder
print(scratch_folder(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def scratch(script: str) -> Path:
        command = [sys.executable, "-c", script]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        return Path(told.stdout.strip())

    killed = scratch(SCRATCH)
    assert killed.is_dir()
    ended = scratch(SCRATCH.replace("os.kill(os.getpid(), signal.SIGKILL)", ""))
    assert not killed.exists()
    assert not ended.exists()


# Runs.


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with plain_metrics():
        yield write_small_pack(tmp_path_factory.mktemp("data") / "pack")


def stored_evaluations(pack: Path, url: str = URL) -> Generator[Evaluation, None, None]:
    config = small_run(pack)
    return stored_run(url, lambda folder: run(config, folder), writes=True)


def pulled(url: str) -> Path:
    storage = another_process(url)
    storage.pull()
    return storage.folder


def test_every_evaluation_is_stored_before_it_is_yielded(pack: Path) -> None:
    evaluations = stored_evaluations(pack)
    for images_seen in (0, 64, 128):
        assert next(evaluations).row["images_seen"] == images_seen
        found = stored()
        assert len(found["evaluations.jsonl"].splitlines()) == images_seen // 64 + 1
        assert f"checkpoint-{images_seen:08d}.pt" in found
        assert f"samples/{images_seen:08d}.webp" in found
        assert json.loads(found["run.json"])["status"] == "running"
        assert sum(name.endswith(".pt") for name in found) <= 2
    evaluations.close()
    assert not open_storage(URL).folder.exists()


def test_a_run_that_goes_on_elsewhere_has_the_numbers_of_one_left_alone(
    pack: Path, tmp_path: Path
) -> None:
    finish(small_run(pack), tmp_path / "here")
    for _ in range(3):
        evaluations = stored_evaluations(pack)
        next(evaluations)
        evaluations.close()
        fresh_storages()
    assert [len(list(stored_evaluations(pack))) for _ in range(2)] == [1, 1]
    assert_same_run(pulled(URL), tmp_path / "here")


@pytest.mark.parametrize("call", range(1, 7))
def test_a_push_broken_off_anywhere_costs_no_number(
    call: int, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(small_run(pack), tmp_path / "here")
    storage = open_storage(URL)
    assert isinstance(storage, RemoteFolder)
    evaluations = stored_evaluations(pack)
    next(evaluations)
    next(evaluations)

    class Killed(BaseException):
        pass

    calls = iter(range(1, 100))
    with monkeypatch.context() as patch:
        for method in ("put_file", "rm_file"):
            original = getattr(storage._files, method)

            def dying(*args: Any, act: Any = original) -> Any:
                if next(calls) == call:
                    raise Killed
                return act(*args)

            patch.setattr(storage._files, method, dying)
        with pytest.raises(Killed):
            list(evaluations)
    fresh_storages()
    list(stored_evaluations(pack))
    assert_same_run(pulled(URL), tmp_path / "here")
    assert len(checkpoint_files(pulled(URL))) == 2


def test_a_mistake_names_the_stored_place(pack: Path) -> None:
    storage = another_process()
    write(storage, "checkpoint-00000000.pt", "torn")
    storage.push()
    with pytest.raises(InputError) as caught:
        next(stored_evaluations(pack))
    assert f"the checkpoint {URL}/checkpoint-00000000.pt is damaged" in str(caught.value)
    assert str(scratch_folder()) not in str(caught.value)


def test_a_rank_that_does_not_write_touches_nothing(tmp_path: Path) -> None:
    def start(_: Path) -> Generator[int, None, None]:
        yield 1

    assert list(stored_run(URL, start, writes=False)) == [1]
    assert stored() == {}


# One driver at a time.


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
    write(study, "study.json")
    with held(study):
        lease_of(study, token="other")
        deadline = time.monotonic() + 20
        while not refused(study):
            assert time.monotonic() < deadline, "nobody noticed"
            time.sleep(0.01)
        with pytest.raises(InputError, match="was taken over by process 1 of elsewhere"):
            study.push()
    assert json.loads(study.read(LOCK_FILE) or b"")["host"] == "elsewhere"


# A real S3 server.


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[bytes]]:
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as server:
        yield server


def test_a_run_in_s3_goes_on_where_it_was_stopped(
    server: object, pack: Path, tmp_path: Path
) -> None:
    url = "s3://lab/studies/one/trials/0000/seed-0"
    finish(small_run(pack), tmp_path / "here")
    evaluations = stored_evaluations(pack, url)
    next(evaluations)
    next(evaluations)
    evaluations.close()
    fresh_storages()
    rest = [evaluation.row["images_seen"] for evaluation in stored_evaluations(pack, url)]
    assert rest == [128, 192]
    assert_same_run(pulled(url), tmp_path / "here")
    assert [name for name in stored(url) if name.endswith(".pt")] == [
        "checkpoint-00000128.pt",
        "checkpoint-00000192.pt",
    ]


def test_a_bucket_that_is_not_there_is_told_at_once(server: object) -> None:
    storage = another_process("s3://nobucket/study")
    write(storage, "study.json")
    with pytest.raises(StorageFailed, match="specified bucket does not exist"):
        storage.push()


def test_an_s3_server_that_hangs_for_a_while_is_waited_for(
    server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATIENCE, "60")
    storage = another_process("s3://lab/studies/hang")
    write(storage, "study.json")
    server.send_signal(signal.SIGSTOP)
    waking = threading.Timer(0.5, lambda: server.send_signal(signal.SIGCONT))
    waking.start()
    storage.push()
    waking.join()
    assert list(stored("s3://lab/studies/hang")) == ["study.json"]


def test_a_refused_connection_is_one_sentence_after_the_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    fresh_storages()
    with pytest.raises(StorageFailed, match="Could not connect to the endpoint"):
        another_process("s3://lab/studies/x").pull()
