"""Storages that can be taken away: a file system on a loop device, an S3 server behind a wire."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.record import EVALUATIONS_FILE
from tests.faults.scene import DISTURBED, SEED, Scene
from tests.storages import s3_server

IMAGE_BYTES = 64 << 20


@contextlib.contextmanager
def loop_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own at `folder`; skips where none can be mounted."""
    for tool in ("mkfs.ext4", "fsfreeze", "chattr"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no `{tool}` (Debian: util-linux, e2fsprogs)")
    folder.mkdir(parents=True)
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    try:
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True, capture_output=True)
        mount = ["mount", "-o", "loop", str(image), str(folder)]
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system of our own can be mounted: {error}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def frozen(disk: Path) -> Iterator[None]:
    """Every write to a mounted file system waits meanwhile, as when its server does not answer."""
    subprocess.run(["fsfreeze", "--freeze", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(disk)], check=True)


@contextlib.contextmanager
def refusing(folder: Path) -> Iterator[None]:
    """Nothing can be written below a folder of a loop disk meanwhile, not even by root."""
    subprocess.run(["chattr", "-R", "+i", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-R", "-i", str(folder)], check=True)


class Wire:
    """Carries connections from a port of its own to a server's, until it is cut."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._ends: list[socket.socket] = []
        self._listener = self._listen(0)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Connections are lost and new ones refused meanwhile."""
        port = self.port
        self.close()
        try:
            yield
        finally:
            self._listener = self._listen(port)

    def close(self) -> None:
        ends, self._ends = [self._listener, *self._ends], []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed: the wire is cut
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._server))
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def stored_in_s3(patch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """An S3 server that searches reach by a wire, and this process directly."""
    with s3_server(patch):
        direct = os.environ["AWS_ENDPOINT_URL"]
        wire = Wire(int(direct.rpartition(":")[2]))
        patch.setenv(DIRECT, direct)
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{wire.port}")
        try:
            yield wire
        finally:
            wire.close()


DIRECT = "S3_WITHOUT_A_WIRE"


class RemoteScene(Scene):
    """A search whose study is behind s3://."""

    def __init__(self, *settled: Any) -> None:
        super().__init__(*settled)
        self.place = "s3://lab/faults"

    @property
    def study(self) -> Path:
        """Where the study is copied to, to be looked at."""
        return self.folder / "copy" / "study"

    def rows(self) -> list[bytes]:
        name = f"lab/faults/study/trials/{DISTURBED:04d}/seed-{SEED}/{EVALUATIONS_FILE}"
        files = _files()
        try:
            content: bytes = files.cat_file(name)
        except FileNotFoundError:
            return []
        return content.splitlines(keepends=True)

    def ends_well(self, outcome: str = "finished by itself") -> None:
        search = self.searches[-1]
        assert search.exit_code() == 0, search.said()
        _files().get("lab/faults/study", str(self.study), recursive=True)
        super().ends_well(outcome)


def _files() -> Any:
    import s3fs

    return s3fs.S3FileSystem(
        endpoint_url=os.environ[DIRECT], use_listings_cache=False, skip_instance_cache=True
    )
