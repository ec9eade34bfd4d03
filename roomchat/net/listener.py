"""Taking new connections."""

from __future__ import annotations

import errno
import itertools
import selectors
import socket
import sys
import threading
from collections.abc import Sequence

from roomchat.errors import StartError
from roomchat.net.loop import Loop
from roomchat.net.trouble import Trouble
from roomchat.net.wakeup import Wakeup
from roomchat.settings import Settings

# Connections the system keeps for us until we take them; it lowers this to its own limit. With 1024, a third of
# five thousand clients that came back at once after a restart had to wait for their second try.
BACKLOG = 65_535
RETRY = 0.05  # seconds until the next try when there are no file descriptors left
RECOVERED_AFTER = 10.0  # seconds without a failure until it is said that all is well

_ANOTHER_HOST = "give --host an address of this machine, or 0.0.0.0 to let others in"

# Failures of accept() that end when other connections do.
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """Takes connections and deals them out to the I/O threads. Its thread is in ``run``; any may call ``stop``."""

    def __init__(self, settings: Settings, loops: Sequence[Loop]) -> None:
        """Claim the address; connections are taken once ``run`` runs.

        Raises:
            StartError: the address can't be had; the sentence says what to do.
        """
        self._all_loops = loops
        self._loops = itertools.cycle(loops)
        self._exhausted = Trouble(
            "can't take more connections: %s; connections that have not said who they are are closed; raise the "
            "limit (ulimit -n)",
            "connections are taken again, after %d failures",
            RECOVERED_AFTER,
        )
        self._numbers = itertools.count(1)
        self._settings = settings
        self._socket = _listen(settings.host, settings.port)
        self._socket.setblocking(False)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._wakeup = Wakeup()
        self._stopped = threading.Event()

    def count_from(self, first: int) -> None:
        """The numbers of connections are above that; before ``run``."""
        self._numbers = itertools.count(first + 1)

    def run(self) -> None:
        """Accept connections until the thread is stopped."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            while not self._stopped.is_set():
                selector.select()
                self._accept()

    def stop(self) -> None:
        """Take no more."""
        self._stopped.set()
        self._wakeup.set()

    def close(self) -> None:
        """Give the address back, after ``run`` has ended."""
        self._socket.close()
        self._wakeup.close()

    def _accept(self) -> None:
        """Take all who wait."""
        while not self._stopped.is_set():
            try:
                sock, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    continue  # that peer is gone already
                self._exhausted.failed(error.strerror)
                for loop in self._all_loops:
                    loop.give_way()
                self._stopped.wait(RETRY)
                return
            self._exhausted.worked()
            try:
                self._set_up(sock)
            except OSError:  # it is gone already, and this system says so here
                sock.close()
                continue
            next(self._loops).add(next(self._numbers), sock, address[0])

    def _set_up(self, sock: socket.socket) -> None:
        """Small writes leave at once, and a peer that vanished is noticed: by keepalive while nothing is sent to
        it, by what it leaves unacknowledged otherwise."""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if sys.platform == "linux":  # elsewhere the system's own times hold
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, self._settings.keepalive)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._settings.unacknowledged * 1000)


def _listen(host: str, port: int) -> socket.socket:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):  # UnicodeError: it is not even the form of a name
        raise StartError(f"There is no host {host!r}; {_ANOTHER_HOST}.") from None
    try:
        sock = socket.socket(family, kind, protocol)
    except OSError as error:  # this system has no IPv6, or we have no file descriptors left
        raise StartError(f"Can't listen on {where}: {error.strerror}; {_ANOTHER_HOST}.") from None
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"Port {port} is taken: something listens on {where} already, perhaps another roomchat; "
                "stop it, or choose another port with --port (0 finds a free one)."
            ) from None
        if error.errno == errno.EACCES:
            raise StartError(f"You may not listen on {where}; choose a port above 1023 with --port.") from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise StartError(f"This machine has no address {host}; {_ANOTHER_HOST}.") from None
        raise StartError(f"Can't listen on {where}: {error.strerror}; give another --host or --port.") from None
    return sock
