"""The page on loopback: one file, read again at every request, and nothing else in the folder."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from reports.live.loopback import HOST

Read = Callable[[], bytes | None]
"""The page as it is now; None while there is none yet."""
NAMES = (HOST, "localhost")
"""Allowed values of the Host header. A foreign name that resolves to this address (DNS rebinding)
would let its own pages read this one."""
NOT_YET = b"""<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" \
content="3"><title>Not yet</title><p>The page is being made; it will appear here.</p></html>"""


@contextmanager
def served(listener: socket.socket, read: Read) -> Iterator[None]:
    """Serve at `listener` within the context; closes it at the end."""
    server = _Server(listener, read)
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

    def __init__(self, listener: socket.socket, read: Read) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.read = read


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of the page; the base class answers 501 to every other verb."""

    server: _Server
    server_version = "lab"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""

    def _answer(self, *, with_body: bool) -> None:
        status, body = self._response()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _response(self) -> tuple[HTTPStatus, bytes]:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        if host not in NAMES:
            return HTTPStatus.MISDIRECTED_REQUEST, b"Ask for localhost or 127.0.0.1.\n"
        if self.path.split("?", 1)[0] != "/":
            return HTTPStatus.NOT_FOUND, b"Only the report is here, at /.\n"
        page = self.server.read()
        if page is None:
            return HTTPStatus.SERVICE_UNAVAILABLE, NOT_YET
        return HTTPStatus.OK, page
