"""Facts about a person's process: nothing of it is left, whatever ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.errors import InputError
from lab.trainer.process import KeptProcess, tail_of

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="adopts orphans by prctl")
DEADLINE_SECONDS = 60.0


def started(folder: Path, script: str, term_seconds: float = 0.3) -> KeptProcess:
    return KeptProcess(
        ["sh", "-c", script],
        home=folder,
        output=folder / "output.txt",
        environment=dict(os.environ),
        term_seconds=term_seconds,
    )


def number_in(file: Path) -> int:
    """The number that a process writes into a file, waited for."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < deadline, f"nothing was written into {file}"
        time.sleep(0.02)
    return int(file.read_text())


def is_gone(pid: int) -> bool:
    """Whether a process has ended, waited for."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists():
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z":
                return True
        time.sleep(0.02)
    return False


def test_exit_codes_and_output_are_kept(tmp_path: Path) -> None:
    process = started(tmp_path, "echo out; echo err >&2; exit 7")
    assert process.wait(DEADLINE_SECONDS)
    assert process.code == 7
    assert tail_of(tmp_path / "output.txt") == "out\nerr"
    process.stop()  # of what has ended is nothing


def test_a_process_that_is_killed_has_the_signal_as_its_code(tmp_path: Path) -> None:
    process = started(tmp_path, "kill -9 $$")
    assert process.wait(DEADLINE_SECONDS)
    assert process.code == -signal.SIGKILL


def test_binary_output_has_a_readable_end(tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(b"\x00\xff\x1b[31m" * 2000 + b"\rat 3 %\rlast line\n\x07")
    assert tail_of(tmp_path / "output").endswith("at 3 %\nlast line")
    assert tail_of(tmp_path / "none") == ""


def test_a_process_may_end_in_order_after_sigterm(tmp_path: Path) -> None:
    process = started(tmp_path, "trap 'echo saved; exit 0' TERM; echo $$ > pid; sleep 99 & wait")
    number_in(tmp_path / "pid")
    process.stop()
    assert process.code == 0
    assert tail_of(tmp_path / "output.txt") == "saved"


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = started(tmp_path, "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done")
    pid = number_in(tmp_path / "pid")
    process.stop()
    assert process.code == -signal.SIGKILL
    assert is_gone(pid)


@LINUX
def test_children_in_sessions_of_their_own_do_not_outlive_the_command(tmp_path: Path) -> None:
    script = "setsid sh -c \"trap '' TERM; echo \\$\\$ > child; while :; do sleep 0.1; done\" & "
    process = started(tmp_path, script + "while [ ! -s child ]; do sleep 0.05; done")
    child = number_in(tmp_path / "child")
    assert process.wait(DEADLINE_SECONDS)
    assert process.code == 0
    assert is_gone(child)


@LINUX
def test_the_command_ends_with_a_slot_that_is_killed(tmp_path: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.trainer.test_process import started
started(Path({str(tmp_path)!r}), "echo $$ > pid; sleep 99").wait(99)
"""
    with subprocess.Popen([sys.executable, "-c", script], start_new_session=True) as slot:
        pid = number_in(tmp_path / "pid")
        os.killpg(slot.pid, signal.SIGKILL)
    assert is_gone(pid)


@LINUX
def test_a_start_waits_until_an_earlier_one_is_gone(tmp_path: Path) -> None:
    script = "trap 'sleep 0.2; echo first; exit' TERM; echo $$ > pid; sleep 99 & wait"
    first = started(tmp_path, script, term_seconds=20.0)
    number_in(tmp_path / "pid")
    assert first._stdin is not None
    os.close(first._stdin)  # as the end of its slot does
    first._stdin = None
    second = started(tmp_path, "echo second")
    assert second.wait(DEADLINE_SECONDS)
    output = (tmp_path / "output.txt").read_text()
    assert output.endswith("first\nsecond\n")  # some shells also print that `sleep` was ended
    first.stop()


def test_a_command_that_cannot_be_started_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'\./none' cannot be started"):
        KeptProcess(["./none"], home=tmp_path, output=tmp_path / "o", environment={})
    with pytest.raises(InputError, match="is not there"):
        KeptProcess(["sh"], home=tmp_path / "none", output=tmp_path / "o", environment={})
