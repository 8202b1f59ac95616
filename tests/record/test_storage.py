"""A storage by its address, and what each kind of process pulls of one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.errors import InputError
from lab.record.remote import RemoteFolder
from lab.record.scratch import scratch_folder
from lab.record.storage import SharedFolder, for_planning, for_reading, for_training, open_storage
from tests.storages import another_process, memory_stores, put, stored

URL = "memory://lab/studies/mine/trials/0007/seed-3"


@pytest.fixture(autouse=True)
def empty_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with memory_stores(monkeypatch):
        yield


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


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (for_planning, {"run.json"}),
        (for_reading, {"run.json", "evaluations.jsonl", "samples/1.webp", "error.txt"}),
        (for_training, {"run.json", "evaluations.jsonl", "checkpoint-1.pt", "error.txt"}),
    ],
)
def test_a_process_pulls_what_it_needs(wanted: Any, names: set[str]) -> None:
    one, other = another_process(URL), another_process(URL)
    for path in (
        "run.json",
        "evaluations.jsonl",
        "samples/1.webp",
        "checkpoint-1.pt",
        "generator.safetensors",
        "error.txt",
    ):
        put(one, path)
    one.push()
    other.pull(wanted)
    assert set(other._local()) == names
    other.push()
    assert len(stored(URL)) == 6
