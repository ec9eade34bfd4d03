"""The NATS protocol of a client, without I/O: bytes in, messages out; commands as bytes.

Source: https://docs.nats.io/reference/protocols/client, ADR-4 (headers).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from roomchat.errors import NatsProtocolError, StreamRefused

MAX_LINE = 64 * 1024  # bytes; an INFO with the addresses of 100 servers has 4 KiB
MAX_MESSAGE = 8 * 1024 * 1024  # bytes of headers and body; what nats-server advises as its largest max_payload
MAX_FAULT = 200  # bytes of what is wrong that are shown; nats-server's own have 90, and a subject
DEFAULT_PAYLOAD = 1024 * 1024  # bytes; nats-server's own, until its INFO says another

PING = b"PING\r\n"
PONG = b"PONG\r\n"

_VERSION = b"NATS/1.0"
_SUBJECT = re.compile(r"[!-~]+").fullmatch  # visible ASCII: what we name is ours, and needs no more


class Info(NamedTuple):
    """What the server says of itself: first of all, and again when its cluster changes."""

    server: str  # its name
    version: str
    max_payload: int  # bytes of headers and body of what is published
    nonce: str  # to be signed by who has a key; "" where no key is asked for
    tls_required: bool
    tls_available: bool
    lame_duck: bool  # it will stop soon: go elsewhere
    connect_urls: tuple[str, ...]  # HOST:PORT of the cluster's servers


class Message(NamedTuple):
    """Something that came on a subscription. ``status`` is 0 but for messages of the server itself, such as 503:
    nobody listens to that subject."""

    subject: str
    sid: int
    reply: str  # a subject; "": no answer is waited for
    headers: Mapping[str, str]
    status: int
    description: str
    body: bytes


class Ping(NamedTuple):
    """To be answered with ``PONG``."""


class Pong(NamedTuple):
    """The answer to a ``PING``: all that was sent before has been read."""


class Fault(NamedTuple):
    """The server says what is wrong (``-ERR``). Most often it closes the connection next."""

    reason: str


Event = Info | Message | Ping | Pong | Fault

_NO_HEADERS: Mapping[str, str] = {}


class NatsProtocol:
    """One connection's bytes, as they come from a server. One thread at a time."""

    def __init__(self) -> None:
        self.info: Info | None = None  # the last one
        self._pieces: list[bytes] = []
        self._size = 0  # bytes in all pieces
        self._need = 1  # bytes there must be before anything more can be read out of them

    @property
    def kept(self) -> bytes:
        """What came of something that is not whole yet."""
        return b"".join(self._pieces)

    def receive(self, data: bytes) -> list[Event]:
        """What these bytes complete.

        Args:
            data: any split of the stream.
        Raises:
            NatsProtocolError: this is not the protocol, or a line or a message is too long. The connection is of
                no use any more; what was complete before it is lost with it.
        """
        self._pieces.append(data)
        self._size += len(data)
        if self._size < self._need:
            return []
        buffer = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        events: list[Event] = []
        at, size = 0, len(buffer)
        self._need = 0
        while at < size and not self._need:
            end = buffer.find(b"\r\n", at, at + MAX_LINE)
            if end < 0:
                if size - at >= MAX_LINE:
                    raise NatsProtocolError("The NATS server has sent a line that is too long.")
                self._need = size - at + 1
                break
            at = self._take(buffer, at, end, events)
        rest = buffer[at:] if at else buffer
        self._pieces = [rest] if rest else []
        self._size = len(rest)
        self._need = self._need or 1
        return events

    def _take(self, buffer: bytes, start: int, end: int, events: list[Event]) -> int:
        """The line from ``start`` to ``end`` and what belongs to it; returns where the next begins. It begins at
        ``start`` again, and ``_need`` is set, when a message is not whole."""
        word, _, rest = buffer[start:end].partition(b" ")
        kind = word.upper()
        if self.info is None and kind not in (b"INFO", b"-ERR"):
            raise NatsProtocolError("This is no NATS server.")
        if kind in (b"MSG", b"HMSG"):
            return self._message(buffer, start, end, rest.split(), kind == b"HMSG", events)
        if kind == b"PING":
            events.append(Ping())
        elif kind == b"PONG":
            events.append(Pong())
        elif kind == b"INFO":
            self.info = _info(rest)
            events.append(self.info)
        elif kind == b"-ERR":
            events.append(Fault(rest[:MAX_FAULT].decode(errors="replace").strip(" '")))
        elif kind != b"+OK":
            raise NatsProtocolError(f"The NATS server has sent what is not known: {word[:40]!r}.")
        return end + 2

    def _message(
        self, buffer: bytes, start: int, end: int, words: list[bytes], has_headers: bool, events: list[Event]
    ) -> int:
        try:
            subject, sid, *reply = words[: -2 if has_headers else -1]
            if len(reply) > 1:
                raise ValueError
            size = _count(words[-1])
            head = _count(words[-2]) if has_headers else 0
            number = _count(sid)
            names = subject.decode(), reply[0].decode() if reply else ""
        except ValueError:
            raise NatsProtocolError(
                f"The NATS server has sent a wrong line: {buffer[start : min(end, start + 80)]!r}."
            ) from None
        if not head <= size <= MAX_MESSAGE:
            raise NatsProtocolError(f"The NATS server has sent a message of {size} bytes.")
        body = end + 2
        if len(buffer) < body + size + 2:
            self._need = body + size + 2 - start
            return start
        if buffer[body + size : body + size + 2] != b"\r\n":
            raise NatsProtocolError("The NATS server has sent a message that is longer than it said.")
        headers, status, description = (
            _headers(buffer[body : body + head]) if has_headers else (_NO_HEADERS, 0, "")
        )
        content = buffer[body + head : body + size]
        events.append(Message(names[0], number, names[1], headers, status, description, content))
        return body + size + 2


def _count(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 15:
        raise ValueError
    return int(digits)


def _info(text: bytes) -> Info:
    try:
        values: Any = json.loads(text)
        return Info(
            server=_of(values, "server_name", str, ""),
            version=_of(values, "version", str, ""),
            max_payload=_of(values, "max_payload", int, DEFAULT_PAYLOAD),
            nonce=_of(values, "nonce", str, ""),
            tls_required=_of(values, "tls_required", bool, False),
            tls_available=_of(values, "tls_available", bool, False),
            lame_duck=_of(values, "ldm", bool, False),
            connect_urls=tuple(str(url) for url in _of(values, "connect_urls", list, [])),
        )
    except (ValueError, TypeError, RecursionError):
        raise NatsProtocolError("The NATS server's INFO can't be read.") from None


def _of(values: Any, name: str, kind: type, default: Any) -> Any:
    value = values.get(name, default) if isinstance(values, dict) else None
    if type(value) is not kind:
        raise TypeError(name)
    return value


def _headers(block: bytes) -> tuple[Mapping[str, str], int, str]:
    """Headers by their names in lower case, the status, and its description."""
    first, *lines = block.decode(errors="replace").split("\r\n")
    version, _, status = first.partition(" ")
    if version != "NATS/1.0" or lines[-2:] != ["", ""]:
        raise NatsProtocolError("The NATS server has sent headers that can't be read.")
    number, _, description = status.strip().partition(" ")
    if number and not (number.isascii() and number.isdigit() and len(number) == 3):
        raise NatsProtocolError("The NATS server has sent headers that can't be read.")
    headers = {}
    for line in lines[:-2]:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise NatsProtocolError("The NATS server has sent headers that can't be read.")
        headers[name.lower()] = value.strip()
    return headers, int(number or 0), description.strip()


def connect(options: Mapping[str, object]) -> bytes:
    """The first command, with what it says of us and how we log in."""
    whole = {"verbose": False, "pedantic": False, "lang": "python", "protocol": 1, "headers": True,
             "no_responders": True, **options}  # fmt: skip
    return b"CONNECT " + json.dumps(whole, separators=(",", ":")).encode() + b"\r\n"


def publish(
    subject: str,
    body: bytes,
    reply: str = "",
    headers: Mapping[str, str] | None = None,
    limit: int = DEFAULT_PAYLOAD,
) -> bytes:
    """One message. ``limit``: the server's ``max_payload``; it closes the connection of who sends more.

    Raises:
        StreamRefused: it is too large, or a subject or a header can't be one.
    """
    words = f"{checked(subject)} {checked(reply)} " if reply else f"{checked(subject)} "
    block = b""
    if headers:
        for name, value in headers.items():
            if not _SUBJECT(name) or ":" in name or "\r" in value or "\n" in value:
                raise StreamRefused(f"{name!r} can't be a header with this value.")
        block = b"".join([_VERSION, b"\r\n", *(f"{n}: {v}\r\n".encode() for n, v in headers.items()), b"\r\n"])
    size = len(block) + len(body)
    if size > limit:
        raise StreamRefused(f"A message of {size} bytes is more than the {limit} that the NATS server takes.")
    line = f"HPUB {words}{len(block)} {size}\r\n" if headers else f"PUB {words}{size}\r\n"
    return b"".join((line.encode(), block, body, b"\r\n"))


def subscribe(sid: int, subject: str) -> bytes:
    """Messages to this subject (``*``: any one word, ``>``: all that follow) come with this number.

    Raises:
        StreamRefused: it can't be a subject.
    """
    return f"SUB {checked(subject)} {sid}\r\n".encode()


def unsubscribe(sid: int) -> bytes:
    """No more of them; some may be on their way."""
    return f"UNSUB {sid}\r\n".encode()


def checked(subject: str) -> str:
    """The subject, if it can be one.

    Raises:
        StreamRefused: it can't.
    """
    if not _SUBJECT(subject) or subject[0] == "." or subject[-1] == "." or ".." in subject or len(subject) > 1024:
        raise StreamRefused(f"{subject!r} can't be a subject of NATS.")
    return subject
