"""The page on loopback: one file, read again at every request, and nothing else in the folder."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus

from lab.loopback import TEXT, Answer, answered

Read = Callable[[], bytes | None]
"""The page as it is now; None while there is none yet."""
NOT_YET = b"""<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" \
content="3"><title>Not yet</title><p>The page is being made; it will appear here.</p></html>"""


def served(listener: socket.socket, read: Read) -> AbstractContextManager[None]:
    """Serve at `listener` within the context; closes it at the end."""

    def answer(path: str) -> Answer:
        if path.split("?", 1)[0] != "/":
            return Answer(b"Only the report is here, at /.\n", TEXT, HTTPStatus.NOT_FOUND)
        page = read()
        if page is None:
            return Answer(NOT_YET, status=HTTPStatus.SERVICE_UNAVAILABLE)
        return Answer(page)

    return answered(listener, answer)
