"""What every command shares: options, mistakes, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.cli import command_line, filled, run_command, run_commands
from lab.errors import InputError


@dataclass(frozen=True)
class Options:
    """Say what came."""

    count: int | None = None
    """A number."""
    word: str | None = None
    """A word."""
    place: Path | None = None
    """A place."""


def asked(args: list[str]) -> Options:
    seen: list[Options] = []

    def command(options: Options) -> int:
        seen.append(options)
        return 0

    assert run_command(Options, command, prog="prog", args=args) == 0
    return seen[0]


def test_an_option_left_out_is_none() -> None:
    assert asked([]) == Options(None, None, None)
    assert asked(["--count", "3", "--word", "a"]) == Options(3, "a", None)
    assert asked(["--place", "x/y"]).place == Path("x/y")


def test_help_names_the_kind_and_not_its_absence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        asked(["--help"])
    shown = capsys.readouterr().out
    assert "--count INT" in shown
    assert "--place PATH" in shown
    assert "{None}" not in shown


def test_a_value_of_another_kind_is_answered_with_the_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        asked(["--count", "many"])
    assert stopped.value.code == 2
    assert "--count" in capsys.readouterr().err


def test_a_mistake_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    def mistaken(options: Options) -> int:
        raise InputError("count is -1; it must be 0 or more")

    assert run_command(Options, mistaken, prog="prog", args=[]) == 2
    assert capsys.readouterr().err == "prog: count is -1; it must be 0 or more\n"


def test_ctrl_c_is_one_line_and_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped() -> int:
        raise KeyboardInterrupt

    def other() -> int:
        return 0

    commands = {"stop": stopped, "go": other}
    assert run_commands(commands, prog="prog", args=["stop"]) == 130
    assert capsys.readouterr().err == "prog: stopped\n"
    assert run_commands(commands, prog="prog", args=["go"]) == 0


def test_a_bug_keeps_its_traceback() -> None:
    def broken(options: Options) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_command(Options, broken, prog="prog", args=[])


@pytest.mark.parametrize(
    ("words", "full"),
    [
        (["--watch"], ["--watch", "30"]),
        (["--watch", "5"], ["--watch", "5"]),
        (["--watch", "study"], ["--watch", "30", "study"]),
        (["--watch", "--serve", "0"], ["--watch", "30", "--serve", "0"]),
        (["--watch=5", "--serve"], ["--watch=5", "--serve", "0"]),
        (["--name", "--watching"], ["--name", "--watching"]),
    ],
)
def test_an_option_may_come_without_its_number(words: list[str], full: list[str]) -> None:
    assert filled(words, {"--watch": "30", "--serve": "0"}) == full


STOPPED = """
import os, signal, sys, time
from dataclasses import dataclass
from lab.cli import run_command, undisturbed

@dataclass
class Options:
    "Waits."

def command(options):
    print("waiting", flush=True)
    if sys.argv[1] == "whole":
        with undisturbed():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.2)
            print("whole", flush=True)
    time.sleep(60)
    return 0

sys.exit(run_command(Options, command, prog="prog", args=[]))
"""


def stopped(how: signal.Signals | None, *, ignored: tuple[signal.Signals, ...] = ()) -> str:
    """What a waiting command prints until a signal has ended it, with its exit code."""

    def ignore() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)

    waiting = subprocess.Popen(
        [sys.executable, "-c", STOPPED, "whole" if how is None else "plain"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=ignore,
    )
    assert waiting.stdout is not None
    said = waiting.stdout.readline()
    if how is not None:
        waiting.send_signal(how)
    said += waiting.stdout.read()
    return f"{said}{waiting.wait(timeout=60)}"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_three_signals_stop_a_command_alike(how: signal.Signals) -> None:
    assert stopped(how) == "waiting\nprog: stopped\n130"


def test_a_background_job_that_ignores_ctrl_c_is_stopped_by_sigterm() -> None:
    assert stopped(signal.SIGTERM, ignored=(signal.SIGINT,)) == "waiting\nprog: stopped\n130"


def test_what_must_be_whole_is_finished_before_a_stop() -> None:
    assert stopped(None) == "waiting\nwhole\nprog: stopped\n130"


def test_arguments_that_are_not_utf8_are_stored_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["/usr/bin/python3", "-m", "lab.search", "--storage", os.fsdecode(b"caf\xe9")]
    monkeypatch.setattr(sys, "orig_argv", words)
    assert command_line() == ["python3", "-m", "lab.search", "--storage", r"caf\xe9"]
