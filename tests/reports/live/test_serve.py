"""The page on loopback: what is answered, and to whom."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest

from lab.errors import InputError
from lab.loopback import address, listen
from reports.live.serve import served

PAGES: list[bytes | None] = [b"<p>the page"]


@pytest.fixture
def port() -> Iterator[int]:
    """Where `PAGES[0]` is shown."""
    listener = listen(0)
    number = listener.getsockname()[1]
    with served(listener, lambda: PAGES[0]):
        yield number


def asked(
    port: int, path: str = "/", verb: str = "GET", host: str | None = None
) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(verb, path, headers={} if host is None else {"Host": host})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def test_the_page_is_answered_and_kept_nowhere(port: int) -> None:
    status, body, headers = asked(port)
    assert (status, body) == (200, b"<p>the page")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert asked(port, "/?since=1")[0] == 200


def test_head_gives_the_length_alone(port: int) -> None:
    status, body, headers = asked(port, verb="HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", "11")


@pytest.mark.parametrize("path", ["/report.html", "/study.json", "/../study.json", "/%2e"])
def test_nothing_else_of_the_folder_is_there(port: int, path: str) -> None:
    assert asked(port, path)[0] == 404


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_no_other_verb_is_understood(port: int, verb: str) -> None:
    assert asked(port, verb=verb)[0] == 501


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:1", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:80", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(port: int, host: str, status: int) -> None:
    answered, body, _ = asked(port, host=host)
    assert answered == status
    assert (b"the page" in body) == (status == 200)


def test_a_page_that_is_not_made_yet_is_promised(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "PAGES", [None])
    status, body, _ = asked(port)
    assert status == 503
    assert b"being made" in body


def test_only_this_machine_can_reach_it() -> None:
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert address(listener).startswith("http://127.0.0.1:")


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_one_sentence(port: int) -> None:
    with pytest.raises(InputError, match=f"--serve is {port}; a port is from 1 to 65535"):
        listen(port)


def test_a_busy_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(InputError, match=r"is not available \(Address already in use\)"):
            listen(port)
