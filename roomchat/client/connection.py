"""A blocking connection to a server: commands out, events in."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading

from roomchat.client.address import Address
from roomchat.client.known_servers import KnownServers
from roomchat.client.trust import Trust
from roomchat.dialect import Malformed
from roomchat.errors import ConnectError, ReadTimeout
from roomchat.protocol import Command, Statement
from roomchat.wires.native import NativeClientWire
from roomchat.wires.plain_text import GREETING

CONNECT_TIMEOUT = 10.0  # seconds until a host that does not answer is given up
SEND_TIMEOUT = 30.0  # seconds until a server that takes nothing is given up: one that is stopped, say
READ_SIZE = 64 * 1024  # bytes


class Connection:
    """One socket. Any thread may call ``send`` and ``close``; one thread at a time calls ``receive``."""

    def __init__(
        self,
        address: Address,
        timeout: float = CONNECT_TIMEOUT,
        trust: Trust | None = None,
        session_key: str | None = None,
    ) -> None:
        """Connect, within ``timeout`` seconds; again as long where the first try shows that nobody vouches for the
        server.

        Args:
            trust: what is believed of the server; if not given, what the system's authorities say.
            session_key: by what the server was known to the session that is to go on.
        Raises:
            ConnectError: nobody answers there, or it is not who it should be.
            StateError: what is known of servers can't be read, or kept.
        """
        self._address = address
        self._wire = NativeClientWire()
        self._greeting = GREETING.encode()  # as much of it as may still come, before anything else
        self._sending = threading.Lock()
        trust = trust or Trust(address, KnownServers(None))
        self._link, self.server_key = trust.connect(timeout or CONNECT_TIMEOUT, session_key)
        self._socket = self._link.socket
        self._socket.settimeout(None)
        # For sending only: Python's own timeout would hold for both directions.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(SEND_TIMEOUT))

    def send(self, command: Command) -> None:
        """Write a command; waits while the server takes no more.

        Raises:
            ConnectError: the server is gone, or takes nothing for ``SEND_TIMEOUT`` seconds.
        """
        with self._sending:
            try:
                self._link.sendall(self._wire.encode(command))
            except OSError as error:
                raise self._lost(error) from None

    def receive(self, timeout: float | None = None) -> list[Statement]:
        """Wait for events; an empty list is the end: the server has closed the connection.

        Raises:
            ConnectError: the connection broke, or what answers is no roomchat server.
            ReadTimeout: nothing came within ``timeout`` seconds.
        """
        events: list[Statement] = []
        while not events:
            try:
                # Not the socket's own timeout: that would hold for what other threads send, too.
                if not (self._link.early or _is_readable(self._socket, timeout)):
                    raise ReadTimeout(f"The program at {self._address} says nothing.")
                data = self._link.recv(READ_SIZE)
            except BlockingIOError:
                continue
            except (OSError, ValueError) as error:  # ValueError: another thread has closed it
                raise self._lost(error) from None
            if not data:
                return []
            for event in self._wire.receive_data(self._without_greeting(data)):
                if isinstance(event, Malformed):
                    raise ConnectError(f"The program at {self._address} is not a roomchat server.")
                events.append(event)
        return events

    def _without_greeting(self, data: bytes) -> bytes:
        """What is not of the greeting for people, which comes first when our hello was long on its way."""
        count = min(len(data), len(self._greeting))
        if data[:count] == self._greeting[:count]:
            self._greeting = self._greeting[count:]
            return data[count:]
        self._greeting = b""
        return data

    def close(self) -> None:
        """End the connection; a ``receive`` that waits in another thread returns."""
        with contextlib.suppress(OSError):  # it may have ended already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def abandon(self) -> None:
        """In a forked child: give up its hold on the socket, and leave the connection as it is."""
        self._socket.close()

    def _lost(self, error: OSError | ValueError) -> ConnectError:
        if self._socket.fileno() < 0:
            return ConnectError(f"The connection to {self._address} is lost.")
        reason = error.strerror if isinstance(error, OSError) else error
        if isinstance(error, BlockingIOError):
            reason = f"it has taken nothing for {SEND_TIMEOUT:g} seconds"
        return ConnectError(f"The connection to {self._address} is lost ({reason or error}).")


def _is_readable(sock: socket.socket, timeout: float | None) -> bool:
    """Whether something comes within so many seconds (None: ever). Not select(2), which takes no descriptor above
    1023. Raises ValueError: the socket is closed."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


def _timeval(seconds: float) -> bytes:
    """A time as socket options have it: whole seconds, and microseconds."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))
