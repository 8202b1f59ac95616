"""``python -m lab.export STUDY|RUN --out FOLDER``: a generator for programs without the lab."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from lab.cli import run_command
from lab.errors import InputError


@dataclass(frozen=True)
class ExportOptions:
    """Write a trained generator as safetensors, as a program of torch.export, as ONNX, and with a
    script of plain PyTorch that draws from it."""

    source: Annotated[str, tyro.conf.Positional]
    """A study, whose recommended trial's stable run of median score is taken, or a run's folder;
    either may be a URL."""
    out: Path
    """The folder to make; it must not exist yet, or be empty."""
    onnx: bool = True
    """Write generator.onnx; needs the extra [export]."""
    truncation: float = 1.0
    """psi of StyleGAN2's truncation, from 0 to 1, which the programs then apply; 1: none."""
    text: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """A text, for a run with texts; give it once for each row of the picture of draw.py."""
    trust: bool = False
    """Run the Python files whose text the record holds, though nothing of yours on this machine
    began with them."""


def command(options: ExportOptions) -> int:
    """What the command line does; returns the exit code."""
    _check(options)
    from lab.data import find
    from lab.data.aside import make_folder_whole
    from lab.export.contents import Export, require_texts, write_contents
    from lab.export.program import require_onnx
    from lab.export.which import chosen_run
    from lab.run.bench import choose_device
    from lab.run.finished import open_finished, stored_config

    if options.onnx:
        require_onnx(", or leave generator.onnx out with --no-onnx")
    chosen = chosen_run(options.source)
    config = stored_config(chosen.folder, chosen.name, trust=options.trust)
    pack = find(config.data)
    run = open_finished(chosen.folder, config, pack, choose_device("cpu"), chosen.name)
    require_texts(run, options.text)
    if options.truncation < 1:
        run.truncate(options.truncation)
    export = Export(chosen, run, pack, options.text, options.truncation)
    make_folder_whole(
        options.out, lambda folder: write_contents(export, folder, onnx=options.onnx)
    )
    print(f"the generator of {chosen.name} in {options.out}\n  python {options.out / 'draw.py'}")
    return 0


def _check(options: ExportOptions) -> None:
    if options.out.exists() and not (options.out.is_dir() and not any(options.out.iterdir())):
        raise InputError(f"--out {options.out} is there already; give a folder that is not")
    if not 0 <= options.truncation <= 1:
        raise InputError(f"--truncation is {options.truncation:g}; it must be from 0 to 1")


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(ExportOptions, command, prog="python -m lab.export", args=args)


if __name__ == "__main__":
    sys.exit(main())
