"""A person's training as a process group of its own, seen from the slot that it belongs to."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lab.errors import InputError
from lab.trainer import keeper

TERM_SECONDS = 10.0
"""Between SIGTERM and SIGKILL."""
GONE_SECONDS = 30.0
"""How long the keeper may take beyond that; then something holds the machine itself."""
TAIL_BYTES = 2000
LOOK_SECONDS = 0.1


class TrainingFailed(Exception):
    """A person's training ended without a verdict, through no fault of the GAN."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.again = again
        """Whether another start may help: not where the same mistake would come again."""


class KeptProcess:
    """A command that runs until it ends or `stop` is called; nothing that it starts is left.

    Its output is appended to a file. Raises InputError for a command that cannot be started.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        home: Path,
        output: Path,
        environment: Mapping[str, str],
        kept: Sequence[int] = (),
        term_seconds: float = TERM_SECONDS,
    ) -> None:
        self.code: int | None = None
        """Exit code, negative for a signal; None while it runs."""
        self._term_seconds = term_seconds
        if not home.is_dir():
            raise InputError(f"the folder {home}, in which {words[0]!r} is to run, is not there")
        ours, theirs = os.pipe()
        status, report = os.pipe()
        with output.open("ab") as file:
            _wait_for_earlier(file, 2 * term_seconds + GONE_SECONDS)
            launcher = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, str(term_seconds), str(report),
                 *map(str, kept), "--", *words],
                stdin=ours, stdout=file, stderr=file, cwd=home, env=dict(environment),
                pass_fds=(report, *kept),
            )  # fmt: skip
            launcher.wait()
        os.close(ours)
        os.close(report)
        self._stdin: int | None = theirs
        self._status = status
        self._came = b""
        word, rest = self._line()
        if word != "started":
            self._close()
            raise InputError(
                f"the command {words[0]!r} cannot be started in {home} "
                f"({rest or 'no reason given'}); give a command that this machine has"
            )
        self.pid = int(rest)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, waited for at most so long."""
        if self.code is not None:
            return True
        is_here = b"\n" in self._came
        if not is_here and not select.select([self._status], [], [], max(0.0, seconds))[0]:
            return False
        word, rest = self._line()
        self.code = int(rest) if word == "ended" else -9  # the keeper itself was killed
        self._close()
        return True

    def stop(self) -> None:
        """End it and all that it started: SIGTERM, patience, SIGKILL. Returns once all is gone."""
        if self.code is not None:
            return
        if self._stdin is not None:
            with suppress(OSError):
                os.write(self._stdin, b".")
            os.close(self._stdin)
            self._stdin = None
        if not self.wait(2 * self._term_seconds + GONE_SECONDS):
            self.code = -9
            self._close()

    def _line(self) -> tuple[str, str]:
        """The first word and the rest of the keeper's next line; empty where it is gone."""
        while b"\n" not in self._came:
            data = os.read(self._status, 4096)
            if not data:
                return "", ""
            self._came += data
        line, _, self._came = self._came.partition(b"\n")
        word, _, rest = line.decode(errors="replace").partition(" ")
        return word, rest

    def _close(self) -> None:
        if self._stdin is not None:
            os.close(self._stdin)
            self._stdin = None
        os.close(self._status)


def _wait_for_earlier(output: BinaryIO, seconds: float) -> None:
    """Hold the output for this start; processes of an earlier one hold it until they are gone.

    A slot that was killed leaves its keeper some seconds to end them. The lock is that of the open
    file, which every process that prints there shares.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TrainingFailed(
                    "processes of an earlier start of this run did not end", again=True
                ) from None
            time.sleep(LOOK_SECONDS)
        except OSError:  # a file system without locks
            return


def tail_of(output: Path) -> str:
    """The last lines that a command printed, without what no terminal shows."""
    try:
        with output.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = text.replace("\r", "\n").splitlines()
    readable = ["".join(char for char in line if char.isprintable()) for line in lines]
    return "\n".join(line for line in readable if line.strip())[-TAIL_BYTES:]
