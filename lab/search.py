"""``python -m lab.search``: search a GAN space; from a script call `search(...)`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from lab.cli import INTERRUPTED, exit_code_of, run_command
from lab.engine.options import SearchOptions
from lab.engine.supervise import supervised, tell_study
from lab.errors import InputError, unknown
from lab.record import STUDY_FILE, StudyCard, StudyRecord, read_card, read_study
from lab.record.storage import Storage, open_storage

PROG = "python -m lab.search"
ERRORED = 3
"""Exit code of a finished search some of whose runs were given up after crashes."""
PRINTING = ("list_spaces", "dry_run")
"""Options of the command that print something and create no study."""
WAIT_SECONDS = 60.0
"""How long the end of a study's dead driver is waited for."""


Suggest = Callable[[Any], Mapping[str, Any]]
"""From an optuna.Trial to path -> value, as `suggest` of a space's file."""
Points = Mapping[str, Mapping[str, Any]]


def search(
    space: str | Path | Suggest = "sngan",
    *,
    base: Mapping[str, Any] | None = None,
    known_points: Points | None = None,
    callbacks: Sequence[Any] = (),
    **options: Any,
) -> StudyRecord:
    """Search a space from a notebook or script and return the finished study.

    `space` is a name, a file, or a function `suggest(trial) -> {path: value}`; with a function,
    `base` and `known_points` are what BASE and KNOWN_POINTS are in a file. `options` are those of
    the command, with underscores: ``search("sngan", trials=8, seed=1)``; `set` takes a list of
    "path=value". `callbacks` are Ray Tune's (`ray.tune.Callback`). Raises InputError for an
    unknown or invalid option.
    """
    from lab.engine.drive import search_study
    from lab.plan import space_from
    from reports.live.serving import page_shown

    given = None
    if callable(space):
        given = space_from(space, base=base, known_points=known_points)
        space = given.name
    elif base is not None or known_points is not None:
        raise InputError("base and known_points belong to a space that is a function")

    allowed = [option.name for option in fields(SearchOptions) if option.name not in PRINTING]
    for name in options:
        if name not in allowed:
            raise unknown("the option", name, allowed)
    paths = ("storage", "resume")
    options = {name: str(to) if name in paths else to for name, to in options.items()}
    asked = SearchOptions(space=str(space), **options)
    console = Console(stderr=True)
    with page_shown(asked.serve, console) as show:
        storage = search_study(asked, console, show, given, callbacks).storage
    _write_report(storage)
    return read_study(storage.folder)


def command(options: SearchOptions) -> int:
    """Run the command; returns its exit code."""
    console = Console()
    if options.list_spaces:
        return _list_spaces(console)
    if options.dry_run:
        from lab.engine.forecast.dry_run import dry_run

        dry_run(options, console)
        return 0
    from lab.engine.drive import StudyInterrupted, search_study
    from reports.live.serving import page_shown

    try:
        with page_shown(options.serve, console) as show:

            def told(storage: Storage) -> None:
                tell_study(storage.name)
                show(storage)

            searched = search_study(options, console, told, ended=partial(_leave, console))
    except StudyInterrupted as stopped:
        console.print(f"stopped; {stopped.hint}", highlight=False, soft_wrap=True)
        _print_report(stopped.storage, console)
        return INTERRUPTED
    _print_report(searched.storage, console)
    return ERRORED if searched.num_errored else 0


def _leave(console: Console, storage: Storage, error: Exception) -> None:
    """End the process in the middle of a call that waits for a Ray that is gone."""
    from lab.engine.ray_end import leave_process

    console.print(str(error), highlight=False, soft_wrap=True)
    _print_report(storage, console)
    leave_process(INTERRUPTED)


def _print_report(storage: Storage, console: Console) -> None:
    try:
        page = _write_report(storage)
    except KeyboardInterrupt:
        console.print(
            f"no report was written; make it with\n  python -m reports {storage.name}",
            highlight=False,
            soft_wrap=True,
        )
        raise
    if page:
        console.print(f"report {page}", highlight=False, soft_wrap=True)


def _write_report(storage: Storage) -> str | None:
    """Write the page and return its path; a bug in the report must not fail the search."""
    try:
        from reports import store_report

        return store_report(storage)
    except Exception:
        traceback.print_exc()
        command = f"python -m reports {storage.name}"
        print(
            f"the report could not be written; the record is complete. Try again with {command}",
            file=sys.stderr,
        )
        return None


def _list_spaces(console: Console) -> int:
    from lab.plan import in_words, list_spaces

    for space in list_spaces():
        first, _, rest = space.description.partition("\n")
        console.print(f"[bold]{space.name}[/]  {first}", highlight=False)
        if rest.strip():
            console.print(" ".join(rest.split()), highlight=False)
        for name, distribution in space.parameters().items():
            line = f"    {name}: {in_words(distribution)}"
            console.print(line, style="dim", highlight=False, soft_wrap=True)
        console.print(f"    known points: {', '.join(space.known_points)}\n", highlight=False)
    return 0


def main(args: list[str] | None = None) -> int:
    """Entry point; as a command (without `args`) the search has a process of its own."""
    if args is None:
        return supervised(lambda: main(sys.argv[1:]), _close_for)
    bare = {"--serve": "0"}
    return run_command(SearchOptions, command, prog=PROG, args=args, bare=bare)


def _close_for(name: str, code: int) -> int:
    """Close the record of a study whose driver was ended; returns the exit code."""
    from lab.engine.conclusion import how_to_go_on, mark_interrupted
    from lab.record.leases import held

    def closed() -> int:
        console = Console()
        storage = open_storage(name)
        storage.fetch(STUDY_FILE)
        if read_card(storage.folder / STUDY_FILE, StudyCard).status != "running":
            return code
        with held(storage, wait_seconds=WAIT_SECONDS):
            mark_interrupted(storage)
        console.print(
            f"the search was ended from outside (exit code {code}); {how_to_go_on(storage)}",
            highlight=False,
            soft_wrap=True,
        )
        _print_report(storage, console)
        return INTERRUPTED

    return exit_code_of(closed, PROG)


if __name__ == "__main__":
    sys.exit(main())
