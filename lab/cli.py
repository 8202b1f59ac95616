"""What all commands share: arguments by tyro, a person's mistake as one sentence, exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

import tyro

from lab.config import InputError

Arguments = TypeVar("Arguments")
MISTAKEN = 2
INTERRUPTED = 130
"""Exit codes: the person's mistake, and Ctrl-C (128 + SIGINT)."""


def run_command(
    arguments: type[Arguments],
    command: Callable[[Arguments], int],
    *,
    prog: str,
    args: list[str] | None = None,
) -> int:
    """Parse the command line into `arguments` and run `command`; returns the exit code.

    An InputError becomes one sentence on stderr and exit code 2, Ctrl-C one line and 130; any
    other exception is a bug and keeps its traceback.
    """

    def work() -> int:
        parsed = tyro.cli(arguments, prog=prog, args=args, config=(tyro.conf.FlagCreatePairsOff,))
        return command(parsed)

    return _told(work, prog)


def run_commands(
    commands: Mapping[str, Callable[..., int]], *, prog: str, args: list[str] | None = None
) -> int:
    """Run the named command that the command line asks for; returns its exit code.

    A command is a function whose parameters are its options; mistakes end as in `run_command`.
    """

    def work() -> int:
        code: int = tyro.extras.subcommand_cli_from_dict(
            dict(commands), prog=prog, args=args, config=(tyro.conf.FlagCreatePairsOff,)
        )
        return code

    return _told(work, prog)


def _told(work: Callable[[], int], prog: str) -> int:
    try:
        return work()
    except InputError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return MISTAKEN
    except KeyboardInterrupt:
        print(f"{prog}: stopped", file=sys.stderr)
        return INTERRUPTED
