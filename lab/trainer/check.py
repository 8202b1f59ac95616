"""Whether a trainer can be started here, and how a study of it describes itself."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lab.config import RunConfig
from lab.errors import InputError
from lab.record.scale import Scale
from lab.trainer.book import names_of, settled_limits
from lab.trainer.process import tail_of
from lab.trainer.sources import Start, described, with_lab

CHECK_SECONDS = 300.0
"""What the import of a person's module may take."""
MEASURED = "as the trainer measures it; the lab has not checked it"


def require_startable(config: RunConfig) -> None:
    """Raise InputError for what cannot be started.

    That is a command that is not there, a function that cannot be imported, or neither.
    """
    trainer = config.trainer
    assert trainer is not None
    if not trainer.is_startable:
        raise InputError(
            "the runs of this configuration were trained elsewhere and imported, so that nothing "
            "here can train them; write a space with the COMMAND of that program (docs/trainer.md)"
        )
    settled_limits(config)
    trainer.require_data()
    if trainer.function:
        _require_function(config)
        return
    first = trainer.program
    home = Path(trainer.home or ".")
    if not home.is_dir():
        raise InputError(f"the folder {home}, in which COMMAND is to run, is not there")
    if first is None:
        return
    if shutil.which(first if os.sep not in first else str(home / first)) is None:
        raise InputError(
            f"COMMAND begins with '{first}', and there is no such command here; give one that "
            "this machine has, or its path"
        )


def _require_function(config: RunConfig) -> None:
    """Import the function in a process of its own, as a run would."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "output.txt"
        start = Start(config, Path(folder), output, "cpu", 0, 1, 0)
        ours, theirs = socket.socketpair()
        with ours, theirs, output.open("wb") as file:
            checked = subprocess.Popen(
                [sys.executable, "-m", "lab.trainer.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                cwd=start.trainer.home or ".",
                env=start.environment | with_lab(start.environment),
                pass_fds=[theirs.fileno()],
            )  # fmt: skip
            theirs.close()
            ours.sendall(json.dumps(described(start) | {"only_check": True}).encode() + b"\n")
            try:
                code = checked.wait(CHECK_SECONDS)
            except subprocess.TimeoutExpired:
                checked.kill()
                checked.wait()
                raise InputError(
                    f"the import of TRAINER '{start.trainer.function}' takes more than "
                    f"{CHECK_SECONDS:g} s; let the module begin to train in the function alone"
                ) from None
            answer = ours.makefile("rb").readline()
        if answer:
            raise InputError(json.loads(answer)["mistake"])
        if code:
            last = tail_of(output).rpartition("\n")[2] or f"exit code {code}"
            raise InputError(
                f"the import of TRAINER '{start.trainer.function}' fails ({last}); correct "
                "the file"
            )


def described_study(config: RunConfig) -> dict[str, Any]:
    """The record's `data` and `metrics` entries."""
    trainer = config.trainer
    assert trainer is not None
    metric, names = trainer.metric, names_of(trainer)
    is_fid = metric.column.startswith(("fid", "kid"))
    scale = Scale(metric.initial, metric.floor)
    return {
        "data": {"name": "" if trainer.data is None else Path(trainer.data).name},
        "metrics": {
            "extractor": trainer.in_words,
            "family": "inception" if is_fid else metric.column,
            "reference": trainer.data or "",
            "frechet": MEASURED,
            "kernel": MEASURED,
            "names": names.model_dump(),
            "baseline": {metric.column: scale.floor},
            "anchor": {metric.column: scale.anchor},
        },
    }
