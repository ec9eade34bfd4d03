"""What may be between a socket and the first bytes of a dialect: a load balancer's header, and TLS."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network

from roomchat.errors import TlsRequired
from roomchat.net.addresses import is_in
from roomchat.net.connection import Connection
from roomchat.net.connections import Connections
from roomchat.net.identity import Identity
from roomchat.net.transport import Tls
from roomchat.protocol import Error
from roomchat.settings import Settings
from roomchat.tls import Buffers
from roomchat.wires.detect import Detector
from roomchat.wires.table import Dialects
from roomchat.wires.wire import Wire


class Layers:
    """Of one I/O thread, which alone calls it.

    Args:
        identity: for TLS; None: that is not spoken.
    """

    def __init__(
        self, settings: Settings, dialects: Dialects, connections: Connections, identity: Identity | None
    ) -> None:
        self._settings = settings
        self._dialects = dialects
        self._connections = connections
        self._identity = identity
        self._buffers = Buffers()
        self._proxies = [ip_network(one) for one in settings.proxy_from]

    def is_proxy(self, address: str) -> bool:
        """Whether a load balancer is there, which says first who connects."""
        return is_in(address, self._proxies)

    def speaks_for_others(self, connection: Connection) -> bool:
        """Whether a proxy makes its requests. Not where a load balancer hands on somebody without a name: it is
        the load balancer's address, but the words are of whoever that is."""
        return connection.named and self.is_proxy(connection.address)

    def detector(self, *, proxied: bool = False) -> Detector:
        """For a connection that begins; behind the header of a load balancer it begins again."""
        return Detector(self._dialects, tls=self._identity is not None, proxied=proxied)

    def encrypt(self, connection: Connection, first: bytes) -> None:
        """It speaks TLS. What is inside is told by another detector.

        Args:
            first: all that was read of it.
        """
        assert self._identity is not None, "the detector was told that TLS is not spoken"
        connection.transport = Tls(
            connection.socket,
            self._identity.context(),
            first,
            partial(self._connections.hold, connection.number),  # not the connection: it would hold itself
            self._buffers,
        )
        connection.detector = Detector(self._dialects, tls=False)

    def browses(self, connection: Connection) -> bool:
        """Whether it has said in the handshake of TLS that it will speak HTTP, and may."""
        return connection.transport.browses and "websocket" in self._dialects.settings.wires

    def are_open(self, connection: Connection) -> bool:
        """Whether it is known who connects, and agreed on the encryption."""
        waits = connection.detector.proxied or self._connections.handshakes.waits(connection)
        return connection.transport.ready and not waits

    def may_talk(self, connection: Connection) -> bool:
        """Whether it is encrypted, or need not be."""
        return connection.transport.secure or self._settings.takes_clear(connection.local)


def tls_required(wire: Wire) -> bytes:
    """The refusal of clear text, in the words of its dialect."""
    refusal = TlsRequired()
    return wire.reply(Error(code=refusal.code, message=str(refusal)))
