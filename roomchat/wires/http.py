"""HTTP/1.1 on one connection: bytes into requests, and their answers into bytes; until it becomes a WebSocket.

Source: RFC 9112; what the bytes mean is told by h11, and the handshake of RFC 6455 by websockets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

import h11
from msgspec import Struct
from websockets.datastructures import Headers
from websockets.http11 import Request as UpgradeRequest
from websockets.server import ServerProtocol

from roomchat.wires.site import Request, Response, Site
from roomchat.wires.wire import Wire

MAX_HEAD = 16 * 1024  # bytes of a request without its body
MAX_HEADERS = 100
MAX_PIPELINED = 16  # requests that are answered of what one read brings
CHAT = "/ws"

_AUTHORITY = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


class Peer(Struct, frozen=True):
    """Who asks."""

    address: str
    local: bool
    secure: bool


class Turn(Struct):
    """What follows from some bytes."""

    data: bytes = b""  # to be sent
    ends: bool = False  # then the connection ends
    wire: Wire | None = None  # it is a WebSocket from here on
    rest: bytes = b""  # what came behind the handshake, for the wire


class Conversation:
    """The requests of one connection, one after the other."""

    def __init__(self, peer: Peer, site: Site, make_wire: Callable[[], Wire]) -> None:
        self._peer = peer
        self._site = site
        self._make_wire = make_wire
        self._bare = False  # no body is wanted
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)

    @property
    def between(self) -> bool:
        """Whether no request has begun."""
        return self._http.their_state is h11.IDLE and not self._http.trailing_data[0]

    def feed(self, data: bytes) -> Turn:
        """Take the next bytes."""
        turn = Turn()
        answered = 0
        try:
            self._http.receive_data(data)
            while not (turn.ends or turn.wire) and answered < MAX_PIPELINED:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    return turn
                if isinstance(event, h11.ConnectionClosed):
                    turn.ends = True
                elif isinstance(event, h11.Request):
                    self._answer(event, turn)
                    answered += 1
                elif isinstance(event, h11.EndOfMessage) or event is h11.PAUSED:
                    self._go_on(turn)
                else:
                    turn.ends = True
        except h11.RemoteProtocolError as error:
            self._refuse(turn, error.error_status_hint, "This is no request that is understood here.")
        if answered == MAX_PIPELINED:
            turn.ends = True
        return turn

    def _go_on(self, turn: Turn) -> None:
        http = self._http
        if http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
        elif http.our_state is not h11.SEND_RESPONSE:
            turn.ends = http.our_state is not h11.DONE

    def _answer(self, event: h11.Request, turn: Turn) -> None:
        headers: dict[str, str] = {}
        for name, value in event.headers:
            key = name.decode("latin-1")
            headers[key] = (
                f"{headers[key]}, {value.decode('latin-1')}" if key in headers else value.decode("latin-1")
            )
        method = event.method.decode("latin-1")
        self._bare = method == "HEAD"
        path = _AUTHORITY.sub("", event.target.decode("latin-1"), count=1).partition("?")[0] or "/"
        if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
            self._refuse(turn, 413, "Nothing is to be sent here.")
        elif path == CHAT:
            self._upgrade(path, event, turn)
        elif method not in {"GET", "HEAD"}:
            self._say(turn, 405, "Only GET and HEAD.", ("Allow", "GET, HEAD"))
        else:
            peer = self._peer
            request = Request(method, path, headers, peer.address, peer.local, peer.secure)
            self._send(turn, self._site.answer(request))

    def _upgrade(self, path: str, event: h11.Request, turn: Turn) -> None:
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers])
        response = ServerProtocol().accept(UpgradeRequest(path, headers))
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._say(turn, response.status_code, response.body.decode().strip())
            return
        end = self._http.next_event()
        assert isinstance(end, h11.EndOfMessage), end
        turn.data += response.serialize()
        turn.wire = self._make_wire()
        turn.rest = self._http.trailing_data[0]

    def _refuse(self, turn: Turn, status: int, sentence: str) -> None:
        """And the connection ends."""
        turn.ends = True
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._say(turn, status, sentence, ("Connection", "close"))

    def _say(self, turn: Turn, status: int, sentence: str, *headers: tuple[str, str]) -> None:
        self._send(turn, self._site.say(status, sentence, headers, secure=self._peer.secure))

    def _send(self, turn: Turn, response: Response) -> None:
        headers = list(response.headers)
        if response.status != HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Length", str(len(response.body))))
        reason = HTTPStatus(response.status).phrase.encode()
        send = self._http.send
        turn.data += send(h11.Response(status_code=response.status, headers=headers, reason=reason)) or b""
        if not self._bare:
            turn.data += send(h11.Data(data=response.body)) or b""
        turn.data += send(h11.EndOfMessage()) or b""
