"""What a connection speaks, told from its first bytes: a dialect, or TLS and what is in it."""

from __future__ import annotations

import json
import re

import msgspec
from msgspec import Raw, Struct

from roomchat.errors import WireOff
from roomchat.protocol import Error
from roomchat.wires.objects import ObjectSplitter
from roomchat.wires.proxy import read_header
from roomchat.wires.table import Dialects, dialect_of
from roomchat.wires.wire import Wire

FIRST_LINE = 1024  # bytes; a first line that is no JSON is decided on by then: HTTP and IRC begin with few

_BLANK = b" \t\r\n"
_OBJECT = re.compile(rb'\{[ \t\r\n]*(?:["}]|$)')  # as far as it is there; "{kim" is a person's
_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) ")
_HTTP_BEGINS = re.compile(rb"[A-Z]{1,7}")
_IRC = re.compile(rb"(?:@\S+ )?(?::\S+ )?(?:NICK|USER|PASS|CAP|SERVER|PROTOCTL|AUTHENTICATE) ", re.IGNORECASE)

_NOT_HERE = "This is a roomchat server: it is reached with roomchat join, or with nc to chat in plain text."
_PAGE = f"{_NOT_HERE}\n".encode()

HTTP_REFUSAL = (
    b"HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(_PAGE), _PAGE)
)
IRC_REFUSAL = f"ERROR :{_NOT_HERE}\r\n".encode()
TLS_BYTE = b"\x16"  # RFC 8446, section 5.1: a record of the handshake; nobody types it
TLS_REFUSAL = b"\x15\x03\x01\x00\x02\x02\x28"  # RFC 8446, section 6: an alert, fatal, handshake_failure


class Chosen(Struct):
    """What a peer speaks is known."""

    wire: Wire


class Refused(Struct):
    """It speaks nothing that is spoken here."""

    data: bytes  # to be sent before the connection is closed


class Encrypted(Struct):
    """It speaks TLS; what it says inside is for another detector."""

    data: bytes  # for TLS: all that came so far


class Proxied(Struct):
    """A load balancer has said who connects; what comes next is for another detector."""

    address: str | None  # of who connects; None: the load balancer itself
    data: bytes  # what came behind that


class Asks(Struct):
    """It speaks HTTP: it asks for pages, or for a WebSocket."""

    data: bytes  # all that came so far


Verdict = Chosen | Refused | Encrypted | Proxied | Asks


class Detector:
    """Looks at the first bytes of one connection until it knows what to do with it.

    A JSON object with ``request`` is KTN, one of type ``command`` or ``message`` is the channels wire, any other
    is native. What begins like HTTP or IRC is turned away in its own words: a browser that was tricked into
    posting lines at this port reaches nobody. All else is a person at a bare line.

    Keeps at most ``Settings.max_line`` bytes. When its peer pauses, ``guess`` says what to take it for meanwhile.

    Args:
        tls: whether it may be TLS that begins here; not so inside TLS, or of a peer that was greeted already.
        proxied: whether it is a load balancer, which says first who connects, or a web server in front, which says
            it in each request.
    """

    def __init__(self, dialects: Dialects, *, tls: bool = True, proxied: bool = False) -> None:
        self._dialects = dialects
        self.tls = tls
        self.proxied = proxied
        self._objects = ObjectSplitter(dialects.settings.max_line)
        self._split = 0  # bytes of what came so far that the splitter has seen
        self.data = bytearray()  # all that came so far: the chosen wire gets it

    def feed(self, data: bytes) -> Verdict | None:
        """Take the next bytes; None: they do not tell yet."""
        self.data += data
        if self.proxied:
            return self._of_proxy()
        first = self.data[: FIRST_LINE + 1].lstrip(_BLANK)
        if _OBJECT.match(first):
            dialect = self._of_object(data)
            return None if dialect is None else self._choose(dialect)
        if first[:1] == TLS_BYTE:
            begins = self.data[:1] == TLS_BYTE  # not behind blanks
            return Encrypted(bytes(self.data)) if self.tls and begins else Refused(TLS_REFUSAL)
        if _HTTP.match(first):
            return self._of_http()
        if _IRC.match(first):
            return Refused(IRC_REFUSAL)
        if b"\n" in first or len(self.data) > FIRST_LINE:
            return self._choose("plain")
        return None

    def _of_http(self) -> Verdict:
        spoken = "websocket" in self._dialects.settings.wires
        return Asks(bytes(self.data)) if spoken else Refused(HTTP_REFUSAL)

    def _of_proxy(self) -> Verdict | None:
        try:
            header = read_header(bytes(self.data))
        except ValueError:
            if _HTTP.match(self.data):
                return self._of_http()
            return None if _HTTP_BEGINS.fullmatch(self.data) else Refused(b"")
        return None if header is None else Proxied(header.address, bytes(self.data[header.size :]))

    def _of_object(self, data: bytes) -> str | None:
        """The dialect of a peer that begins with an object; None: its end has not come. ``data`` came last."""
        limit = self._objects.max_object
        if b"\n" in data and (dialect := _of_line(bytes(self.data.lstrip(_BLANK).partition(b"\n")[0]), limit)):
            return dialect  # nearly always; ten times as quick as what follows, which a long first line would take
        if not (self._split or b"}" in data or b"\n" in data or len(self.data) > limit):
            return None  # none has ended yet, however it was cut
        pieces = self._objects.feed(bytes(self.data[self._split :]), most=1)
        self._split = len(self.data)
        if not pieces:
            return None
        too_long = len(pieces[0]) > limit  # who sends that is no person
        return "native" if too_long else _of_line(pieces[0], limit) or _dialect(pieces[0])

    def paused(self) -> Verdict | None:
        """The peer has stopped in the middle of something: as ``feed``, but a line that began is a person's."""
        first = self.data.lstrip(_BLANK)
        return self._choose("plain") if first and not _OBJECT.match(first) else None

    def guess(self) -> Wire:
        """What to take it for while it has not shown what it is."""
        return self._dialects.likely(begun=bool(self.data.lstrip(_BLANK)))

    def _choose(self, dialect: str) -> Verdict:
        wire = self._dialects.make(dialect)
        spoken = self._dialects.settings.wires
        if dialect.partition("-")[0] in spoken:
            return Chosen(wire)
        refusal = WireOff(wire=dialect, spoken=", ".join(spoken))
        return Refused(wire.reply(Error(code=refusal.code, message=str(refusal))))


_members = msgspec.json.Decoder(dict[str, Raw])  # of an object, not looked into


def _of_line(line: bytes, limit: int) -> str | None:
    """The dialect of a line that is one object; None: it is not, or too long."""
    if len(line) > limit:
        return None
    try:
        line.decode()  # msgspec does not look at what it passes over
        first: dict[str, object] = {**_members.decode(line)}
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if isinstance(kind := first.get("type"), Raw):
        first["type"] = msgspec.json.decode(kind)
    return dialect_of(first)


def _dialect(piece: bytes) -> str:
    """The dialect of a peer that begins with this."""
    try:
        # Not msgspec, and no number is read: which is too large is for the wire to say.
        value = json.loads(piece.decode(), parse_int=str)
    except RecursionError:
        return "native"  # no person types that
    except ValueError:
        return "ktn" if b'"request"' in piece else "plain"
    return dialect_of(value)
