"""The socket beside the log by which whoever may open it rules the server. The mode of its file is the guard."""

from __future__ import annotations

import os
import pwd
import selectors
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from roomchat.net.listener import EXHAUSTED, RETRY
from roomchat.net.wakeup import Wakeup
from roomchat.peer_user import user_of
from roomchat.protocol.administration import ENDING, MAX_LINE

MAX_CONNECTIONS = 8  # then the one that was silent longest gives way: an admin who was forgotten locks nobody out
PATIENCE = 5.0  # seconds that a peer may leave an answer untaken; the others wait meanwhile

Respond = Callable[[str, bytes], bytes]  # to an admin, by name, and a line of theirs


class NoAdminSocket(Exception):
    """It can't be made; a sentence says why."""


class _Peer(Struct, eq=False):
    socket: socket.socket
    who: str
    data: bytes = b""  # of a line that is not complete


class AdminSocket:
    """Takes connections and lines, one answer after the other. ``run`` is its thread; ``stop`` is for any other,
    ``close`` for when the thread has ended."""

    def __init__(self, log: Path, respond: Respond) -> None:
        """Listen beside a log. It is claimed for this server, so a socket that is there is of one that was killed.

        Args:
            respond: the answer to a line, without and with its line feed; on this thread.
        Raises:
            NoAdminSocket
        """
        self._path = f"{log}{ENDING}"
        self._respond = respond
        self._listener = _listen(self._path)
        self._wakeup = Wakeup()
        self._stopping = False
        self._peers: dict[_Peer, None] = {}  # the one that was silent longest is the first
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until it is stopped."""
        while not self._stopping:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.data in self._peers:
                    self._read(key.data)

    def stop(self) -> None:
        """Have ``run`` end."""
        self._stopping = True
        self._wakeup.set()

    def close(self) -> None:
        """Free what it holds; the file goes, too."""
        for peer in self._peers:
            peer.socket.close()
        self._selector.close()
        self._listener.close()
        self._wakeup.close()
        with suppress(OSError):
            os.unlink(self._path)

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError as error:
            if error.errno in EXHAUSTED:  # the listener of the chat tells of that
                time.sleep(RETRY)
            return  # else it is gone already
        sock.settimeout(PATIENCE)
        while len(self._peers) >= MAX_CONNECTIONS:
            self._close(next(iter(self._peers)))
        peer = _Peer(sock, _name_of(sock))
        self._peers[peer] = None
        self._selector.register(sock, selectors.EVENT_READ, peer)

    def _read(self, peer: _Peer) -> None:
        del self._peers[peer]
        self._peers[peer] = None  # the last: it is not silent
        try:
            data = peer.socket.recv(MAX_LINE)
            if not data:
                self._close(peer)
                return
            *lines, peer.data = (peer.data + data).split(b"\n")
            for line in lines:
                if self._stopping:
                    return
                peer.socket.sendall(self._respond(peer.who, line))
            if len(peer.data) > MAX_LINE:
                peer.socket.sendall(self._respond(peer.who, peer.data))  # which refuses it
                self._close(peer)
        except OSError:  # it has hung up, or takes nothing
            self._close(peer)

    def _close(self, peer: _Peer) -> None:
        del self._peers[peer]
        self._selector.unregister(peer.socket)
        peer.socket.close()


def _listen(path: str) -> socket.socket:
    try:
        _remove_stale(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as error:
        raise NoAdminSocket(f"there can be no admin socket {path}: {error.strerror}") from None
    try:
        listener.bind(path)
        os.chmod(path, 0o600)  # before anybody can connect
        listener.listen()
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise NoAdminSocket(f"there can be no admin socket {path}: {error.strerror or error}") from None
    return listener


def _remove_stale(path: str) -> None:
    """Remove what a killed server has left; nothing that is no socket."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)


def _name_of(sock: socket.socket) -> str:
    """The peer as the system calls them. Where it does not tell, the owner of the socket: only they can come."""
    uid = user_of(sock)
    if uid is None:
        uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
