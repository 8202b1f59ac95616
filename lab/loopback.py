"""Pages that this machine alone can reach: the socket, and a server that answers as it should.

Loopback does not keep pages of other sites away: a foreign name that resolves to this address (DNS
rebinding) would let its own pages read these ones, so only two names are answered. No header lets
another origin read an answer, and no request is logged.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from lab.errors import InputError

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
"""Allowed values of the Host header."""
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What a request gets."""

    body: bytes
    kind: str = HTML
    """Value of Content-Type."""
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[str], Answer]
"""The answer to a path with its query, say `/picture?first=0`."""


def listen(port: int, option: str = "--serve") -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one.

    Raises InputError, naming the `option`, for a port that is out of range, taken, or not
    permitted for this user.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"{option} is {port}; a port is from 1 to 65535, and 0 takes a free one")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise InputError(
            f"{option} is {port}, which is not available ({reason}); give another port, or 0 "
            "for a free one"
        ) from None


def address(listener: socket.socket) -> str:
    """The URL for a browser on this machine."""
    return f"http://{HOST}:{listener.getsockname()[1]}/"


@contextmanager
def answered(listener: socket.socket, answering: Answering) -> Iterator[None]:
    """Answer GET and HEAD at `listener` within the context; closes it at the end."""
    server = _Server(listener, answering)
    thread = Thread(target=server.serve_forever, name="page", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    """A server on a socket that is already listening."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, answering: Answering) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.answering = answering


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD; the base class answers 501 to every other verb."""

    server: _Server
    server_version = "lab"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""

    def _send(self, *, with_body: bool) -> None:
        answer = self._answer()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def _answer(self) -> Answer:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        if host not in NAMES:
            text = b"Ask for localhost or 127.0.0.1.\n"
            return Answer(text, TEXT, HTTPStatus.MISDIRECTED_REQUEST)
        return self.server.answering(self.path)
