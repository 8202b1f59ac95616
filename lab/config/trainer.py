"""A training of a person's own in place of the lab's: a Python function, or a command."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from lab.config.base import ConfigSection
from lab.config.template import LATEST, filled_command, parsed_command, placeholders
from lab.errors import InputError

BUDGET = "training.budget_images"
DATA = "data.source"
OF_LAB = (BUDGET, DATA)
"""Settings that keep their meaning in a space with its own trainer, as those of `stability` do."""
RESERVED = ("folder", "data", "seed", "gpus", "device", "python", "budget", "kimg", LATEST)
"""Placeholders that are no parameters."""
MODULE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
Value = bool | int | float | str | None


class MetricConfig(ConfigSection):
    """The distance that the trainer measures, and what it means."""

    name: str
    """Its column in the log, or its name in `run.report`."""
    initial: float
    """Value of an untrained generator, where quality is 0."""
    floor: float = 0.0
    """Value of real images, where quality is 1."""
    target: float | None = None
    """Value that a stable run reaches; null: stability.target_quality decides."""

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if not self.initial > self.floor:
            raise ValueError(
                f"METRIC has initial {self.initial:g} and floor {self.floor:g}; it must fall "
                "while images become better: give a distance to real images, with initial above "
                "floor"
            )
        if self.target is not None and not self.floor < self.target < self.initial:
            raise ValueError(
                f"METRIC has target {self.target:g}; it must lie between floor, {self.floor:g}, "
                f"and initial, {self.initial:g}"
            )
        return self

    @property
    def column(self) -> str:
        """Its column in the record."""
        return re.sub(r"[^a-z0-9_-]+", "_", self.name.lower()).strip("_") or "metric"


class ClockConfig(ConfigSection):
    """The column of a log that counts the training, where its name is not recognised."""

    column: str
    """Its name."""
    images: int | str = 1
    """Images of one of its units: a number, or the parameter that has it, say the batch size."""


class TrainerConfig(ConfigSection):
    """Who trains, how it is followed, and the values of its parameters."""

    function: str = ""
    """`my_project.train:train` or `path/to/mine.py:train`; empty for a command."""
    command: str = ""
    """The command line with placeholders; empty for a function."""
    log: str = ""
    """Pattern of the log that the command writes, within its folder."""
    resume: str = ""
    """Words that are added to the command when it continues; empty: it begins again."""
    metric: MetricConfig
    """The distance that is judged."""
    clock: ClockConfig | None = None
    """The column of the log's clock; null where its name is recognised."""
    patience_minutes: float = Field(default=60.0, gt=0.0)
    """A run without a new evaluation for so long is ended and marked errored."""
    home: str = ""
    """Folder of the space's file: where the command runs and modules are looked for."""
    data: str | None = None
    """What `{data}` stands for."""
    parameters: dict[str, Value] = {}
    """Values by the person's own names."""

    @model_validator(mode="after")
    def _no_reserved_name(self) -> Self:
        for name in self.parameters if self.is_startable else ():
            if name in RESERVED:
                raise ValueError(
                    f"the parameter '{name}' has the name of a placeholder; call it otherwise "
                    f"(taken are {', '.join(RESERVED)})"
                )
        return self

    @property
    def is_startable(self) -> bool:
        """Whether there is a function or a command; runs that were trained elsewhere have none."""
        return bool(self.function or self.command)

    @property
    def in_words(self) -> str:
        """Who trains, for a sentence."""
        if not self.is_startable:
            return "the program that trained the runs"
        return f"the trainer {self.function}" if self.function else "the command of the space"

    @property
    def program(self) -> str | None:
        """The first word of the command; None where it depends on a parameter."""
        first = parsed_command(self.command, "COMMAND")[0]
        fillable = {None: "", "python": sys.executable}
        if any(piece.name not in fillable for piece in first):
            return None
        return "".join(piece.text + fillable[piece.name] for piece in first)

    @property
    def images_of_clock(self) -> int | None:
        """Images of one unit of the clock; None where its name is recognised.

        Raises InputError for a parameter that has no whole number.
        """
        if self.clock is None:
            return None
        images = self.clock.images
        value = self.parameters.get(images) if isinstance(images, str) else images
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(
                f"CLOCK has images {images!r}, which is {value!r} here; give a whole number above "
                "0, or the name of a parameter that has one"
            )
        return value

    def values(
        self, *, folder: str, seed: int, gpus: int, device: str, budget_images: int
    ) -> dict[str, Any]:
        """What the placeholders of the command stand for."""
        return {
            **self.parameters,
            BUDGET: budget_images,
            "folder": folder,
            "data": self.data,
            "seed": seed,
            "gpus": gpus,
            "device": device,
            "python": sys.executable,
            "budget": budget_images,
            "kimg": _in_kimg(budget_images),
        }

    def words(self, values: Mapping[str, Any], resumed: Path | None = None) -> list[str]:
        """The command with its values, and RESUME's words where `resumed` has what they name.

        Raises InputError for a placeholder that is none, or has no value.
        """
        words = filled_command(self.command, "COMMAND", values)
        assert words is not None
        if resumed is not None and self.resume:
            words += filled_command(self.resume, "RESUME", values, resumed) or []
        return words

    def require_usable(self, budget_images: int) -> None:
        """Raise InputError for placeholders and clocks that these parameters do not fill."""
        _ = self.images_of_clock
        if not self.command:
            return
        values = self.values(
            folder="folder", seed=0, gpus=0, device="cpu", budget_images=budget_images
        )
        values["data"] = self.data or "data"  # --dataset may come later: see `require_data`
        filled_command(self.command, "COMMAND", values)
        if self.resume:
            parsed_command(self.resume, "RESUME")
            filled_command(_without_latest(self.resume), "RESUME", values)

    def require_data(self) -> None:
        """Raise InputError for a command that asks for data where none is named."""
        if self.command and self.data is None and "data" in placeholders(self.command, "COMMAND"):
            raise InputError(
                f"COMMAND has {{data}}, and no data is named; give --dataset PATH, or "
                f"{DATA} in BASE"
            )


def _without_latest(resume: str) -> str:
    return re.sub(rf"\{{{LATEST}:[^}}]*\}}", "file", resume)


def _in_kimg(images: int) -> float | int:
    kimg = images / 1000
    return int(kimg) if math.floor(kimg) == kimg else kimg


def is_of_lab(path: str) -> bool:
    """Whether a setting keeps its meaning in a space with its own trainer."""
    return path in OF_LAB or path.startswith("stability.")
