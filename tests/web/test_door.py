"""What the pages of others get, in a browser that would let them; and what ours may not take from one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from roomchat.server import Server
from roomchat.site.page import Page, read_sources
from scripts.bundle import read
from scripts.pack_page import pack
from tests.test_bundle import MODULES
from tests.web.browser import Person
from tests.web.tab import Tab

FOREIGN = b"""<!doctype html><title>trying</title><link rel=icon href="data:,"><script>
const socket = new WebSocket(`ws://127.0.0.1:${location.hash.slice(1)}/ws`);
socket.onopen = () => { document.title = "came in"; };
socket.onerror = () => { document.title = "kept out"; };
</script>"""


class Foreign(BaseHTTPRequestHandler):
    """A page that wants to chat as whoever looks at it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(FOREIGN)))
        self.end_headers()
        self.wfile.write(FOREIGN)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The port of another server on this machine: a browser keeps pages from farther away out by itself."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_another_page_is_kept_out(
    serve: Callable[..., Server], person: Callable[..., Person], elsewhere: int
) -> None:
    """One from elsewhere, open in the same browser, can't chat. If --origin names it, it can, which shows that
    nothing else has kept it out."""
    server = serve(origin=(f"http://localhost:{elsewhere}",))
    eve = person(server)
    eve.expected = ["WebSocket connection to .* failed.*403", f"request: http://.*:{elsewhere}/"]
    for host, said in {"127.0.0.1": "kept out", "localhost": "came in"}.items():
        expect(eve.open(f"http://{host}:{elsewhere}/#{server.address[1]}")).to_have_title(said)


def test_the_page_is_as_small_as_a_browser_takes_it(
    serve: Callable[..., Server], person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was built of it works, and comes with brotli, also without TLS on the machine itself."""
    pytest.importorskip("brotli")
    pytest.importorskip("minify")
    page = pack(read_sources(resources.files("roomchat")))
    monkeypatch.setattr(Page, "of_package", lambda: page)
    ann = person(serve())
    answers: dict[str, str] = {}
    ann.context.on(
        "response", lambda one: answers.setdefault(one.url.split("/")[-1], one.headers.get("content-encoding", ""))
    )
    Tab(ann.open()).come_in("ann").say("hello")
    assert {name: answers[name] for name in ("", "early.js", "style.css", "main.js")} == dict.fromkeys(
        ("", "early.js", "style.css", "main.js"), "br"
    )


def test_no_module_hides_what_the_browser_has(browser: Browser) -> None:
    """In the file that is served, what one module declares is seen from all others, and would be taken there for
    what the browser has by that name. The browser's ``Storage`` is of no use to anyone."""
    names = {declared for name, text in MODULES.items() for declared in read(name, text).declared} - {"Storage"}
    page = browser.new_page()
    assert page.evaluate("(names) => names.filter((name) => name in window)", sorted(names)) == []
    page.close()
