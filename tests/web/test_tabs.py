"""Several tabs of one browser, and a page that opens while its server is away, or after it was upgraded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.site import page as site
from tests.conftest import QUIET
from tests.web.browser import Person

AWAY = ["WebSocket connection to .* failed", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET"]
KEPT = "() => navigator.serviceWorker.ready.then(() => true)"  # there is a worker that has the page


@contextmanager
def running(folder: Path, port: int = 0) -> Iterator[Server]:
    """A server that has its log there, also the next time."""
    with Server(Settings(**QUIET | {"db": str(folder / "log.db"), "port": port})) as server:
        yield server
    assert not server.failed


def come_in(page: Page, name: str) -> None:
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def say(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")
    see(page, text)


def see(page: Page, *texts: str) -> None:
    for text in texts:
        expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1)


def test_a_line_survives_the_tab_that_leads_and_a_page_opens_without_its_server(
    person: Callable[..., Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tabs are one person: the one with the connection is closed while a line waits, the other one says it.
    A page that is opened while the server is away shows what it had, and says what is said there later.
    An upgraded server's page waits until the person takes it, and then no tab has anything of the old one."""
    with running(tmp_path) as server:
        port = server.address[1]
        ann = person(server)
        ann.expected = AWAY
        first = ann.open()
        come_in(first, "ann")
        first.wait_for_function(KEPT)
        second = ann.open()
        say(second, "one")
        see(first, "one")
    say(second, "two")
    see(first, "two")
    first.close()
    say(second, "three")
    third = ann.open()
    see(third, "one", "two", "three")
    say(third, "four")
    with running(tmp_path, port) as server:
        bob = person(server).open()
        come_in(bob, "bob")
        for page in bob, second, third:
            see(page, "one", "two", "three", "four")
        assert bob.get_by_role("log").inner_text().count("four") == 1
        bob.close()
    contents = site.read_sources(resources.files("roomchat"))
    contents["main.js"] += b'\ndocument.documentElement.dataset.version = "new";\n'
    monkeypatch.setattr(site.Page, "of_package", lambda: site.Page.of(contents))
    version = "document.documentElement.dataset.version ?? 'old'"
    with running(tmp_path, port):
        for page in second, third:
            expect(page.get_by_role("button", name="Load it")).to_be_visible()
        third.reload()
        assert third.evaluate(version) == "old"
        second.get_by_role("button", name="Load it").click()
        for page in second, third:
            page.wait_for_function(f"() => ({version}) === 'new'")
            see(page, "four")
        assert second.evaluate("caches.keys().then((names) => names.length)") == 1
