"""A command whose work is done by a child: codes, signals, and an end out of order."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psutil
import pytest

PROGRAM = """
import os, signal, sys, time
from lab.engine.supervise import supervised, tell_study

def drive():
    tell_study("first")
    tell_study("the study")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    print("driving", flush=True)
    {work}
    return 0

def close(name, code):
    print(name, code, flush=True)
    return 130

sys.exit(supervised(drive, close))
"""


def started(work: str) -> subprocess.Popen[str]:
    """The command, once its child has begun."""
    program = [sys.executable, "-c", PROGRAM.format(work=work)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "driving\n"
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code, and what was printed after the beginning."""
    assert process.stdout is not None
    printed = process.stdout.read()  # communicate() would leave out what readline read ahead
    return process.wait(timeout=60), printed


@pytest.mark.parametrize("code", [0, 2, 3, 130])
def test_a_driver_that_ends_by_itself_keeps_its_code(code: int) -> None:
    assert ended(started(f"sys.exit({code})")) == (code, "")


@pytest.mark.parametrize(
    ("work", "code"), [("os._exit(1)", 1), ("os.kill(os.getpid(), signal.SIGKILL)", 137)]
)
def test_a_driver_that_is_ended_has_its_study_closed(work: str, code: int) -> None:
    assert ended(started(work)) == (130, f"the study {code}\n")


def test_a_signal_to_the_command_reaches_the_driver() -> None:
    process = started("time.sleep(60)")
    process.send_signal(signal.SIGTERM)
    assert ended(process) == (7, "")


def test_a_killed_command_takes_the_driver_along() -> None:
    process = started("time.sleep(60)")
    (driver,) = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while driver.is_running() and driver.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
