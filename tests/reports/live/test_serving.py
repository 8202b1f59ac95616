"""The page beside a search: shown while it lives, gone with it, however it ends."""

from __future__ import annotations

import io
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from rich.console import Console

import reports.live.serving
from lab.engine.options import SearchOptions
from lab.errors import InputError
from lab.record import STUDY_FILE, write_json
from lab.record.storage import open_storage
from reports.live.serving import _start, page_shown

ANY_SEARCH = """
import sys, time
from rich.console import Console
from reports.live.serving import page_shown
from lab.record.storage import open_storage
with page_shown(0, Console()) as show:
    show(open_storage(sys.argv[1]))
    time.sleep(600)
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    write_json(folder / STUDY_FILE, {"study": "a study", "status": "running"})
    return folder


def page_at(url: str) -> str:
    """The page, once it is there."""
    until = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            if error.code != 503:
                raise
        assert time.monotonic() < until
        time.sleep(0.2)


def await_silence(url: str) -> None:
    """Wait until nothing listens; a process that is only slow to answer is still there."""
    place = urlsplit(url)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            socket.create_connection((place.hostname, place.port), timeout=5).close()
        except ConnectionRefusedError:
            return
        except (TimeoutError, ConnectionResetError):
            pass  # slow, or just about to end
        time.sleep(0.1)
    raise AssertionError("the page is still shown")


def printed_url(printed: str) -> str:
    match = re.search(r"http://127\.0\.0\.1:\d+/", printed)
    assert match is not None
    return match[0]


def test_the_page_is_shown_until_the_search_ends(study: Path) -> None:
    terminal = io.StringIO()
    with page_shown(0, Console(file=terminal)) as show:
        show(open_storage(str(study)))
        url = printed_url(terminal.getvalue())
        assert "a study: stability report" in page_at(url)
    await_silence(url)
    assert terminal.getvalue().count("\n") == 1


@pytest.mark.parametrize("ctrl_c", [signal.SIG_DFL, signal.SIG_IGN], ids=["heeded", "ignored"])
def test_a_killed_search_leaves_no_page_behind(study: Path, ctrl_c: signal.Handlers) -> None:
    command = [sys.executable, "-c", ANY_SEARCH, str(study)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        # What a shell starts in its background ignores Ctrl-C, and so do its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, ctrl_c),
    ) as search:
        assert search.stdout is not None
        url = printed_url(search.stdout.readline())
        page_at(url)
        search.send_signal(signal.SIGKILL)
    await_silence(url)


def test_a_page_that_fails_does_not_end_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    def start(*args: Any) -> subprocess.Popen[bytes]:
        processes.append(_start(*args))
        return processes[-1]

    monkeypatch.setattr(reports.live.serving, "_start", start)
    terminal = io.StringIO()
    with page_shown(0, Console(file=terminal, width=200)) as show:
        show(open_storage(str(tmp_path)))
        # A search that ends first would end the process before it has failed.
        processes[0].wait()
    assert "a page could not be written: " in terminal.getvalue()
    assert "is not a study" in terminal.getvalue()


def test_a_busy_port_is_reported_before_anything_begins() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(InputError, match="--serve"), page_shown(port, Console()):
            raise AssertionError("nothing may begin")


def test_a_resumed_search_may_be_served_too() -> None:
    SearchOptions(resume="a study", serve=0).check()
