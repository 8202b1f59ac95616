"""The files of an exported generator: weights, graphs, a script that draws, and their card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from lab.data import Pack
from lab.errors import InputError
from lab.export.model_card import model_card
from lab.export.program import onnx_of, program_of
from lab.export.which import Chosen
from lab.record import GENERATOR_FILE, write_json
from lab.run.finished import FinishedRun, require_generator

ABOUT, PROGRAM, ONNX = "generator.json", "generator.pt2", "generator.onnx"
CONDITIONS, SCRIPT, CARD = "conditions.safetensors", "draw.py", "README.md"
ROWS = 8
"""Classes of the script's picture."""


@dataclass(frozen=True)
class Export:
    """A finished run whose generator leaves."""

    chosen: Chosen
    run: FinishedRun
    """On the CPU."""
    pack: Pack
    texts: tuple[str, ...] = ()
    """Of the script's picture, for a generator of texts."""
    psi: float = 1.0
    """Of the truncation that the run's generator has."""

    @property
    def condition(self) -> str:
        """`none`, `class` or `text`: what a generator gets beside its codes."""
        if self.run.text is not None:
            return "text"
        return "class" if self.run.generator.conditional else "none"


def require_texts(run: FinishedRun, texts: Sequence[str]) -> None:
    """Raise InputError for a generator of texts without one, and for texts that none takes."""
    if run.text is None and texts:
        raise InputError(
            f"--text is given, but {run.name} was not trained with texts; leave it out"
        )
    if run.text is not None and not texts:
        raise InputError(
            f"{run.name} was trained with texts; give --text, once for each row of the picture "
            f"that {SCRIPT} draws"
        )


def write_contents(export: Export, folder: Path, *, onnx: bool) -> None:
    """Write all files into an empty folder. Raises InputError for what torch cannot export."""
    run, conditions = export.run, _conditions(export)
    inputs: tuple[Tensor, ...] = (torch.zeros(4, run.config.network.latent_size),)
    if conditions is not None:
        inputs += (conditions[torch.arange(4) % len(conditions)],)
    program = program_of(run.generator, inputs, run.name)
    torch.export.save(program, folder / PROGRAM)
    if onnx:
        names = ("z", export.condition)[: len(inputs)]
        (folder / ONNX).write_bytes(onnx_of(program, inputs, names, run.name))
    weights = require_generator(export.chosen.folder, run.name)
    (folder / GENERATOR_FILE).write_bytes(weights.read_bytes())
    if conditions is not None:
        (folder / CONDITIONS).write_bytes(save({"conditions": conditions}))
    script = files("lab.export").joinpath(SCRIPT).read_text()
    (folder / SCRIPT).write_text(script)
    about = _about(export)
    write_json(folder / ABOUT, about)
    (folder / CARD).write_text(model_card(export.chosen, about, has_onnx=onnx))


def _conditions(export: Export) -> Tensor | None:
    """Of the picture's rows: classes, int64 [n], or texts' vectors, [n, E]."""
    if export.run.text is not None:
        return export.run.text.conditions_of(export.texts)
    if export.run.generator.conditional:
        return torch.arange(min(export.run.num_classes, ROWS))
    return None


def _about(export: Export) -> dict[str, Any]:
    """What generator.json holds."""
    run, card, pack = export.run, export.chosen.card, export.pack
    return {
        "format": 1,
        "latent_size": run.config.network.latent_size,
        "resolution": pack.resolution,
        "channels": pack.channels,
        "condition": export.condition,
        "class_names": list(pack.card.class_names) if export.condition == "class" else [],
        "texts": list(export.texts),
        "truncation": export.psi,
        "torch": torch.__version__,
        "data": pack.card.name,
        "run": export.chosen.name,
        "seed": card.seed,
        "images_seen": card.images_seen,
        "verdict": None if card.verdict is None else card.verdict.name,
        "score": card.score,
        "config": run.config.model_dump(mode="json"),
    }
