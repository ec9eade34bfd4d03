"""Clients of TLS for tests, and authorities that vouch for servers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import trustme

from roomchat.tls import TlsStream
from tests.bare import Bare
from tests.peer import DEADLINE


def trusting() -> ssl.SSLContext:
    """For a client that believes any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def issue(folder: Path, *names: str, **options: object) -> tuple[str, str]:
    """A certificate of an authority of its own, for these names: its file, and that of its key."""
    issued = trustme.CA().issue_cert(*names, **options)  # type: ignore[arg-type]
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    return str(cert), str(key)


class BareTls(Bare):
    """A connection that speaks TLS and shows how: it can end one way, be cut, and send half a record."""

    def __init__(self, address: tuple[str, int], data: bytes = b"", *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(address)
        self.stream = TlsStream(trusting(), server_side=False)
        self.received = b""
        self.stream.begin()
        while not self.stream.ready:
            self.socket.sendall(self.stream.answer())
            if not self.stream.ready:
                self.received += self.stream.feed(self.socket.recv(4096))
        self.socket.sendall(self.stream.answer())
        if data:
            self.send(data)

    def sealed(self, data: bytes) -> bytes:
        """What is to be sent for this."""
        return self.stream.seal(data)

    def send(self, data: bytes) -> None:
        """All of it."""
        self.socket.sendall(self.sealed(data))

    def half_close(self) -> None:
        """The goodbye of TLS, and not that of the socket."""
        self.stream.end()
        self.socket.sendall(self.stream.answer())

    def to_the_end(self) -> bytes:
        """All that still comes, until the server ends the connection with the goodbye of TLS."""
        while not self.stream.ended:
            self._more()
        return self.received

    def close(self) -> None:
        """Without a goodbye."""
        self.socket.close()

    def _more(self) -> None:
        if not (data := self.socket.recv(64 * 1024)):
            raise EOFError(self.received)
        self.received += self.stream.feed(data)


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket, list[bytes]], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A program that does this with each connection; its address, and what it has read."""
    read: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                sock.settimeout(DEADLINE)
                with sock, contextlib.suppress(OSError):
                    serve(sock, read)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"tls://127.0.0.1:{listener.getsockname()[1]}", read
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
