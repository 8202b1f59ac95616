"""Where the evaluations of a person's training come from: a log, or reports of a function."""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import lab
from lab.config import RunConfig, TrainerConfig
from lab.errors import InputError
from lab.record import Row
from lab.trainer.book import log_options
from lab.trainer.following import LogFollower, size_of
from lab.trainer.process import KeptProcess, TrainingFailed, tail_of
from lab.trainer.run import GO_ON, OVER
from lab.user_file import file_of, is_reference

LOOK_SECONDS = 0.5
"""Between two looks at a log."""
FINISH_SECONDS = 20.0
"""What a training may take to end by itself at its budget, say to write its last files."""
MOST_OUTPUT_BYTES = 2**30
"""A command that prints more would fill the disk."""


@dataclass(frozen=True)
class Start:
    """One start of a run, as its training gets it."""

    config: RunConfig
    folder: Path
    """Of the trainer, inside that of the run."""
    output: Path
    """File that the output is appended to."""
    device: str
    gpus: int
    threads: int
    images_seen: int
    """At the last evaluation of earlier starts."""

    @property
    def trainer(self) -> TrainerConfig:
        """Who trains."""
        assert self.config.trainer is not None
        return self.config.trainer

    @property
    def continues(self) -> bool:
        """Whether an earlier start left files."""
        return any(self.folder.iterdir())

    @property
    def environment(self) -> dict[str, str]:
        """That of the slot, whose GPUs alone are visible, with as many threads as it has."""
        no_gpus = {} if self.gpus else {"CUDA_VISIBLE_DEVICES": ""}
        threads = {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        return {**os.environ, **threads, **no_gpus, "PYTHONUNBUFFERED": "1"}


class Patience:
    """A training without a new evaluation for too long is none that can be waited for."""

    def __init__(self, trainer: TrainerConfig) -> None:
        self._minutes = trainer.patience_minutes
        self._since = time.monotonic()

    def renew(self) -> None:
        """There is a new evaluation."""
        self._since = time.monotonic()

    def require(self) -> None:
        """Raise TrainingFailed where the patience is over."""
        if time.monotonic() - self._since > 60 * self._minutes:
            raise TrainingFailed(
                f"no new evaluation for {self._minutes:g} minutes, so the training was ended "
                "(PATIENCE_MINUTES of the space sets the limit)",
                again=True,
            )


class Source(Protocol):
    """A training under way."""

    def batches(self, patience: Patience) -> Iterator[tuple[Sequence[Row], Path | None]]:
        """All rows of this start whenever there are new ones, and the file of their samples.

        Ends with the training. Raises TrainingFailed for a silent one, and for one that crashed.
        """

    def go_on(self) -> None:
        """The rows that came last are taken, and the training is to continue."""

    def finish(self, *, at_budget: bool) -> None:
        """The run has its verdict: let the training end by itself at its budget, or end it."""

    def stop(self) -> None:
        """End the training, if it runs."""


class CommandSource:
    """A command whose log is followed."""

    def __init__(self, start: Start) -> None:
        trainer, config = start.trainer, start.config
        values = trainer.values(
            folder=str(start.folder),
            seed=config.seed,
            gpus=start.gpus,
            device=start.device,
            budget_images=config.training.budget_images,
        )
        words = trainer.words(values, start.folder if start.continues else None)
        self._start = start
        self._log = LogFollower(start.folder, trainer.log, log_options(trainer))
        self._process = KeptProcess(
            words,
            home=Path(trainer.home or "."),
            output=start.output,
            environment=start.environment,
        )

    def batches(self, patience: Patience) -> Iterator[tuple[Sequence[Row], Path | None]]:
        """As `Source.batches`."""
        while True:
            ended = self._process.wait(LOOK_SECONDS)
            rows = self._log.look(at_end=ended)
            if rows is not None:
                yield rows, None
            if ended:
                self._require_in_order()
                return
            patience.require()
            self._require_little_output()

    def go_on(self) -> None:
        """Nothing: a command does not wait for an answer."""

    def finish(self, *, at_budget: bool) -> None:
        """As `Source.finish`."""
        if at_budget:
            self._process.wait(FINISH_SECONDS)
        self._process.stop()

    def stop(self) -> None:
        """As `Source.stop`."""
        self._process.stop()

    def _require_in_order(self) -> None:
        require_in_order(self._process, self._start)
        if self._log.problem is not None:
            raise InputError(
                f"the command ended, and its log is none that can be read: {self._log.problem}"
            )
        if self._log.path is None:
            raise InputError(
                f"the command ended with exit code 0 and wrote no file that LOG "
                f"'{self._start.trainer.log}' matches in {self._start.folder}; there is "
                f"{self._log.what_is_there()}: correct LOG, or what the command gets as {{folder}}"
            )

    def _require_little_output(self) -> None:
        if size_of(self._start.output) > MOST_OUTPUT_BYTES:
            raise TrainingFailed(
                f"the command printed more than {MOST_OUTPUT_BYTES / 1e9:.2g} GB into "
                f"{self._start.output}; let it print less",
                again=False,
            )


class FunctionSource:
    """A function in a process of its own, which reports through a socket."""

    def __init__(self, start: Start) -> None:
        self._start = start
        ours, theirs = socket.socketpair()
        try:
            self._process = KeptProcess(
                [sys.executable, "-m", "lab.trainer.child", str(theirs.fileno())],
                home=Path(start.trainer.home or "."),
                output=start.output,
                environment=start.environment | with_lab(start.environment),
                kept=[theirs.fileno()],
            )
        finally:
            theirs.close()
        self._socket = ours
        self._came = b""
        self._send(json.dumps(described(start)).encode() + b"\n")

    def batches(self, patience: Patience) -> Iterator[tuple[Sequence[Row], Path | None]]:
        """As `Source.batches`."""
        rows: list[Row] = []
        while True:
            message = self._next_message(LOOK_SECONDS)
            if message is None:
                if self._process.wait(0.0):
                    require_in_order(self._process, self._start)
                    return
                patience.require()
                continue
            if "mistake" in message:
                raise TrainingFailed(message["mistake"], again=False)
            rows.append(message["row"])
            samples = message.get("samples")
            yield list(rows), self._start.folder / samples if samples else None

    def go_on(self) -> None:
        """As `Source.go_on`."""
        self._send(GO_ON)

    def finish(self, *, at_budget: bool) -> None:
        """As `Source.finish`: the next report raises `TrainingOver`, and what then follows may
        take a while."""
        self._send(OVER)
        self._process.wait(FINISH_SECONDS)
        self._process.stop()

    def stop(self) -> None:
        """As `Source.stop`."""
        self._process.stop()
        self._socket.close()

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:  # it is gone, which its exit code explains
            return

    def _next_message(self, seconds: float) -> dict[str, Any] | None:
        """The next report; None where none comes in time, or no more can come."""
        while b"\n" not in self._came:
            if not select.select([self._socket], [], [], seconds)[0]:
                return None
            try:
                data = self._socket.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                self._process.wait(seconds)
                return None
            self._came += data
        line, _, self._came = self._came.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message


def described(start: Start) -> dict[str, Any]:
    """A run as the process of a function gets it, as JSON."""
    trainer, config = start.trainer, start.config
    text = ""
    if is_reference(trainer.function):
        name = file_of(trainer.function)
        text = next(file.text for file in config.files if file.name == name)
    return {
        "function": trainer.function,
        "home": trainer.home,
        "text": text,
        "parameters": trainer.parameters,
        "metric": trainer.metric.name,
        "data": trainer.data,
        "seed": config.seed,
        "budget_images": config.training.budget_images,
        "folder": str(start.folder),
        "device": start.device,
        "images_seen": start.images_seen,
        "continues": start.continues,
        "only_check": False,
    }


def require_in_order(process: KeptProcess, start: Start) -> None:
    """Raise TrainingFailed for a process that ended with an error."""
    if process.code == 0:
        return
    assert process.code is not None
    how = (
        f"exit code {process.code}" if process.code > 0 else f"signal {-process.code} from outside"
    )
    printed = tail_of(start.output)
    ending = f"; its last output:\n{printed}" if printed else "; it printed nothing"
    raise TrainingFailed(f"{start.trainer.in_words} ended with {how}{ending}", again=True)


def with_lab(environment: Mapping[str, str]) -> dict[str, str]:
    """PYTHONPATH under which a process elsewhere finds this lab."""
    paths = [str(Path(lab.__path__[0]).parent), environment.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
