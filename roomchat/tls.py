"""TLS without a socket: bytes in, bytes out. The server and the client put their sockets around it."""

from __future__ import annotations

import contextlib
import ssl

# Bytes sealed at a time: what is sealed is not taken back, and a slow peer's waits in memory.
PIECE = 64 * 1024
MAX_READ = 64 * 1024  # bytes; above the 16 KiB of a record


class TlsStream:
    """The TLS of one connection. One thread at a time: OpenSSL crashes when two use one connection at once (see
    python/cpython#151508), and Python keeps them apart only in some versions.

    What it has for the peer waits in it until ``output`` takes it: after ``feed``, too, which may have to answer.
    """

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_name: str | None = None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, server_name)
        self.ready = False  # the handshake is done
        self.ended = False  # the peer has said that it sends no more

    def begin(self) -> None:
        """The client's first word."""
        self._shake_hands()

    def feed(self, data: bytes) -> bytes:
        """Bytes as they came, in any pieces; returns all that they complete.

        Raises:
            ssl.SSLError: this is no TLS, or not of this connection; ``output`` has what the peer is told.
        """
        self._incoming.write(data)
        if not self.ready:
            self._shake_hands()
        if not self.ready:
            return b""
        pieces = []
        while (self._incoming.pending or self._tls.pending()) and not self.ended:
            try:
                piece = self._tls.read(MAX_READ)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:  # in the place of b"" when we have ended, too
                piece = b""
            pieces.append(piece)
            self.ended = not piece
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seal(self, data: bytes | memoryview) -> None:
        """Make bytes ready for ``output``. Not before the handshake is done; none after ``end``."""
        count = self._tls.write(data)
        while count < len(data):  # a record at a time
            data = memoryview(data)[count:]
            count = self._tls.write(data)

    def output(self) -> bytes:
        """What is to be sent to the peer now; perhaps nothing."""
        return self._outgoing.read() if self._outgoing.pending else b""

    @property
    def has_output(self) -> bool:
        """Whether there is something to be sent."""
        return self._outgoing.pending > 0

    def end(self) -> None:
        """Nothing more will be sealed: say so to the peer, who can tell it from a cut."""
        with contextlib.suppress(ssl.SSLError):  # what the peer has still to say is not waited for
            self._tls.unwrap()

    @property
    def certificate(self) -> bytes | None:
        """The peer's, as DER, once the handshake is done; None: it has none."""
        return self._tls.getpeercert(binary_form=True)

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.ready = True
