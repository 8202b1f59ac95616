"""Where a study is stored: a folder that every process sees, or an object store behind a URL.

The lab works on local paths only. A shared folder is worked on directly; of a URL each process
has a local copy, and `pull` and `push` keep it and the store together.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import InputError
from lab.record.durable import remove_patiently, write_patiently
from lab.record.names import SAMPLES_FOLDER
from lab.record.remote import RemoteFolder, Wanted, everything


def for_planning(path: str) -> bool:
    """What the planner is rebuilt from: study.json, trial.json, run.json."""
    return path.endswith(".json")


def for_reading(path: str) -> bool:
    """What a report is made of: all but checkpoints and weights."""
    return not path.endswith((".pt", ".safetensors", ".db"))


def for_training(path: str) -> bool:
    """Whether a run continues from this file."""
    return not path.startswith(f"{SAMPLES_FOLDER}/") and not path.endswith(".safetensors")


def is_url(address: str) -> bool:
    """Whether an address is an object store's; `file://` is a path."""
    return "://" in address and not address.startswith("file://")


class SharedFolder:
    """A folder that every process sees: `pull` and `push` have nothing to do."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        """As a person gives it: a path or a URL."""
        self.folder = folder
        """Where the lab reads and writes."""

    def pull(self, wanted: Wanted = everything) -> None:
        """Bring the local folder to what is stored, as far as wanted."""

    def fetch(self, *paths: str) -> None:
        """Bring these files to what is stored, without a look at any other."""

    def push(self, *names: str) -> None:
        """Store what changed in the local folder (or in these files of it), and what is gone."""

    def read(self, path: str) -> bytes | None:
        """A file's content; None when it is not there."""
        file = self.folder / path
        return file.read_bytes() if file.exists() else None

    def write(self, path: str, content: bytes) -> None:
        """A whole small file. Raises StorageFailed."""
        write_patiently(self.folder / path, content)

    def remove(self, path: str) -> None:
        """Remove a file that may be gone already. Raises StorageFailed."""
        remove_patiently(self.folder / path)

    def is_free(self) -> bool:
        """Whether nothing is stored here."""
        return not self.folder.exists() or (
            self.folder.is_dir() and not any(self.folder.iterdir())
        )

    def forget(self) -> None:
        """Remove the local copy, if it is one."""


Storage = SharedFolder | RemoteFolder
remote_folder = functools.cache(RemoteFolder)


def open_storage(address: str) -> Storage:
    """The storage at a path or URL; a URL has one local copy a process.

    Raises InputError for a URL that nothing here can open.
    """
    if is_url(address):
        return remote_folder(address)
    folder = Path(address.removeprefix("file://")).expanduser().resolve()
    return SharedFolder(str(folder), folder)


@contextmanager
def in_its_words(storage: Storage) -> Iterator[None]:
    """Errors about the local copy of a remote folder name the remote one instead."""
    try:
        yield
    except InputError as error:
        local = str(storage.folder)
        if local == storage.name or local not in str(error):
            raise
        raise InputError(str(error).replace(local, storage.name)) from None
