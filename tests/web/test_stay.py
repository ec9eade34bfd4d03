"""Whatever happens to the server: a page comes back by itself, and nothing is lost or doubled."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from roomchat import Client
from tests.program import address_of, serve
from tests.web.browser import Person
from tests.web.tab import Tab

AWAY = ["WebSocket connection to .* failed", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET"]


def test_back_after_the_server_was_killed(person: Callable[..., Person], tmp_path: Path) -> None:
    """What was said while the page had no connection is shown once; what waited there is sent once, in order."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
        port = address.rpartition(":")[2]
        ann = person(f"http://{address}")
        ann.expected = AWAY
        tab = Tab(ann.open()).come_in("ann")
        with Client(address, "bob", state=False, on_event=id) as bob:
            bob.join("lobby")
            bob.say("before", "lobby")
            tab.sees("before")
            server.signal(signal.SIGKILL)
            expect(tab.page.get_by_text("Trying again")).to_be_visible()
            tab.say("first", "second")
            expect(tab.message("second")).to_contain_text("waits")
            bob.say("meanwhile", "lobby")
            with serve("--port", port, db=db) as again:
                address_of(again)
                tab.page.evaluate("dispatchEvent(new Event('online'))")  # try at once
                tab.sees("before", "meanwhile", "first", "second")
                bob.say("after", "lobby")
                tab.sees("after")
                expect(tab.page.get_by_text("waits")).to_have_count(0)
                expect(tab.page.get_by_text("Trying again")).to_have_count(0)
                words = ("before", "meanwhile", "first", "second", "after")
                said = "".join(tab.messages.all_inner_texts())
                assert {word: said.count(word) for word in words} == dict.fromkeys(words, 1)
                assert said.index("first") < said.index("second")
