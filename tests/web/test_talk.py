"""People talk in the page: with each other, in rooms, by number, and out of the way of others."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from roomchat.server import Server
from tests.peer import Peer
from tests.web.browser import Person
from tests.web.tab import Tab

Serve, Connect, Persons = Callable[..., Server], Callable[..., Peer], Callable[..., Person]


def test_two_people_chat(serve: Serve, person: Persons) -> None:
    """Each sees what both say, once and in one order, in the form that it has: several lines, code, a link."""
    server = serve()
    ann, bob = (Tab(person(server).open()).come_in(name) for name in ("ann", "bob"))
    assert (ann.number, bob.number) == (1, 2)
    ann.say("Who is for tea?", "/me puts the kettle on")
    bob.sees("Who is for tea?")
    bob.say("Me, `green`: https://tea.test/x?y=1, please.")
    ann.box.press_sequentially("one")
    ann.box.press("Shift+Enter")
    ann.box.press_sequentially("two")
    ann.box.press("Enter")
    for tab in (ann, bob):
        tab.sees("Who is for tea?", "two")
        expect(tab.page.get_by_text("puts the kettle on")).to_have_count(1)
        expect(tab.page.get_by_role("link", name="https://tea.test/x?y=1")).to_have_attribute(
            "rel", re.compile("noopener")
        )
        expect(tab.messages.get_by_text("green", exact=True)).to_have_js_property("tagName", "CODE")
        said = "".join(tab.messages.all_inner_texts())
        assert re.findall("for tea|kettle|green|two", said) == ["for tea", "kettle", "green", "two"]


def test_calls_by_number(serve: Serve, connect: Connect, person: Persons) -> None:
    """On the pad, and typed; whoever is called is in the same room."""
    server = serve()
    bob = connect(server, "bob")
    ann = Tab(person(server).open()).come_in("ann")
    ann.page.get_by_role("button", name="Call a number").click()
    pad = ann.dialog("Call a number")
    pad.get_by_role("button", name=str(bob.uid), exact=True).click()
    expect(pad.get_by_role("status")).to_have_text("bob")
    pad.get_by_role("button", name="Call", exact=True).click()
    ann.is_in("r1")
    assert bob.until("joined")["room"] == "r1"
    cleo = connect(server, "cleo")
    cleo.join("tools")
    ann.say(f"/dial {cleo.uid}")
    ann.is_in("tools")
    ann.box.fill("/dial 99")
    ann.box.press("Enter")
    expect(ann.note).to_contain_text("Nobody has the UID 99")


def test_a_page_that_is_loaded_again_shows_the_same_room(serve: Serve, connect: Connect, person: Persons) -> None:
    """Not the one that was looked at when it was last kept how the chat looks."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("tea")
    ann = Tab(person(server).open()).come_in("ann")
    ann.say("/join tea")
    ann.is_in("tea")
    for number in range(250):
        bob.send("say", room="tea", text=f"no. {number}")
    ann.sees("no. 249")
    ann.go("lobby")
    ann.page.reload()
    ann.inside().is_in("lobby")
