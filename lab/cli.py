"""Shared by all commands: arguments by tyro, a user's mistake as one sentence and exit code 2."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from types import FrameType, NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import tyro
from tyro.constructors import (
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
    UnsupportedTypeAnnotationError,
)

from lab.errors import InputError, printable

Arguments = TypeVar("Arguments")
OPTIONS = ConstructorRegistry()
"""Rules for parsing options, added to those of tyro."""
MISTAKEN = 2
INTERRUPTED = 130
"""Exit codes: the user's mistake, and Ctrl-C (128 + SIGINT)."""
TERMINALS: set[int] = set()
"""File descriptors of the output that were a terminal."""
SCRIPT = "ganlab"
"""The installed script that runs every command (lab.__main__)."""


def run_command(
    arguments: type[Arguments],
    command: Callable[[Arguments], int],
    *,
    prog: str,
    args: list[str] | None = None,
    bare: Mapping[str, str] | None = None,
) -> int:
    """Parse the command line into `arguments` and run `command`; returns the exit code.

    An option in `bare` may be given without its number and then takes the one stated there. An
    InputError becomes one sentence on stderr and exit code 2; Ctrl-C, SIGTERM and SIGHUP one line
    and 130; any other exception is a bug and keeps its traceback.
    """

    def work() -> int:
        words = filled(sys.argv[1:] if args is None else args, bare or {})
        flags = (tyro.conf.FlagCreatePairsOff,)
        return command(tyro.cli(arguments, prog=prog, args=words, config=flags))

    prog = as_called(prog)
    return exit_code_of(work, prog)


def run_commands(
    commands: Mapping[str, Callable[..., int]], *, prog: str, args: list[str] | None = None
) -> int:
    """Run the subcommand that the command line names; returns its exit code.

    A command is a function whose parameters are its options; mistakes end as in `run_command`.
    """

    def work() -> int:
        code: int = tyro.extras.subcommand_cli_from_dict(
            dict(commands), prog=prog, args=args, config=(tyro.conf.FlagCreatePairsOff,)
        )
        return code

    prog = as_called(prog)
    return exit_code_of(work, prog)


def as_called(prog: str) -> str:
    """`ganlab search` for `python -m lab.search` where the script was called, else `prog`."""
    if Path(sys.argv[0]).name != SCRIPT:
        return prog
    module = prog.removeprefix("python -m ").removeprefix("lab.")
    return f"{SCRIPT} {'report' if module == 'reports' else module}"


def command_line() -> list[str]:
    """The words of the command line without the folders of the interpreter and the script."""
    first, *words = sys.orig_argv
    if words and Path(words[0]).name == SCRIPT:
        return [SCRIPT, *map(printable, words[1:])]
    return [Path(first).name, *map(printable, words)]


def filled(words: Sequence[str], bare: Mapping[str, str]) -> list[str]:
    """The command line, completed by a number after each `bare` option that was given without."""
    result: list[str] = []
    for word, following in zip_longest(words, words[1:]):
        result.append(word)
        if word in bare and not _is_number(following):
            result.append(bare[word])
    return result


def _is_number(word: str | None) -> bool:
    try:
        float(word or "")
    except ValueError:
        return False
    return True


@OPTIONS.primitive_rule
def _optional(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """Parse and describe `int | None` as `INT`; an option that is left out is None."""
    kinds = get_args(info.type)
    if get_origin(info.type) not in (UnionType, Union) or NoneType not in kinds or len(kinds) != 2:
        return None
    inner = next(kind for kind in kinds if kind is not NoneType)
    spec = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(inner, info.markers))
    if isinstance(spec, UnsupportedTypeAnnotationError):
        return None

    def as_text(value: Any) -> list[str]:
        return ["none"] if value is None else spec.str_from_instance(value)

    return replace(
        spec,
        is_instance=lambda value: value is None or spec.is_instance(value),
        str_from_instance=as_text,
    )


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP act like Ctrl-C, which Python and Ray Tune handle in order.

    A scheduler sends the first before it takes a machine away, a closing terminal the second;
    under `nohup` that one stays ignored. SIGTERM also works where Ctrl-C is ignored, as it is in a
    shell's background job. Only the main thread can handle signals: elsewhere nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A terminal that is gone is none any more, so this is asked while it is there.
    TERMINALS.update(stream for stream in (1, 2) if os.isatty(stream))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if number != signal.SIGHUP or handler != signal.SIG_IGN:
            signal.signal(number, _as_ctrl_c)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let nothing stop what must be whole; a stop that came meanwhile comes at its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda got, _: came.append(got)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        _as_ctrl_c(came[0], None)


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGHUP:
        _leave_terminal()
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _leave_terminal() -> None:
    """Output goes nowhere from now on: a write to a terminal that is gone is an error."""
    for stream in TERMINALS:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def exit_code_of(work: Callable[[], int], prog: str) -> int:
    """What `work` returns; an error or a stop is printed and has its code, as in `run_command`."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files need not be UTF-8
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with OPTIONS, stopped_by_signals():
            return work()
    except InputError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return MISTAKEN
    except KeyboardInterrupt:
        print(f"{prog}: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
