"""What is answered to requests for pages: what each answer says, and to whom the figures are told."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.errors import StartError
from roomchat.figures import Histogram
from roomchat.net.identity import Identity
from roomchat.net.self_signed import make_file
from roomchat.site.headers import HEADERS, STRICT
from roomchat.site.metrics import Snapshot
from roomchat.site.page import Page
from roomchat.site.token import read_token
from roomchat.site.web import ASKED, LASTING, Web
from roomchat.wires.site import Request, Response
from tests.trust import issue

SECRET = "0123456789abcdef"

PAGE = Page.of({"index.html": b"<head></head>" * 20, "main.js": b"f();\n" * 100, "small.js": b"f();"})


class Server:
    """One of which this is known."""

    def __init__(self, trouble: str = "") -> None:
        self._trouble = trouble

    def trouble(self) -> str:
        return self._trouble

    def snapshot(self) -> Snapshot:
        return {"roomchat_clients": 7}


def ask(
    path: str,
    *,
    web: Web | None = None,
    method: str = "GET",
    local: bool = True,
    secure: bool = False,
    **headers: str,
) -> Response:
    """``headers``: with "_" for "-"."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(method, path, named, "127.0.0.1" if local else "192.0.2.7", local, secure)
    return (web or Web(PAGE, Server())).answer(request)


MAIN = f"/{PAGE.hash}/main.js"


# ---------------------------------------------------------------- files


def test_a_file_is_packed_for_those_who_take_that() -> None:
    """A cache on the way learns that there are two forms."""
    bare, packed = ask(MAIN), ask(MAIN, accept_encoding="gzip, br")
    assert gzip.decompress(packed.body) == bare.body
    assert ("Content-Encoding", "gzip") in packed.headers
    for one in (bare, packed):
        assert one.status == 200
        assert ("Vary", "Accept-Encoding") in one.headers
        assert ("Content-Type", "text/javascript; charset=utf-8") in one.headers


def test_what_has_the_hash_in_its_name_lasts() -> None:
    """What has not is asked about each time, and sent once."""
    assert ("Cache-Control", LASTING) in ask(MAIN).headers
    index = ask("/")
    assert ("Cache-Control", ASKED) in index.headers
    tag = dict(index.headers)["ETag"]
    again = ask("/", if_none_match=tag, accept_encoding="gzip")
    assert (again.status, again.body) == (304, b"")
    assert {("ETag", tag), ("Cache-Control", ASKED), ("Vary", "Accept-Encoding")} <= set(again.headers)
    assert ask("/", if_none_match='W/"of before"').status == 200


@pytest.mark.parametrize(
    "path",
    ["/index.html", "/0123456789abcdef/main.js", f"/{PAGE.hash}/", f"{MAIN}/", "//", "/../settings.py", "*"],
)
def test_what_there_is_not(path: str) -> None:
    """A set of another version, too: who runs it has all of its files."""
    nothing = ask(path)
    assert nothing.status == 404
    assert nothing.body == b"There is no such page. The chat is at /\n"
    assert ("Cache-Control", "no-store") in nothing.headers


@given(
    st.sampled_from(["/", MAIN, "/healthz", "/metrics"]) | st.text(),
    st.dictionaries(
        st.sampled_from(["accept-encoding", "if-none-match", "authorization", "x-forwarded-for"]),
        st.text(),
        max_size=4,
    ),
    st.booleans(),
)
def test_whatever_is_asked_is_answered(path: str, headers: dict[str, str], local: bool) -> None:
    """With what every answer says, and no more bytes than there are."""
    web = Web(PAGE, Server(), SECRET.encode())
    answer = web.answer(Request("GET", path, headers, "192.0.2.7", local, False))
    assert answer.status in {200, 304, 401, 404}
    assert set(HEADERS) <= set(answer.headers)
    assert answer.body or answer.status == 304


# ---------------------------------------------------------------- headers


def test_every_answer_says_what_a_browser_may_do() -> None:
    """Pages, refusals, and the words of the wire."""
    web = Web(PAGE, Server())
    answers = [ask(path, web=web) for path in ("/", MAIN, "/none", "/healthz", "/metrics")]
    answers += [ask("/", web=web, if_none_match="*"), web.say(400, "No.", [("Connection", "close")])]
    for one in answers:
        assert set(HEADERS) <= set(one.headers)
        names = [name.lower() for name, _ in one.headers]
        assert len(names) == len(set(names))
    assert "unsafe" not in dict(HEADERS)["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("certified", "secure", "headers", "said"),
    [
        (True, True, {}, True),
        (True, False, {}, False),
        (False, True, {}, False),
        (True, True, {"x_forwarded_for": "192.0.2.9"}, False),
    ],
)
def test_a_browser_is_bound_to_tls_where_somebody_vouches_for_us(
    certified: bool, secure: bool, headers: dict[str, str], said: bool
) -> None:
    """Not by a certificate of our own, and not for a proxy that has another one."""
    web = Web(PAGE, Server(), certified=lambda: certified)
    assert (STRICT in ask("/", web=web, secure=secure, **headers).headers) is said
    assert (STRICT in web.say(400, "No.", secure=secure).headers) is (certified and secure)


