"""Which user of the system is at the other end of a unix socket."""

from __future__ import annotations

import socket
import struct

_CREDENTIALS = struct.Struct("iII")  # of Linux: the process, its user, its group


def user_of(peer: socket.socket) -> int | None:
    """The UID, of the system, of the process that has connected or listens; None: the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    _, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(uid)
