"""A folder in an object store: what is pulled and pushed, in which order, and failures."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.errors import InputError
from lab.record.durable import PATIENCE, StorageFailed
from lab.record.remote import RemoteFolder
from tests.storages import another_process, fresh_storages, memory_stores, put, s3_server, stored

URL = "memory://lab/studies/mine/trials/0007/seed-3"


@pytest.fixture(autouse=True)
def empty_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with memory_stores(monkeypatch):
        yield


def test_what_one_process_pushes_another_pulls() -> None:
    one, other = another_process(URL), another_process(URL)
    put(one, "run.json", "1")
    put(one, "samples/00000000.webp", "picture")
    one.push()
    other.pull()
    assert (other.folder / "samples" / "00000000.webp").read_text() == "picture"
    put(one, "run.json", "2")
    one.push()
    other.pull()
    assert (other.folder / "run.json").read_text() == "2"


def test_only_what_changed_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, other = another_process(URL), another_process(URL)
    sent, fetched = travels(storage, monkeypatch, "put_file"), travels(other, monkeypatch, "cat")
    put(storage, "a")
    put(storage, "b")
    storage.push()
    storage.push()
    other.pull()
    other.pull()
    put(storage, "b", "changed")
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
    storage = another_process(URL)
    sent = travels(storage, monkeypatch, "put_file")
    for path in (
        "checkpoint-00000064.pt",
        "evaluations.jsonl",
        "generator.safetensors",
        "run.json",
        "samples/00000064.webp",
    ):
        put(storage, path)
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
    storage = another_process(URL)
    put(storage, "checkpoint-00000000.pt")
    storage.push()
    (storage.folder / "checkpoint-00000000.pt").unlink()
    put(storage, "checkpoint-00000064.pt")

    def full(*_: object) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(storage._files, "put_file", full)
        with pytest.raises(StorageFailed):
            storage.push()
    assert list(stored(URL)) == ["checkpoint-00000000.pt"]
    storage.push()
    assert list(stored(URL)) == ["checkpoint-00000064.pt"]


def test_a_pull_makes_an_old_local_copy_like_the_stored_one() -> None:
    one, other = another_process(URL), another_process(URL)
    put(one, "evaluations.jsonl", "row 1")
    one.push()
    other.pull()
    put(other, "evaluations.jsonl", "row 1, row 2 that was never stored")
    put(other, "checkpoint-00000064.pt", "never stored")
    other.pull()
    assert (other.folder / "evaluations.jsonl").read_text() == "row 1"
    assert not (other.folder / "checkpoint-00000064.pt").exists()


def test_a_pull_beside_a_run_gets_the_checkpoint_that_replaced_the_listed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_there, reader = another_process(URL), another_process(URL)
    put(run_there, "checkpoint-00000000.pt")
    put(run_there, "evaluations.jsonl", "row 1")
    run_there.push()
    listed = reader._listed

    def listed_and_then_replaced() -> dict[str, str]:
        listing = listed()
        if "checkpoint-00000000.pt" in listing:
            (run_there.folder / "checkpoint-00000000.pt").unlink()
            put(run_there, "checkpoint-00000064.pt")
            run_there.push()
        return listing

    monkeypatch.setattr(reader, "_listed", listed_and_then_replaced)
    reader.pull()
    names = {path.name for path in reader.folder.iterdir()}
    assert names == {"checkpoint-00000064.pt", "evaluations.jsonl"}


def test_a_file_that_is_listed_for_ever_and_never_there_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, reader = another_process(URL), another_process(URL)
    put(one, "run.json")
    one.push()
    listed = reader._listed
    monkeypatch.setattr(reader, "_listed", lambda: listed() | {"checkpoint-00000000.pt": "1"})
    reader.pull()
    assert [path.name for path in reader.folder.iterdir()] == ["run.json"]


def test_locks_and_halves_stay_here() -> None:
    storage = another_process(URL)
    for path in (".lock", ".run.json.7.part", "optuna.db-journal", "study.json"):
        put(storage, path)
    storage.push()
    assert list(stored(URL)) == ["study.json"]


def test_named_files_only_are_pushed() -> None:
    storage = another_process(URL)
    put(storage, "trials/0000/trial.json")
    put(storage, "optuna.db")
    storage.push("trials/0000/trial.json")
    assert list(stored(URL)) == ["trials/0000/trial.json"]


def test_a_storage_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = another_process(URL)
    put(storage, "run.json")
    put_file, times = storage._files.put_file, iter(range(10))

    def failing(*args: Any) -> None:
        if next(times) < 3:
            raise ConnectionResetError("reset by peer")
        put_file(*args)

    monkeypatch.setattr(storage._files, "put_file", failing)
    storage.push()
    assert list(stored(URL)) == ["run.json"]


def test_a_storage_that_stays_away_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = another_process(URL)
    put(storage, "run.json")

    def failing(*_: object) -> None:
        raise TimeoutError("no answer")

    monkeypatch.setattr(storage._files, "put_file", failing)
    with pytest.raises(StorageFailed, match=r"seed-3/run\.json could not be written .*no answer"):
        storage.push()


def test_a_local_copy_is_removed_when_it_is_not_needed() -> None:
    storage = another_process(URL)
    put(storage, "run.json")
    storage.push()
    storage.forget()
    assert not storage.folder.exists()
    storage.push()
    assert list(stored(URL)) == ["run.json"]
    storage.pull()
    assert (storage.folder / "run.json").exists()


SCRATCH = """
import os, signal
from lab.record.scratch import scratch_folder
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


