"""``python -m lab.sample RUN --text "a red heart" --out grid.webp``: images of a finished run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from lab.cli import run_command
from lab.errors import InputError, unknown
from lab.record import StorageFailed

if TYPE_CHECKING:
    from torch import Tensor

    from lab.data import Pack
    from lab.run.finished import FinishedRun

MOST = 10_000
"""Images of one picture."""


@dataclass(frozen=True)
class SampleOptions:
    """Draw images from the averaged generator of a finished run, a row for each text or class."""

    run: Annotated[str, tyro.conf.Positional]
    """The run's folder or URL, say studies/mine/trials/0007/seed-3."""
    out: Path = Path("samples.webp")
    """The picture to write, *.webp."""
    text: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """A text, for a run with texts; give it once for each row."""
    class_name: Annotated[
        tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(name="class")
    ] = ()
    """A class by name, for a class-conditional run; give it once for each row."""
    each: int = 8
    """Images of a row."""
    seed: int = 0
    """Seed of the latent codes; the same one gives every row the same codes."""
    truncation: float = 1.0
    """psi of StyleGAN2's truncation, from 0 to 1; 1: none."""
    device: str = "auto"
    """auto, cpu or cuda."""
    trust: bool = False
    """Run the Python files whose text the record holds, though nothing of yours on this machine
    began with them."""


def command(options: SampleOptions) -> int:
    """What the command line does; returns the exit code."""
    _check(options)
    from lab.data import find
    from lab.gan.sampling import save_grid
    from lab.run.bench import choose_device
    from lab.run.finished import local_folder, open_finished, stored_config

    folder = local_folder(options.run)
    config = stored_config(folder, options.run, trust=options.trust)
    pack = find(config.data)
    run = open_finished(folder, config, pack, choose_device(options.device), options.run)
    if options.truncation < 1:
        run.truncate(options.truncation)
    conditions = _conditions(run, pack, options).repeat_interleave(options.each, 0)
    images = run.images_of(conditions, seed=options.seed, row=options.each)
    try:
        save_grid(images, options.out, options.each)
    except StorageFailed as failed:
        raise InputError(
            f"--out {options.out} cannot be written ({failed.reason}); give another path"
        ) from None
    print(f"{len(images)} images in {options.out}, seed {options.seed}")
    return 0


def _check(options: SampleOptions) -> None:
    if options.out.suffix != ".webp":
        raise InputError(f"--out is {options.out}; its name must end in .webp")
    if not options.out.resolve().parent.is_dir():
        raise InputError(f"--out is {options.out}, in a folder that does not exist; make it first")
    rows = max(1, len(options.text) + len(options.class_name))
    if not 1 <= options.each * rows <= MOST:
        raise InputError(
            f"--each is {options.each} for {rows} rows; a picture has from 1 to {MOST:,} images"
        )
    if not 0 <= options.truncation <= 1:
        raise InputError(f"--truncation is {options.truncation:g}; it must be from 0 to 1")
    if options.seed < 0:
        raise InputError(f"--seed is {options.seed}; it must be >= 0")


def _conditions(run: FinishedRun, pack: Pack, options: SampleOptions) -> Tensor:
    """The condition of each row."""
    import torch

    if options.text and run.text is None:
        raise InputError(
            f"--text is given, but {options.run} was not trained with texts; give --class for a "
            "class-conditional run, or leave it out"
        )
    if options.class_name and not run.config.network.conditional:
        raise InputError(
            f"--class is given, but {options.run} is not class-conditional; give --text for a run "
            "with texts, or leave it out"
        )
    if options.text and run.text is not None:
        return run.text.conditions_of(options.text)
    if run.text is not None:
        raise InputError(
            f"{options.run} was trained with texts; describe the picture with --text, once for "
            "each row"
        )
    names = options.class_name
    if not names and run.config.network.conditional:
        names = pack.card.class_names
    return torch.tensor([_class_number(name, pack) for name in names] or [0])


def _class_number(name: str, pack: Pack) -> int:
    if name not in pack.card.class_names:
        raise unknown("the class", name, pack.card.class_names)
    return pack.card.class_names.index(name)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(SampleOptions, command, prog="python -m lab.sample", args=args)


if __name__ == "__main__":
    sys.exit(main())
