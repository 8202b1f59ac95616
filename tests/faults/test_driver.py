"""The driver killed, everything killed at once, and a polite request to end; then --resume."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil
import pytest

from lab.cli import INTERRUPTED
from lab.record import read_study
from tests.faults.conftest import Stage
from tests.faults.processes import kill, kill_session, processes
from tests.faults.scene import FLOAT32, SEARCH, Scene, Search, in_the_foreground

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
RESUMED = "finished with --resume"


def test_a_killed_driver_takes_its_processes_along_and_is_resumed(stage: Stage) -> None:
    scene = stage("SIGKILL of the driver")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.process.pid)
        search.exit_code()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well(RESUMED)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_everything_killed_at_once_is_resumed(stage: Stage, workers: str) -> None:
    scene = stage("SIGKILL of everything at once", workers)
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill_session(search.session)
        search.exit_code()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well(RESUMED)


def test_a_driver_asked_to_end_closes_its_record(stage: Stage) -> None:
    scene = stage("SIGTERM to the driver")
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        kill(search.process.pid, with_signal=signal.SIGTERM)
        assert search.exit_code() == INTERRUPTED, search.said()
    assert "Traceback" not in search.said(), search.said()
    assert f"python -m lab.search --resume {scene.study}" in search.said()
    assert read_study(scene.study).card.status == "interrupted"
    scene.leaves_nothing()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well(RESUMED)


def sigterm_of_the_session(search: Search) -> None:
    """As a batch system ends a job: the driver and all of Ray's processes at once."""
    kill(*processes(search.session), with_signal=signal.SIGTERM)


def sigkill_of_the_raylet(search: Search) -> None:
    """As a machine without memory may do it."""
    (raylet,) = [pid for pid, said in processes(search.session).items() if "/raylet" in said[:300]]
    kill(raylet)


def sigkill_of_the_driver(search: Search) -> None:
    """The process in which Ray's client is, not the one that was started."""
    (driver,) = psutil.Process(search.process.pid).children()
    kill(driver.pid)


BLOWS = {
    "SIGTERM to the whole session": sigterm_of_the_session,
    "SIGKILL of the raylet": sigkill_of_the_raylet,
    "SIGKILL of the driver alone": sigkill_of_the_driver,
}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("blow", BLOWS)
def test_a_search_that_is_ended_from_outside_closes_its_record(
    stage: Stage, blow: str, workers: str
) -> None:
    scene = stage(blow, workers)
    scene.start()
    search = scene.until_rows(3)
    with scene.fault():
        BLOWS[blow](search)
        assert search.exit_code() == INTERRUPTED, search.said()
    assert f"python -m lab.search --resume {scene.study}" in search.said()
    assert (scene.study / "report.html").exists()
    assert read_study(scene.study).card.status == "interrupted"
    scene.leaves_nothing()
    scene.resume()
    scene.until_it_goes_on()
    scene.ends_well(RESUMED)


STOPS = {
    "SIGINT": (signal.SIGINT,),
    "SIGINT twice": (signal.SIGINT, signal.SIGINT),
    "SIGTERM": (signal.SIGTERM,),
    "SIGTERM twice": (signal.SIGTERM, signal.SIGTERM),
    "SIGHUP": (signal.SIGHUP,),
}


@pytest.mark.parametrize("moment", ["trials; ", "started"])
@pytest.mark.parametrize("stop", STOPS)
def test_at_every_moment_a_stop_is_in_order(stage: Stage, stop: str, moment: str) -> None:
    """Before the first run (the study has just been printed) and while it is being set up."""
    scene = stage(f"{stop} when it says {moment}", "1")
    search = scene.start()
    search.until_said(moment)
    for number in STOPS[stop]:
        kill(search.process.pid, with_signal=number)
        time.sleep(0.3)
    assert search.exit_code() == INTERRUPTED, search.said()
    said = search.said()
    assert "Traceback" not in said, said
    assert f"python -m lab.search --resume {scene.study}" in said
    assert f"report {scene.study}/report.html" in said
    assert (scene.study / "report.html").exists()
    assert read_study(scene.study).card.status == "interrupted"
    scene.leaves_nothing()


def test_a_background_job_of_a_shell_ends_at_sigterm_before_its_runs_begin(
    tmp_path: Path,
) -> None:
    """A shell lets its background jobs ignore Ctrl-C, which a SIGTERM used to be turned into."""
    search = "-u -m lab.search --trials=2 --budget-kimg=400 --preset=laptop"
    job = f"{sys.executable} {search} --storage={tmp_path} --name=study"
    shell = subprocess.Popen(
        ["sh", "-c", f"{job} > {tmp_path}/said 2>&1 & echo $!; wait $!; echo code $?"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert shell.stdout is not None
    said = tmp_path / "said"
    pid = int(shell.stdout.readline())
    deadline = time.monotonic() + 120
    while not said.exists() or "trials; " not in said.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    kill(pid, with_signal=signal.SIGTERM)
    assert shell.stdout.readline().strip() == f"code {INTERRUPTED}"
    assert "--resume" in said.read_text()


def test_a_closed_terminal_closes_the_record(stage: Stage) -> None:
    """The kernel sends SIGHUP, and every write to the terminal is an error from then on."""
    scene = stage("the terminal is closed", "1")
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        process = launch_in_terminal(scene, terminal)
    while b"running" not in (seen := os.read(ours, 65536)):
        assert seen
    os.close(ours)
    assert process.wait(timeout=120) == INTERRUPTED
    assert read_study(scene.study).card.status == "interrupted"
    assert (scene.study / "report.html").exists()


def launch_in_terminal(scene: Scene, terminal: IO[str]) -> subprocess.Popen[str]:
    """A search whose controlling terminal is this one."""
    program = "import fcntl, sys, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0)\n"
    program += "from lab.search import main; sys.exit(main(sys.argv[1:]))"
    asked = (f"--storage={scene.place}", *SEARCH, "--name=study", FLOAT32)
    return subprocess.Popen(
        [sys.executable, "-c", program, *asked],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        text=True,
        start_new_session=True,
        preexec_fn=in_the_foreground,
    )