# A real S3 server.


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[bytes]]:
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as server:
        yield server


def test_a_bucket_that_is_not_there_is_told_at_once(server: object) -> None:
    storage = another_process("s3://nobucket/study")
    put(storage, "study.json")
    with pytest.raises(StorageFailed, match="specified bucket does not exist"):
        storage.push()


def test_an_s3_server_creates_an_object_once(server: object) -> None:
    one, two = (another_process("s3://lab/studies/once") for _ in range(2))
    assert one.create("lease", b"one")
    assert not two.create("lease", b"two")
    assert one.create("lease", b"one")
    assert two.read("lease") == b"one"
    assert two.names() == ["lease"]


def test_an_s3_server_that_hangs_for_a_while_is_waited_for(
    server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATIENCE, "60")
    storage = another_process("s3://lab/studies/hang")
    put(storage, "study.json")
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


@pytest.mark.parametrize("key", ["../outside", "trials/../../outside", "a//b", "a/./b", "a\\b"])
def test_an_object_outside_the_study_is_refused_and_nothing_is_written(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = another_process(URL)
    put(storage, "study.json")
    storage.push()
    storage.forget()
    root = storage._root.strip("/")
    listing = {f"{root}/{key}": {"size": 1}, f"{root}/study.json": {"size": 1}}
    monkeypatch.setattr(storage._files, "find", lambda *_, **__: listing)
    with pytest.raises(InputError, match="which would be a file outside the study"):
        storage.pull()
    assert not storage.folder.exists() or list(storage.folder.iterdir()) == []


def test_named_files_are_fetched_without_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = another_process(URL), another_process(URL)
    put(writer, "trials/0000/seed-0/run.json")
    writer.push()

    def list_all(*_: object, **__: object) -> None:
        raise AssertionError("a listing of the whole study")

    monkeypatch.setattr(reader, "_listed", list_all)
    monkeypatch.setattr(reader, "_local", list_all)
    reader.fetch("trials/0000/seed-0/run.json", "trials/0000/seed-0/error.txt")
    assert (reader.folder / "trials/0000/seed-0/run.json").exists()
    assert not (reader.folder / "trials/0000/seed-0/error.txt").exists()
    (reader.folder / "trials/0000/seed-0/run.json").write_text("changed")
    reader.push("trials/0000/seed-0/run.json")
    assert stored(URL)["trials/0000/seed-0/run.json"] == b"changed"
    writer.remove("trials/0000/seed-0/run.json")
    reader.fetch("trials/0000/seed-0/run.json")
    assert not (reader.folder / "trials/0000/seed-0/run.json").exists()


def test_a_file_is_created_once() -> None:
    one, two = another_process(URL), another_process(URL)
    assert one.create("x", b"one")
    assert not two.create("x", b"two")
    assert one.create("x", b"one")  # the answer to the first try may have been lost
    assert two.read("x") == b"one"
    assert "x" in one.names()


OWN_SCRATCH = "from lab.record.scratch import scratch_folder; print(scratch_folder())"


def scratch_of_a_process(folder: Path) -> Path:
    """What `scratch_folder` is in a new process whose TMPDIR this is."""
    said = subprocess.run(
        [sys.executable, "-c", OWN_SCRATCH],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(said.stdout.strip())


def test_the_foreseeable_folder_is_used_only_when_it_is_ours_alone(tmp_path: Path) -> None:
    base = tmp_path / f"gan-lab-{os.getuid()}"
    assert scratch_of_a_process(tmp_path).parent == base
    assert stat.S_IMODE(base.stat().st_mode) == 0o700
    base.chmod(0o777)
    assert scratch_of_a_process(tmp_path).parent == tmp_path
    shutil.rmtree(base)
    (tmp_path / "elsewhere").mkdir()
    base.symlink_to(tmp_path / "elsewhere")
    assert scratch_of_a_process(tmp_path).parent == tmp_path
