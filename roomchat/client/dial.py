"""A new socket, connected to a server."""

from __future__ import annotations

import socket

from roomchat.client.address import Address
from roomchat.errors import ConnectError


def dial(address: Address, timeout: float) -> socket.socket:
    """Connect, within ``timeout`` seconds, which hold for what is done with the socket next, too.

    Raises:
        ConnectError: nobody answers there.
    """
    try:
        sock = socket.create_connection((address.host, address.port), timeout=timeout)
    except (socket.gaierror, UnicodeError):  # UnicodeError: it has not even the form of a name
        raise ConnectError(f"There is no host {address.host!r}; check its spelling and your network.") from None
    except TimeoutError:
        raise ConnectError(f"{address} does not answer; check the address and your network.") from None
    except OSError as error:
        raise ConnectError(
            f"No server answers at {address} ({error.strerror}); start one with `roomchat serve`, "
            "or check the address."
        ) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock
