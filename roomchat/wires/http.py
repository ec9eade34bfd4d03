"""HTTP/1.1 on one connection: bytes into requests, and their answers into bytes; until it becomes a WebSocket.

Source: RFC 9112. h11 tells what the bytes of a request mean, and websockets has the handshake of RFC 6455; here is
what they do not know: how much is taken, and who may ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

import h11
from msgspec import Struct
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from roomchat.wires.forwarded import Asker, asker
from roomchat.wires.gate import Gate, Refusal
from roomchat.wires.site import CHAT, Request, Response, Site

MAX_HEAD = 16 * 1024  # bytes of a request, which has no body; of IIS 16, of node.js 16, of Apache 8 a line
MAX_HEADERS = 100  # as Apache has it; a browser sends some fifteen
MAX_PIPELINED = 4  # requests that are answered of what one read brings, 1 ms of work: browsers send one, and wait

_HEAD_END = re.compile(rb"\n\r?\n")
_CONTROL = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")  # h11 lets them pass, and they are never meant
_TARGET = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)  # RFC 9112, section 3.2.2
_KNOWN = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
_BODILESS = {204, 304}
_UNCLEAR = "This is no request that is understood here."


class Turn(Struct):
    """What follows from some bytes."""

    pieces: list[bytes] = []  # to be sent; those that are large are shared with all who get them
    requests: int = 0  # that were answered
    ends: bool = False  # then the connection ends
    upgraded: Asker | None = None  # it is a WebSocket from here on, of this one
    rest: bytes = b""  # what came behind the handshake


class Conversation:
    """The requests of one connection, answered one after the other. It keeps at most ``MAX_HEAD`` bytes.

    Args:
        peer: who is at the other end.
        is_proxy: whether an address is that of a proxy that is trusted.
        date: the time as it stands in a header.
    """

    __slots__ = ("_came", "_date", "_gate", "_is_proxy", "_peer", "_site")

    def __init__(
        self, peer: Asker, gate: Gate, site: Site, is_proxy: Callable[[str], bool], date: Callable[[], str]
    ) -> None:
        self._peer = peer
        self._gate = gate
        self._site = site
        self._is_proxy = is_proxy
        self._date = date
        self._came = bytearray()  # of a request that is not whole

    @property
    def idle(self) -> bool:
        """Whether no request has begun."""
        return not self._came

    def feed(self, data: bytes) -> Turn:
        """Take the next bytes."""
        turn = Turn()
        looked = max(0, len(self._came) - 2)
        self._came += data
        while not (turn.ends or turn.upgraded):
            blank = len(self._came) - len(self._came.lstrip(b"\r\n"))
            del self._came[:blank]  # RFC 9112, section 2.2
            end = _HEAD_END.search(self._came, max(0, looked - blank))
            looked = 0
            size = end.end() if end else len(self._came)
            if size > MAX_HEAD:
                self._refuse(turn, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "This request is too long.")
            elif end is None:
                return turn
            elif _CONTROL.search(self._came, 0, size):
                self._refuse(turn, HTTPStatus.BAD_REQUEST, _UNCLEAR)
            else:
                head = bytes(self._came[:size])
                del self._came[:size]
                turn.requests += 1
                self._answer(head, turn)
        turn.rest = bytes(self._came)
        self._came.clear()
        return turn

    def late(self) -> list[bytes]:
        """What is said to one whose request does not become whole."""
        turn = Turn()
        self._refuse(turn, HTTPStatus.REQUEST_TIMEOUT, "This request took too long.")
        return turn.pieces

    def _answer(self, head: bytes, turn: Turn) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        try:
            http.receive_data(head)
            event = http.next_event()
            end = http.next_event()
        except h11.RemoteProtocolError as error:
            self._refuse(turn, error.error_status_hint, _UNCLEAR)
            return
        if not isinstance(event, h11.Request):
            self._refuse(turn, 400, _UNCLEAR)
            return
        headers = _by_name(event)
        if refusal := _unanswerable(event, headers, end):
            self._refuse(turn, refusal.status, refusal.sentence)
            return
        if turn.requests == MAX_PIPELINED:
            headers["connection"] = "close"
        self._answer_whole(event, headers, http, turn)

    def _answer_whole(self, event: h11.Request, headers: dict[str, str], http: h11.Connection, turn: Turn) -> None:
        """A request that has no body, and is one of HTTP/1."""
        method, target = event.method.decode("latin-1"), event.target.decode("latin-1")
        peer = self._peer
        who = asker(peer, headers, self._is_proxy) if peer.named and self._is_proxy(peer.address) else peer
        absolute = _TARGET.match(target)
        host = absolute[1] if absolute else headers.get("host")
        target = target[absolute.end() :] if absolute else target
        target = target if target.startswith("/") else f"/{target}"
        path = target.partition("?")[0].partition("#")[0]
        upgrade = "websocket" in headers.get("upgrade", "").lower()
        refusal = _of_method(method, path) or self._gate.refusal(who, host, target, upgrade=upgrade)
        if refusal is None and path == CHAT:
            refusal = self._gate.stranger(who, host, headers) or self._upgrade(event, turn)
            if refusal is None:
                turn.upgraded = who
                return
        if refusal is None:
            response = self._site.answer(Request(method, path, headers, who.address, who.local, who.secure))
        else:
            response = self._site.say(refusal.status, refusal.sentence, refusal.headers, secure=who.secure)
        closes = "close" in headers.get("connection", "").lower() or response.status == 400
        self._send(turn, http, response, bodiless=method == "HEAD", closes=closes)

    def _upgrade(self, event: h11.Request, turn: Turn) -> Refusal | None:
        """None: it has become a WebSocket."""
        if event.http_version != b"1.1":
            return Refusal(505, "A WebSocket is for HTTP/1.1.")
        try:
            headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers])
        except InvalidHandshake:  # it has an eye on values that h11 lets pass
            return Refusal(400, _UNCLEAR)
        response = ServerProtocol().accept(Handshake(CHAT, headers))
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            upgrade = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"))
            return Refusal(response.status_code, "Here is a WebSocket, for the page and for programs.", upgrade)
        turn.pieces.append(response.serialize())
        return None

    def _refuse(self, turn: Turn, status: int, sentence: str) -> None:
        """As ``_send``, of a request that was not understood; the connection ends."""
        response = self._site.say(status, sentence, secure=self._peer.secure)
        self._send(turn, h11.Connection(h11.SERVER), response, bodiless=False, closes=True)

    def _send(self, turn: Turn, http: h11.Connection, response: Response, *, bodiless: bool, closes: bool) -> None:
        headers = [*response.headers]
        if response.status not in _BODILESS:
            headers.append(("Content-Length", str(len(response.body))))
        if not any(name.lower() == "date" for name, _ in headers):
            headers.append(("Date", self._date()))
        if closes:
            headers.append(("Connection", "close"))
        reason = HTTPStatus(response.status).phrase.encode()
        head = h11.Response(status_code=response.status, headers=headers, reason=reason)
        turn.pieces.append(http.send(head) or b"")
        if response.body and response.status not in _BODILESS and not bodiless:
            turn.pieces += http.send_with_data_passthrough(h11.Data(data=response.body)) or []
        http.send(h11.EndOfMessage())
        turn.ends = http.our_state is not h11.DONE


def _of_method(method: str, path: str) -> Refusal | None:
    if method not in _KNOWN:
        return Refusal(501, "There is no such method here.")
    if method == "GET" or (method == "HEAD" and path != CHAT):
        return None
    return Refusal(405, "Nothing is to be sent here.", (("Allow", "GET, HEAD"),))


def _by_name(event: h11.Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in event.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _unanswerable(event: h11.Request, headers: dict[str, str], end: object) -> Refusal | None:
    """Why a request is refused whatever it asks for; what comes behind it is not looked at."""
    if event.http_version[:2] != b"1.":
        return Refusal(505, "This is a server of HTTP/1.1.")
    if len(event.headers) > MAX_HEADERS:
        return Refusal(431, "These are too many headers.")
    if "transfer-encoding" in headers and "content-length" in headers:
        return Refusal(400, "One of the two lengths is wrong.")  # RFC 9112, section 6.3: somebody smuggles
    if not isinstance(end, h11.EndOfMessage):
        return Refusal(413, "Nothing is to be sent here.")
    return None
