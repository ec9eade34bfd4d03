"""TLS without a socket: bytes in, bytes out. The server and the client put their sockets around it."""

from __future__ import annotations

import ssl

# Bytes sealed at a time: what is sealed is not taken back, and a slow peer's waits in memory. As much as a busy
# room brings a member in one round: in two pieces, 72 KB took 43 us to seal and send in place of 35.
PIECE = 128 * 1024
MAX_READ = 64 * 1024  # bytes; above the 16 KiB of a record


class Buffers:
    """What OpenSSL reads from and writes to. Streams of one thread may share them, for each call of a stream
    leaves them empty. Buffers of its own would stay as large as its largest piece: four times the memory of a
    connection that has talked."""

    def __init__(self) -> None:
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()


class TlsStream:
    """The TLS of one connection. One thread at a time: OpenSSL crashes when two use one connection at once (see
    python/cpython#151508), and Python keeps them apart only in some versions.

    What it has to say by itself, as in the handshake, waits until ``answer`` takes it.
    """

    __slots__ = ("_answer", "_buffers", "_tls", "ended", "ready")

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_name: str | None = None,
        buffers: Buffers | None = None,
    ) -> None:
        """``buffers``: those of its thread; None: it has its own."""
        self._buffers = buffers or Buffers()
        self._tls = context.wrap_bio(self._buffers.incoming, self._buffers.outgoing, server_side, server_name)
        self._answer = b""
        self.ready = False  # the handshake is done
        self.ended = False  # the peer has said that it sends no more

    def begin(self) -> None:
        """The client's first word."""
        try:
            self._shake_hands()
        finally:
            self._empty()

    def feed(self, data: bytes | memoryview) -> bytes:
        """Bytes as they came, in any pieces; returns all that they complete.

        Raises:
            ssl.SSLError: this is no TLS, or not of this connection; ``answer`` has what the peer is told.
        """
        incoming, tls = self._buffers.incoming, self._tls
        pieces = []
        try:
            incoming.write(data)
            if not self.ready:
                self._shake_hands()
            while self.ready and not self.ended and (incoming.pending or tls.pending()):
                try:
                    piece = tls.read(MAX_READ)
                except ssl.SSLWantReadError:
                    break
                except ssl.SSLZeroReturnError:  # in the place of b"" when we have ended, too
                    piece = b""
                pieces.append(piece)
                self.ended = not piece
        finally:
            self._empty()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seal(self, data: bytes | memoryview) -> bytes:
        """What is to be sent for these bytes, behind ``answer``. Not before the handshake is done; none after
        ``end``."""
        outgoing = self._buffers.outgoing
        try:
            count = self._tls.write(data)
            while count < len(data):  # a record at a time
                data = memoryview(data)[count:]
                count = self._tls.write(data)
        except BaseException:
            outgoing.read()
            raise
        return outgoing.read()

    def end(self) -> None:
        """Nothing more will be sealed: say so to the peer, who can tell it from a cut."""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            return  # what the peer has still to say is not waited for
        finally:
            self._empty()

    def answer(self) -> bytes:
        """What is to be sent to the peer now; perhaps nothing."""
        answer, self._answer = self._answer, b""
        return answer

    @property
    def protocol(self) -> str | None:
        """What is to be spoken inside, as far as the peers have agreed on that (RFC 7301)."""
        return self._tls.selected_alpn_protocol()

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

    def _empty(self) -> None:
        """Leave nothing in the buffers, however it went; OpenSSL itself keeps what is not whole."""
        if self._buffers.incoming.pending:
            self._buffers.incoming.read()
        if self._buffers.outgoing.pending:
            self._answer += self._buffers.outgoing.read()
