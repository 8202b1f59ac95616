"""Where a study is stored: a folder that all nodes see, or a URL of an object store."""

from __future__ import annotations

import tempfile
import time
import uuid
from pathlib import Path

from lab.engine.options import SearchOptions
from lab.errors import InputError
from lab.record import STUDY_FILE, is_study
from lab.record.durable import StorageFailed
from lab.record.remote import RemoteFolder
from lab.record.storage import (
    SharedFolder,
    Storage,
    for_planning,
    in_its_words,
    is_url,
    open_storage,
)


def resumed_place(options: SearchOptions) -> Storage | None:
    """The study that --resume names, what the planner needs of it pulled; None without it.

    Raises InputError when there is no study.
    """
    if options.resume is None:
        return None
    storage = _named_place(str(options.resume), options.storage)
    with in_its_words(storage):
        storage.pull(for_planning)
        if is_study(storage.folder):
            return storage
    raise InputError(
        f"{storage.name} is not a study: it has no {STUDY_FILE}; "
        "give the folder or URL that `python -m lab.search` printed"
    )


def _named_place(named: str, root: str) -> Storage:
    """A folder or URL as given, else the name of a study under --storage."""
    if is_url(named) or is_study(Path(named)):
        return open_storage(named)
    under = open_storage(f"{root.rstrip('/')}/{named}")
    return under if is_url(root) or is_study(under.folder) else open_storage(named)


def new_place(options: SearchOptions) -> Storage:
    """The storage of a new study, proved to be free and writable from here."""
    name = options.name or _new_name(options)
    if Path(name).name != name or name.startswith("."):
        raise InputError(f"--name is '{name}'; it must be a plain folder name")
    storage = open_storage(f"{str(options.storage).rstrip('/')}/{name}")
    if isinstance(storage, RemoteFolder):
        _prove_remote(storage)
    require_free(storage)
    if isinstance(storage, SharedFolder):
        _prove_folder(storage.folder.parent)
    return storage


def _new_name(options: SearchOptions) -> str:
    """The space, date and time, and letters that searches of the same second differ in."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return f"{Path(options.space).stem}-{stamp}-{uuid.uuid4().hex[:4]}"


def claim(storage: Storage) -> None:
    """Take the place of a new study, which of several searches one alone gets.

    Raises InputError for the others, and for a place that holds anything already.
    """
    require_free(storage)
    if not isinstance(storage, SharedFolder):
        return
    try:
        storage.folder.mkdir(parents=True, exist_ok=True)
        (storage.folder / STUDY_FILE).open("x").close()
    except FileExistsError:  # since then
        require_free(storage)
    except OSError as error:
        raise _not_writable(storage.folder.parent, error) from None


def require_free(storage: Storage) -> None:
    """Raise InputError when something is stored there already."""
    if storage.is_free():
        return
    if storage.read(STUDY_FILE) is not None:
        raise InputError(
            f"{storage.name} already holds a study; continue it with --resume {storage.name}, "
            "or choose another --name"
        )
    raise InputError(
        f"{storage.name} exists and is not a study; choose another --name or --storage"
    )


def _prove_folder(root: Path) -> None:
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise _not_writable(root, error) from None


def _not_writable(root: Path, error: OSError) -> InputError:
    return InputError(
        f"the storage {root} cannot be written ({error.strerror}); choose another --storage"
    )


def _prove_remote(storage: RemoteFolder) -> None:
    name = f".proof-{uuid.uuid4().hex}"
    try:
        storage.write(name, b"can this be written?")
        storage.remove(name)
    except StorageFailed as failed:
        raise InputError(
            f"the storage {storage.name} cannot be written ({failed.reason}); "
            "choose another --storage"
        ) from None
