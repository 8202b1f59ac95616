"""A slot's run behind a URL: stored before it is reported, and continued by another process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.engine.runs import stored_run
from lab.errors import InputError
from lab.record.remote import RemoteFolder
from lab.record.scratch import scratch_folder
from lab.record.storage import open_storage
from lab.run import Evaluation, run
from lab.run.checkpoint import checkpoint_files
from tests.runs import assert_same_run, finish, plain_metrics, small_run, write_small_pack
from tests.storages import another_process, fresh_storages, memory_stores, put, s3_server, stored

URL = "memory://lab/studies/mine/trials/0007/seed-3"


@pytest.fixture(autouse=True)
def empty_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with memory_stores(monkeypatch):
        yield


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
        found = stored(URL)
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
    storage = another_process(URL)
    put(storage, "checkpoint-00000000.pt", "torn")
    storage.push()
    with pytest.raises(InputError) as caught:
        next(stored_evaluations(pack))
    assert f"the checkpoint {URL}/checkpoint-00000000.pt is damaged" in str(caught.value)
    assert str(scratch_folder()) not in str(caught.value)


def test_a_rank_that_does_not_write_touches_nothing(tmp_path: Path) -> None:
    def start(_: Path) -> Generator[int, None, None]:
        yield 1

    assert list(stored_run(URL, start, writes=False)) == [1]
    assert stored(URL) == {}


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
