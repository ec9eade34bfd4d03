"""The simplest chat server: a thread a client, and ``sendall`` to each member while the room's lock is held.

Many a first chat server is built like this, so it is among those that are measured. It speaks as much of
roomchat's native wire as the measurements need, keeps nothing, and one client that does not read stops its room.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from typing import Any


class Room:
    """Members and the lock that is held while they are written to. Any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.members: list[socket.socket] = []
        self.last_seq = 0

    def say(self, uid: int, said: dict[str, Any]) -> None:
        """To everyone, one after the other."""
        with self.lock:
            self.last_seq += 1
            event = {**said, "type": "message", "seq": self.last_seq, "uid": uid, "name": str(uid)}
            line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
            for member in list(self.members):
                try:
                    member.sendall(line)
                except OSError:
                    self.members.remove(member)


_rooms: dict[str, Room] = {}


def serve_client(sock: socket.socket, uid: int) -> None:
    """One client's thread, until it hangs up."""
    with contextlib.suppress(OSError), sock, sock.makefile("rb") as lines:
        for command in map(json.loads, lines):
            if command["type"] == "hello":
                sock.sendall(b'{"type":"welcome"}\n')
                continue
            room = _rooms.setdefault(command["room"], Room())  # one step for all threads
            if command["type"] == "say":
                room.say(uid, command)
                continue
            with room.lock:
                sock.sendall(b'{"type":"joined"}\n')
                room.members.append(sock)


def main(port: int) -> None:
    """Serve for ever."""
    threading.stack_size(256 * 1024)  # bytes; thousands of threads
    uid = 0
    with socket.create_server(("127.0.0.1", port), backlog=4096) as listener:
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            uid += 1
            threading.Thread(target=serve_client, args=(sock, uid), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
