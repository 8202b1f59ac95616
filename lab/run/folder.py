"""A run's folder: what is written when, and what a later start reads there.

The order makes it crash-proof: the row is appended, then its checkpoint renamed into place and the
oldest removed, then run.json. Rows newer than the checkpoint that is taken at a resume are dropped
and made again, with the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    NetworkSizesCard,
    Row,
    RunCard,
    SecondsCard,
    Stage,
    Status,
    append_row,
    is_readable,
    kept_generator_file,
    now,
    read_card,
    read_json,
    read_rows,
    write_card,
    write_rows,
)
from lab.record.card import validated
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
    fence: int | None = None
    """Number of the driver's lease of a study behind a URL."""


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


class RunFolder:
    """Writes one run's part of the record. One process only."""

    def __init__(self, folder: Path, label: RunLabel) -> None:
        self.folder = folder
        self.label = label
        self._card: RunCard | None = None
        """run.json as it was last read or written."""
        self._resumed_from = folder

    def finished(self) -> Finished | None:
        """The end of a run that has its verdict, else None."""
        path = self.folder / RUN_FILE
        card = read_card(path, RunCard) if path.exists() else None
        if card is None or card.status != "finished":
            return None
        rows = read_rows(self.folder / EVALUATIONS_FILE).rows
        if not rows:
            raise InputError(
                f"{self.folder} holds a finished run without its {EVALUATIONS_FILE}; "
                "restore that file, or remove the folder to train the run again"
            )
        if card.verdict is None or card.score is None:
            raise InputError(
                f"{path} is damaged: it holds a finished run without its verdict or score; "
                "restore it or remove its folder"
            )
        return Finished(rows[-1], stored_verdict(card.verdict), card.score)

    def resume(self) -> Resumed:
        """The newest whole state and the rows up to it; newer rows and checkpoints are removed.

        A damaged checkpoint is warned about and the one before it taken. Where the rows up to the
        checkpoint are not whole either, the run begins again.
        Raises InputError when there are checkpoints and none is whole.
        """
        remove_parts(self.folder)
        remove_parts(self.folder / SAMPLES_FOLDER)
        if checkpoint_files(self.folder) and (self.folder / RUN_FILE).exists():
            self._card = read_card(self.folder / RUN_FILE, RunCard)
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
        return Resumed(rows, state, self._precision)

    def _afresh(self) -> Resumed:
        for path in checkpoint_files(self.folder):
            remove_patiently(path)
        remove_patiently(self.folder / EVALUATIONS_FILE)
        return Resumed([], None, self._precision)

    @property
    def _precision(self) -> str | None:
        """What an earlier start settled for `auto`."""
        return self._card.precision or None if self._card else None

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
        """Write run.json for a run that begins or continues; `hosts` are those of its ranks."""
        self.note_begin(
            budget_images=config.training.budget_images,
            hosts=hosts,
            device=device_name(game.device),
            starting_seconds=starting_seconds,
            precision=game.precision,
            num_parameters=NetworkSizesCard(
                **{player: _num_parameters(getattr(game, player)) for player in game.players}
            ),
        )

    def recall(self) -> None:
        """Take what run.json holds of earlier starts, for a run that continues by itself."""
        if (self.folder / RUN_FILE).exists():
            self._card = read_card(self.folder / RUN_FILE, RunCard)

    def note_begin(
        self,
        *,
        budget_images: int,
        hosts: Sequence[str],
        device: str,
        starting_seconds: float,
        **further: Any,
    ) -> None:
        """Write run.json for a run that begins or continues; `further` are other fields."""
        earlier = self._card.without("error", "ended") if self._card else None
        self._card = _labelled(earlier.stored() if earlier else {}, self.label, "running").changed(
            budget_images=budget_images,
            host=hosts[0],
            hosts=tuple(hosts),
            device=device,
            started=earlier.started if earlier and earlier.started else now(),
            seconds=SecondsCard(starting=starting_seconds),
            **further,
        )
        write_card(self.folder / RUN_FILE, self._card)

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
        assert self._card is not None, "a run ends after it has started"
        training = seconds["training"]
        self._card = self._card.changed(
            status="finished",
            verdict=verdict.stored(),
            score=score,
            final_quality=final_quality,
            images_seen=images_seen,
            ended=now(),
            seconds=self._card.seconds.changed(**seconds),
            images_per_second=images_seen / training if training > 0 else None,
        )
        write_card(self.folder / RUN_FILE, self._card)

    def save_generator(self, generator: Generator) -> None:
        """The averaged generator's weights as safetensors."""
        _save_weights(generator, self.folder / GENERATOR_FILE)

    def keep_generator(self, generator: Generator, images_seen: int) -> None:
        """The averaged generator's weights at an evaluation, beside those of the end."""
        _save_weights(generator, kept_generator_file(self.folder, images_seen))


def _save_weights(generator: Generator, path: Path) -> None:
    tensors = {name: value.contiguous() for name, value in generator.state_dict().items()}
    write_patiently(path, save(tensors))


def mark_errored(folder: Path, label: RunLabel, error: str) -> None:
    """Note in run.json that a run crashed through no fault of the GAN."""
    write_card(folder / RUN_FILE, _ended(folder, label, "errored").changed(error=error))


def mark_pruned(folder: Path, label: RunLabel, last: Row) -> None:
    """Note in run.json that a run was given up for looking poor at its last row."""
    card = _ended(folder, label, "pruned").changed(images_seen=last[IMAGES_SEEN])
    write_card(folder / RUN_FILE, card)


def _ended(folder: Path, label: RunLabel, status: Status) -> RunCard:
    """run.json of a run that ends without a verdict."""
    file = folder / RUN_FILE
    earlier = read_json(file) if is_readable(file) else {}
    return _labelled(earlier, label, status).changed(ended=now())


def _labelled(earlier: Mapping[str, Any], label: RunLabel, status: Status) -> RunCard:
    """The card of a run without a verdict, over what an earlier start left."""
    fields = {
        "trial": label.trial,
        "seed": label.seed,
        "stage": label.stage,
        "attempts": label.attempt,
        "status": status,
        "verdict": None,
        "score": None,
    }
    kept = {name: value for name, value in earlier.items() if name != "fence"}
    if label.fence is not None:
        kept["fence"] = label.fence
    card, _ = validated(RunCard, {**kept, **fields})
    assert card is not None, "the label has every field without a default"
    return card


def device_name(device: torch.device) -> str:
    """`cpu`, or the GPU's own name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _num_parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
