"""A run's folder: what is written when, and what a later start reads there.

The order makes it crash-proof: the row is appended, then its checkpoint renamed into place and the
oldest removed, then run.json. Rows newer than the checkpoint that is taken at a resume are dropped
and made again, the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.networks import Generator
from lab.record import (
    EVALUATIONS_FILE,
    GENERATOR_FILE,
    IMAGES_SEEN,
    RUN_FILE,
    SAMPLES_FOLDER,
    Row,
    Stage,
    Status,
    append_row,
    is_readable,
    read_json,
    read_rows,
    write_json,
    write_rows,
)
from lab.record.durable import remove_parts, remove_patiently, write_patiently
from lab.run.checkpoint import checkpoint_files, whole_checkpoints, write_checkpoint
from lab.stability.verdict import Verdict, stored_verdict


@dataclass(frozen=True)
class RunLabel:
    """Which run of a study a folder is."""

    trial: int
    seed: int
    stage: Stage
    attempt: int


@dataclass(frozen=True)
class Resumed:
    """What a folder holds of an earlier start; all empty for a new run."""

    rows: list[Row]
    state: dict[str, Any] | None
    precision: str | None


@dataclass(frozen=True)
class Finished:
    """How a finished run ended."""

    row: Row
    verdict: Verdict
    score: float


def now() -> str:
    """The time as the record writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class RunFolder:
    """Writes one run's part of the record. One process only."""

    def __init__(self, folder: Path, label: RunLabel) -> None:
        self.folder = folder
        self.label = label
        self._note: dict[str, Any] = {}
        self._resumed_from = folder

    def finished(self) -> Finished | None:
        """The end of a run that has its verdict, else None."""
        path = self.folder / RUN_FILE
        note = read_json(path) if path.exists() else {}
        if note.get("status") != "finished":
            return None
        rows = read_rows(self.folder / EVALUATIONS_FILE).rows
        if not rows:
            raise InputError(
                f"{self.folder} holds a finished run without its {EVALUATIONS_FILE}; "
                "restore that file, or remove the folder to train the run again"
            )
        return Finished(rows[-1], stored_verdict(note["verdict"]), note["score"])

    def resume(self) -> Resumed:
        """The newest whole state and the rows up to it; newer rows and checkpoints are removed.

        A damaged checkpoint is warned about and the one before it taken. Where the rows up to the
        checkpoint are not whole either, the run begins again.
        Raises InputError when there are checkpoints and none is whole.
        """
        remove_parts(self.folder)
        remove_parts(self.folder / SAMPLES_FOLDER)
        if checkpoint_files(self.folder) and (self.folder / RUN_FILE).exists():
            self._note = read_json(self.folder / RUN_FILE)
        rows = read_rows(self.folder / EVALUATIONS_FILE).rows
        for path, state in whole_checkpoints(self.folder):
            kept = [row for row in rows if row[IMAGES_SEEN] <= state[IMAGES_SEEN]]
            # A row is appended before its checkpoint, so the loss of one is damage from outside,
            # and only training again brings back its signals.
            if kept and kept[0][IMAGES_SEEN] == 0 and kept[-1][IMAGES_SEEN] == state[IMAGES_SEEN]:
                return self._continue(path, state, kept)
        return self._afresh()

    def _continue(self, path: Path, state: dict[str, Any], rows: list[Row]) -> Resumed:
        write_rows(self.folder / EVALUATIONS_FILE, rows)
        self._resumed_from = path
        files = checkpoint_files(self.folder)
        for newer in files[: files.index(path)]:
            remove_patiently(newer)
        return Resumed(rows, state, self._note.get("precision"))

    def _afresh(self) -> Resumed:
        for path in checkpoint_files(self.folder):
            remove_patiently(path)
        remove_patiently(self.folder / EVALUATIONS_FILE)
        return Resumed([], None, self._note.get("precision"))

    def load_into(self, game: Game, state: dict[str, Any]) -> None:
        """Continue `game` from a checkpoint's content."""
        try:
            game.load_state(state["game"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(
                f"{self._resumed_from} is not a checkpoint of this configuration "
                f"({first}); remove {self.folder} to train the run from its start"
            ) from None

    def note_start(
        self, config: RunConfig, game: Game, hosts: Sequence[str], *, starting_seconds: float
    ) -> None:
        """Write run.json for a run that begins or goes on; `hosts` are those of its ranks."""
        for key in ("error", "ended"):  # of an earlier attempt
            self._note.pop(key, None)
        self._note |= {
            "trial": self.label.trial,
            "seed": self.label.seed,
            "stage": self.label.stage,
            "attempts": self.label.attempt,
            "status": "running",
            "verdict": None,
            "score": None,
            "budget_images": config.training.budget_images,
            "precision": game.precision,
            "host": hosts[0],
            "hosts": list(hosts),
            "device": device_name(game.device),
            "started": self._note.get("started", now()),
            "seconds": {"starting": starting_seconds},
            "num_parameters": {
                "generator": _num_parameters(game.generator),
                "critic": _num_parameters(game.critic),
            },
        }
        write_json(self.folder / RUN_FILE, self._note)

    def store_row(self, row: Row) -> None:
        """Append an evaluation's row."""
        append_row(self.folder / EVALUATIONS_FILE, row)

    def store_checkpoint(self, state: dict[str, Any], images_seen: int) -> None:
        """Write the checkpoint, after the row it belongs to; the newest two are kept."""
        write_checkpoint(self.folder, state, images_seen)

    def note_end(
        self,
        verdict: Verdict,
        *,
        score: float,
        final_quality: float,
        images_seen: int,
        seconds: dict[str, float],
    ) -> None:
        """Write run.json for a run that has its verdict."""
        training = seconds["training"]
        self._note |= {
            "status": "finished",
            "verdict": verdict.stored(),
            "score": score,
            "final_quality": final_quality,
            "images_seen": images_seen,
            "ended": now(),
            "seconds": {**self._note.get("seconds", {}), **seconds},
            "images_per_second": images_seen / training if training > 0 else None,
        }
        write_json(self.folder / RUN_FILE, self._note)

    def save_generator(self, generator: Generator) -> None:
        """The averaged generator's weights as safetensors."""
        tensors = {name: value.contiguous() for name, value in generator.state_dict().items()}
        write_patiently(self.folder / GENERATOR_FILE, save(tensors))


def mark_errored(folder: Path, label: RunLabel, error: str) -> None:
    """Note in run.json that a run crashed through no fault of the GAN."""
    _mark(folder, label, "errored", {"error": error})


def mark_pruned(folder: Path, label: RunLabel, last: Row) -> None:
    """Note in run.json that a run was given up for looking poor at its last row."""
    _mark(folder, label, "pruned", {IMAGES_SEEN: last[IMAGES_SEEN]})


def _mark(folder: Path, label: RunLabel, status: Status, notes: dict[str, Any]) -> None:
    note = read_json(folder / RUN_FILE) if is_readable(folder / RUN_FILE) else {}
    note |= {
        "trial": label.trial,
        "seed": label.seed,
        "stage": label.stage,
        "attempts": label.attempt,
        "status": status,
        "verdict": None,
        "score": None,
        "ended": now(),
        **notes,
    }
    write_json(folder / RUN_FILE, note)


def device_name(device: torch.device) -> str:
    """`cpu`, or the GPU's own name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _num_parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
