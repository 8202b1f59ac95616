"""A socket that this machine alone can reach."""

from __future__ import annotations

import os
import socket

from lab.errors import InputError

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one.

    Raises InputError for a port that is out of range, taken, or not permitted for this user.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"--serve is {port}; a port is from 1 to 65535, and 0 takes a free one")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise InputError(
            f"--serve is {port}, which is not available ({reason}); give another port, or 0 "
            "for a free one"
        ) from None


def address(listener: socket.socket) -> str:
    """The URL for a browser on this machine."""
    return f"http://{HOST}:{listener.getsockname()[1]}/"
