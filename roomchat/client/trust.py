"""Which servers are believed to be who they are; nothing is sent to any other."""

from __future__ import annotations

import socket
import ssl

from roomchat.client.address import Address
from roomchat.client.dial import dial
from roomchat.client.known_servers import AUTHORITY, KnownServers
from roomchat.client.link import ClearLink, Link, TlsLink
from roomchat.client.same import is_loopback
from roomchat.errors import ChangedKey, ConnectError, InClear, NoTls, OtherKey, UnknownServer, Unverified
from roomchat.key_fingerprint import read_fingerprint


class Trust:
    """What one client believes of its server, in this order: the fingerprint that its program names; what the file
    of known servers says; what the session was made with; the system's authorities. Who is known by none of these
    is trusted at its first use if the program says so.

    Not thread-safe.

    Args:
        address: of the server.
        known: the servers that were met before.
        trust: a fingerprint; or whether a server that is met for the first time is believed.
    Raises:
        ValueError: the fingerprint is none.
    """

    def __init__(self, address: Address, known: KnownServers, trust: bool | str = False) -> None:
        self.address = address
        self.known = known
        self._first_use = trust is True
        self._named = read_fingerprint(trust) if isinstance(trust, str) else None

    def expected(self, session_key: str | None = None) -> str | None:
        """By what the server must be known again; None: it has not been met. Raises StateError."""
        return self._named or self.known.get(self.address) or session_key

    def encrypts(self, expected: str | None) -> bool:
        """Whether a server that is to be known by this is talked to with TLS: all are but this machine, where
        nobody asks for it and nobody has met it so."""
        address = self.address
        if address.tls is None:
            return expected is not None or not is_loopback(address.host)
        return address.tls

    def connect(self, timeout: float, session_key: str | None = None) -> tuple[Link, str | None]:
        """Connect, encrypted unless it is this machine or ``tcp://`` is asked for; in a WebSocket where that is.

        Args:
            timeout: seconds for each of at most two connections; nobody vouches for the server of a second.
            session_key: by what the server was known to the session.
        Returns:
            The connection, and by what the server is known; None: it is not encrypted.
        Raises:
            Distrusted: it is not who it should be; nothing was sent to it.
            NoTls: it does not speak TLS.
            ConnectError: the connection failed.
            StateError: what is known can't be read, or kept.
        """
        link, key = self._connect(timeout, session_key)
        return (_in_websocket(link, self.address) if self.address.websocket else link), key

    def _connect(self, timeout: float, session_key: str | None) -> tuple[Link, str | None]:
        address = self.address
        expected = self.expected(session_key)
        if address.tls is False and expected is not None:  # what proves the session is not for others to read
            raise InClear(address=address)
        if not self.encrypts(expected):
            sock = dial(address, timeout)
            if address.tls is False or _is_here(sock):
                return ClearLink(sock), None
            sock.close()  # somebody who answers for names says that this machine is another one
        if expected not in (None, AUTHORITY):
            link = _shake_hands(address, timeout, _any_certificate(), met=True)
            if link.fingerprint != expected:
                link.socket.close()
                raise (OtherKey if self._named else ChangedKey)(
                    address=address, old=expected, new=link.fingerprint
                )
            return link, self._met(link.fingerprint)
        try:
            link = _shake_hands(address, timeout, ssl.create_default_context(), met=expected is not None)
            return link, self._met(AUTHORITY)
        except ssl.SSLCertVerificationError as error:
            if expected == AUTHORITY:
                raise Unverified(address=address, why=error.verify_message) from None
        link = _shake_hands(address, timeout, _any_certificate())
        if not self._first_use:
            link.socket.close()
            raise UnknownServer(address=address, fingerprint=link.fingerprint)
        return link, self._met(link.fingerprint)

    def _met(self, key: str) -> str:
        """It is what it should be: it is known from here on."""
        if self.known.get(self.address) != key:
            self.known.put(self.address, key)
        return key


def shown_by(address: Address, timeout: float) -> tuple[str, bool]:
    """The fingerprint of the key that a server shows, and whether an authority vouches for it. It is sent nothing.

    Raises:
        NoTls: it does not speak TLS.
        ConnectError: the connection failed.
    """
    try:
        link = _shake_hands(address, timeout, ssl.create_default_context())
        vouched = True
    except ssl.SSLCertVerificationError:
        link = _shake_hands(address, timeout, _any_certificate())
        vouched = False
    link.socket.close()
    return link.fingerprint, vouched


def _is_here(sock: socket.socket) -> bool:
    """Whether this machine is at the other end; also if nobody is there any more."""
    try:
        return is_loopback(sock.getpeername()[0])
    except OSError:
        return True


def _shake_hands(address: Address, timeout: float, context: ssl.SSLContext, *, met: bool = False) -> TlsLink:
    sock = dial(address, timeout)
    try:
        return TlsLink(sock, context, address.host.partition("%")[0].removesuffix("."))  # as it is in certificates
    except OSError as error:
        sock.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            raise
        if isinstance(error, ssl.SSLError):
            raise NoTls(address=address, why=error.reason or error, met=met) from None
        if isinstance(error, TimeoutError):
            raise ConnectError(f"{address} does not answer; check the address and your network.") from None
        raise ConnectError(f"The connection to {address} is lost ({error.strerror or error}).") from None


def _in_websocket(link: Link, address: Address) -> Link:
    from roomchat.client.websocket_link import WebSocketLink  # few need it, and it takes 50 ms

    try:
        return WebSocketLink(link, address.where, secure=bool(address.tls))
    except OSError as error:
        link.socket.close()
        raise ConnectError(f"The connection to {address} is lost ({error.strerror or error}).") from None
    except ConnectError:
        link.socket.close()
        raise


def _any_certificate() -> ssl.SSLContext:
    """For a server that is judged by its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