def test_who_has_signed_a_certificate(tmp_path: Path) -> None:
    """An authority, or its own key: the one that the server makes, or one that was made like it."""
    cert, key = issue(tmp_path, "chat.example.org")
    assert Identity(Path(cert), Path(key)).certified
    make_file(tmp_path / "own.pem", ["localhost"])
    assert not Identity(tmp_path / "own.pem", ours=True).certified
    assert not Identity(tmp_path / "own.pem").certified


# ---------------------------------------------------------------- health


def test_a_server_that_takes_messages_is_well() -> None:
    """Whoever asks, from wherever."""
    assert (ask("/healthz", local=False).status, ask("/healthz").body) == (200, b"ok\n")


def test_a_server_that_takes_none_says_why() -> None:
    """In one sentence."""
    ill = ask("/healthz", web=Web(PAGE, Server("The disk is full.")))
    assert (ill.status, ill.body) == (503, b"The disk is full.\n")


# ---------------------------------------------------------------- figures


def test_figures_are_told_on_this_machine() -> None:
    """With how often what was answered."""
    web = Web(PAGE, Server())
    for path in ("/", "/none", "/none"):
        ask(path, web=web)
    told = ask("/metrics", web=web)
    assert told.status == 200
    assert dict(told.headers)["Content-Type"].startswith("text/plain; version=")
    lines = told.body.decode().splitlines()
    assert "# TYPE roomchat_clients gauge" in lines
    assert {"roomchat_clients 7.0", 'roomchat_http_requests_total{status="404"} 2.0'} <= set(lines)


@pytest.mark.parametrize("header", ["forwarded", "x_forwarded_for", "via", "x_real_ip"])
def test_a_proxy_on_this_machine_is_somebody_elsewhere(header: str) -> None:
    """It hands on what others ask."""
    assert ask("/metrics", **{header: "127.0.0.1"}).status == 403


@pytest.mark.parametrize("local", [True, False])
def test_elsewhere_a_token_is_needed(local: bool) -> None:
    """Where there is none, nobody elsewhere is told."""
    web = Web(PAGE, Server(), SECRET.encode())
    headers = {"x_forwarded_for": "192.0.2.9"} if local else {}

    def status(**more: str) -> int:
        return ask("/metrics", web=web, local=local, **headers, **more).status

    assert status(authorization=f"Bearer {SECRET}") == status(authorization=f"bearer  {SECRET}") == 200
    for wrong in (SECRET, f"Basic {SECRET}", f"Bearer {SECRET}0", "Bearer", "Bearer ", "Bearer é"):
        assert status(authorization=wrong) == 401
    asked = ask("/metrics", web=web, local=local, **headers)
    assert dict(asked.headers)["WWW-Authenticate"].startswith("Bearer")
    assert ask("/metrics", local=False, authorization="Bearer ").status == 403


def test_without_the_package_it_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who are not told are not told that either."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    missing = ask("/metrics")
    assert missing.status == 501
    assert b"pip install 'roomchat[metrics]'" in missing.body
    assert ask("/metrics", local=False).status == 403


def test_a_histogram_counts_from_below() -> None:
    """A value on a bound is within it."""
    histogram = Histogram((1, 2, 5))
    for value in (0, 1, 2, 3, 100):
        histogram.observe(value)
    assert (histogram.counts, histogram.sum) == ([2, 1, 1, 1], 106)


def test_a_token_is_read_from_a_file_of_its_owner(tmp_path: Path) -> None:
    """The first line of it, without what is around."""
    path = tmp_path / "token"
    path.write_text(f"{SECRET}  \nmore\n")
    path.chmod(0o600)
    assert read_token(str(path)) == SECRET.encode()
    path.chmod(0o604)
    with pytest.raises(StartError, match="chmod 600"):
        read_token(str(path))
    path.chmod(0o600)
    path.write_text("short\n" + SECRET)
    with pytest.raises(StartError, match="16 characters"):
        read_token(str(path))
    with pytest.raises(StartError, match="No such file"):
        read_token(str(tmp_path / "none"))
    with pytest.raises(StartError, match="directory"):
        read_token(str(tmp_path))
