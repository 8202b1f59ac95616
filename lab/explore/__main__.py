"""``python -m lab.explore RUN [RUN ...]``: a page that draws from trained generators."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from lab.cli import run_command
from lab.errors import InputError

if TYPE_CHECKING:
    from lab.explore.recipe import Recipe
    from lab.explore.shelf import Shelf

PICTURES = (".png", ".json")
"""Endings of files that hold a recipe."""


@dataclass(frozen=True)
class ExploreOptions:
    """Draw from the generators of finished runs, on a page of this machine: sliders over principal
    directions, interpolation, classes, truncation, times of a run, nearest training images."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Folders of runs, or of trials, which stand for all their finished runs; a URL is a run's.
    Runs are drawn side by side from the same codes. A picture that the page saved (PNG), or a JSON
    file with its recipe, opens the page with what it shows."""
    port: int = 0
    """Port on loopback; 0 takes a free one."""
    export: Path | None = None
    """Write a page and an ONNX file of one run into this folder instead: the page runs the
    generator in the browser, from disk and without a network."""
    device: str = "auto"
    """auto, cpu or cuda."""
    trust: bool = False
    """Run the Python files whose text the record holds, though nothing of yours on this machine
    began with them."""


def command(options: ExploreOptions) -> int:
    """What the command line does, until it is stopped; returns the exit code."""
    from lab.explore.server import Explorer
    from lab.explore.shelf import Shelf, sources_of
    from lab.loopback import address, answered, listen
    from lab.run.bench import choose_device

    start = _recipe(options.runs)
    named = [name for name in options.runs if not _is_picture(name)]
    sources = sources_of([*([start.run] if start else []), *named], trust=options.trust)
    if options.export is not None:
        return _export(Shelf(sources, choose_device("cpu")), options.export)
    shelf = Shelf(sources, choose_device(options.device))
    explorer = Explorer(shelf, options.device, start)
    listener = listen(options.port, "--port")
    with answered(listener, explorer.answer):
        print(f"{address(listener)}{explorer.token}/  (Ctrl-C ends it)", flush=True)
        threading.Event().wait()
    return 0


def _export(shelf: Shelf, folder: Path) -> int:
    from lab.explore.export import export_run

    written = export_run(shelf, folder)
    print(f"page: {written.page}\nONNX: {written.model}")
    return 0


def _recipe(names: tuple[str, ...]) -> Recipe | None:
    """The recipe that the page opens with. Raises InputError for several, or for no run at all."""
    from lab.explore.recipe import read_recipe

    if not names:
        raise InputError("name the run to explore, say studies/mine/trials/0007/seed-3")
    pictures = [name for name in names if _is_picture(name)]
    if len(pictures) > 1:
        raise InputError(
            f"{len(pictures)} pictures are given ({', '.join(pictures)}); the page opens with one"
        )
    return read_recipe(Path(pictures[0])) if pictures else None


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in PICTURES


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(ExploreOptions, command, prog="python -m lab.explore", args=args)


if __name__ == "__main__":
    sys.exit(main())
