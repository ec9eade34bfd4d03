"""A blocking connection to a server: commands out, events in."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading

from roomchat.client.address import Address
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

    def __init__(self, address: Address, timeout: float = CONNECT_TIMEOUT) -> None:
        """Connect, within ``timeout`` seconds.

        Raises:
            ConnectError: nobody answers there.
        """
        self._address = address
        self._wire = NativeClientWire()
        self._greeting = GREETING.encode()  # as much of it as may still come, before anything else
        self._sending = threading.Lock()
        try:
            self._socket = socket.create_connection(address, timeout=timeout or CONNECT_TIMEOUT)
        except (socket.gaierror, UnicodeError):  # UnicodeError: it has not even the form of a name
            raise ConnectError(
                f"There is no host {address.host!r}; check its spelling and your network."
            ) from None
        except TimeoutError:
            raise ConnectError(f"{address} does not answer; check the address and your network.") from None
        except OSError as error:
            raise ConnectError(
                f"No server answers at {address} ({error.strerror}); start one with `roomchat serve`, "
                "or check the address."
            ) from None
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # For sending only: Python's own timeout would hold for both directions.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(SEND_TIMEOUT))

    def send(self, command: Command) -> None:
        """Write a command; waits while the server takes no more.

        Raises:
            ConnectError: the server is gone, or takes nothing for ``SEND_TIMEOUT`` seconds.
        """
        with self._sending:
            try:
                self._socket.sendall(self._wire.encode(command))
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
                if not select.select([self._socket], [], [], timeout)[0]:
                    raise ReadTimeout(f"The program at {self._address} says nothing.")
                data = self._socket.recv(READ_SIZE)
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


def _timeval(seconds: float) -> bytes:
    """A time as socket options have it: whole seconds, and microseconds."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))
