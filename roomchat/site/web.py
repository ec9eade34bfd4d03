"""What is answered: the files of the page, whether the server is well, and its figures."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from roomchat.site.accepted import encoding, has_tag
from roomchat.site.headers import HEADERS, STRICT
from roomchat.site.metrics import MISSING, Snapshot, exposition
from roomchat.site.page import File, Page
from roomchat.wires.site import Request, Response

HEALTH, METRICS = "/healthz", "/metrics"

# A year, the longest that is of any use. What is not lasting is asked about each time, and answered by its tag.
LASTING, ASKED = "public, max-age=31536000, immutable", "no-cache"

# A request with one of these did not begin on the machine that it came from.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

Header = tuple[str, str]


class Watched(Protocol):
    """What is known of the server. It answers at once."""

    def trouble(self) -> str:
        """Why it takes no messages, in a sentence; "": it does."""

    def snapshot(self) -> Snapshot:
        """Its figures."""


class Web:
    """See ``Site``. Any I/O thread may call it: but for how often it was asked, nothing in it changes.

    Args:
        page: the files.
        watched: the server.
        token: who has it may read the figures from elsewhere; b"": nobody may.
        certified: whether an authority vouches for the server's certificate.
    """

    def __init__(
        self, page: Page, watched: Watched, token: bytes = b"", certified: Callable[[], bool] = lambda: False
    ) -> None:
        self._page = page
        self._watched = watched
        self._token = token
        self._certified = certified
        self._answered: Counter[str] = Counter()  # by status; with more I/O threads than one, about

    def answer(self, request: Request) -> Response:
        """The answer to a request, 404 for what there is not."""
        if (file := self._page.files.get(request.path)) is not None:
            return self._file(request, file)
        if request.path == HEALTH:
            trouble = self._watched.trouble()
            return self.say(503 if trouble else 200, trouble or "ok", secure=_encrypted(request))
        if request.path == METRICS:
            return self._metrics(request)
        return self.say(404, "There is no such page. The chat is at /", secure=_encrypted(request))

    def say(self, status: int, sentence: str, headers: Sequence[Header] = (), *, secure: bool = False) -> Response:
        """An answer in words, as to a request that is not understood."""
        kind = ("Content-Type", "text/plain; charset=utf-8")
        body = f"{sentence}\n".encode()
        return self._answer(status, [kind, ("Cache-Control", "no-store"), *headers], body, secure=secure)

    # ------------------------------------------------------------ inside

    def _file(self, request: Request, file: File) -> Response:
        headers = [
            ("Content-Type", file.kind),
            ("Cache-Control", LASTING if file.lasting else ASKED),
            ("ETag", file.tag),
        ]
        body = file.body
        if file.packed:
            headers.append(("Vary", "Accept-Encoding"))
            if (taken := encoding(request.headers.get("accept-encoding", ""), file.packed)) is not None:
                headers.append(("Content-Encoding", taken))
                body = file.packed[taken]
        if has_tag(request.headers.get("if-none-match", ""), file.tag):
            return self._answer(304, headers[1:], b"", secure=_encrypted(request))
        return self._answer(200, headers, body, secure=_encrypted(request))

    def _metrics(self, request: Request) -> Response:
        secure = _encrypted(request)
        if not (_is_here(request) or self._knows_token(request)):
            if not self._token:
                return self.say(403, "The figures are for this machine (--metrics-token-file).", secure=secure)
            challenge = [("WWW-Authenticate", 'Bearer realm="metrics"')]
            return self.say(401, "The figures need the token of --metrics-token-file.", challenge, secure=secure)
        figures = {**self._watched.snapshot(), "roomchat_http_requests_total": self._answered.copy()}
        try:
            kind, body = exposition(figures)
        except ImportError:
            return self.say(501, MISSING, secure=secure)
        return self._answer(200, [("Content-Type", kind), ("Cache-Control", "no-store")], body, secure=secure)

    def _knows_token(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode("latin-1", "replace")
        return self._token != b"" and scheme.lower() == "bearer" and hmac.compare_digest(given, self._token)

    def _answer(self, status: int, headers: Sequence[Header], body: bytes, *, secure: bool) -> Response:
        self._answered[str(status)] += 1
        strict = [STRICT] if secure and self._certified() else []
        return Response(status, [*headers, *HEADERS, *strict], body)


def _is_here(request: Request) -> bool:
    """Whether it was made on this machine, and not handed on by a proxy on it."""
    return request.local and not _is_handed_on(request)


def _encrypted(request: Request) -> bool:
    """Whether it came with our own certificate, as far as is known: behind a proxy that is the proxy's."""
    return request.secure and not _is_handed_on(request)


def _is_handed_on(request: Request) -> bool:
    return any(name in request.headers for name in _FORWARDED)
