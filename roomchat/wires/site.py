"""What is asked for over HTTP and answered, and by whom: the pages know nothing of connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

CHAT = "/ws"  # where a WebSocket is, beside the pages


class Request(Struct, frozen=True):
    """A request without a body, of which it is known that it may be answered."""

    method: str  # GET or HEAD
    path: str  # as it came, without what stands behind "?"; nothing in it is decoded
    headers: dict[str, str]  # by names in small letters; of several with one name the values with ", " between
    address: str  # of who asks, where a proxy that is trusted has said so as it says
    local: bool  # whether that is this machine
    secure: bool  # whether nobody on the way can read it


class Response(Struct, frozen=True):
    """Its answer. ``Content-Length`` and ``Connection`` are added, and ``Date`` where it is not there; a HEAD gets
    all but the body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""  # the same object for all who get it


class Site(Protocol):
    """The pages. Called on an I/O thread, which waits for it."""

    def answer(self, request: Request) -> Response:
        """The answer to a request, 404 for what there is not."""

    def say(
        self, status: int, sentence: str, headers: Sequence[tuple[str, str]] = (), *, secure: bool = False
    ) -> Response:
        """An answer in words to what is not a request for the pages, as where that is not understood. ``secure``:
        it came over TLS, as far as is known."""
