"""What one types in the page: completed, kept, brought back, and carried out or given back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from roomchat.server import Server
from tests.peer import Peer
from tests.web.browser import Person
from tests.web.tab import Tab

Serve, Connect, Persons = Callable[..., Server], Callable[..., Peer], Callable[..., Person]
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def compose() -> Callable[[Page, str], None]:
    """Type with an input method, up to where a key would choose among its candidates."""

    def begin(page: Page, text: str) -> None:
        devtools = page.context.new_cdp_session(page)
        cursor = {"selectionStart": len(text), "selectionEnd": len(text)}
        devtools.send("Input.imeSetComposition", {"text": text, **cursor})
        devtools.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Enter", "windowsVirtualKeyCode": 229})
        devtools.detach()

    return begin


def test_what_is_typed_is_completed_kept_and_given_back(
    serve: Serve, connect: Connect, person: Persons, compose: Callable[[Page, str], None]
) -> None:
    """By keys alone: a menu of people and commands, a line that is refused, the lines of before, a draft."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("tea")
    ann = Tab(person(server).open()).come_in("ann")
    menu = ann.page.get_by_role("listbox", name="Suggestions")

    ann.box.press_sequentially("/jo")
    expect(menu.get_by_role("option", selected=True)).to_contain_text("/join")
    ann.box.press("Enter")
    expect(ann.note).to_contain_text("/join ROOM [TOKEN]: join a room")
    ann.box.press_sequentially("te")  # of a room, Enter takes what stands there
    ann.box.press("ArrowDown")
    ann.box.press("Tab")
    expect(ann.box).to_have_value("/join tea")
    ann.box.press("Enter")
    ann.is_in("tea")

    ann.box.press_sequentially("hi @b")
    ann.box.press("Escape")
    expect(menu).to_be_hidden()
    ann.box.press("Tab")
    expect(ann.box).to_have_value("hi @bob ")
    ann.box.press("Enter")
    ann.sees("hi @bob")

    ann.box.fill("/jion ops")
    ann.box.press("Enter")
    expect(ann.note).to_have_text("There is no command /jion. Did you mean /join? /help lists all.")
    expect(ann.box).to_have_value("/jion ops")

    ann.box.fill("")
    for line in ("/jion ops", "hi @bob "):
        ann.box.press("ArrowUp")
        expect(ann.box).to_have_value(line)
    ann.box.fill("")

    compose(ann.page, "にほ")  # the key that chooses there sends nothing
    expect(ann.box).to_have_value("にほ")
    ann.box.fill("a draft")
    ann.go("lobby")
    expect(ann.box).to_have_value("")
    ann.box.fill("x" * 8193)
    expect(ann.note).to_have_text("1 character too many: a message may have 8192.")
    ann.box.press("Enter")
    ann.box.fill("")
    other = Tab(ann.page.context.new_page())
    other.page.goto("/")
    other.go("tea")
    expect(other.box).to_have_value("a draft")


def test_keys_lead_back_and_to_the_newest(serve: Serve, person: Persons) -> None:
    """From the box, and from the messages."""
    ann = Tab(person(serve()).open()).come_in("ann")
    ann.say("\n".join(["tall"] * 80))
    beginning = ann.page.get_by_text("Nothing was said in lobby before this.")
    newest = ann.page.get_by_role("button", name="To the newest")
    expect(beginning).not_to_be_in_viewport()
    ann.box.press("Home")
    expect(beginning).to_be_in_viewport()
    expect(newest).to_be_visible()
    ann.box.press("Escape")
    expect(newest).to_be_hidden()
    ann.box.press("PageUp")
    ann.messages.last.press("Escape")
    expect(newest).to_be_hidden()
    expect(ann.box).to_be_focused()


def test_on_a_phone_enter_makes_a_line(serve: Serve, person: Persons) -> None:
    """The button sends; a tap on the menu completes."""
    server = serve()
    ann = Tab(person(server, **PHONE).open()).come_in("ann")
    ann.box.press_sequentially("one")
    ann.box.press("Enter")
    ann.box.press_sequentially("/two")
    expect(ann.box).to_have_value("one\n/two")
    ann.page.get_by_role("button", name="Send").tap()
    expect(ann.box).to_have_value("")
    expect(ann.box).to_be_focused()
    ann.sees("one")
    ann.box.press_sequentially("/whoi")
    ann.page.get_by_role("option").tap()
    expect(ann.box).to_have_value("/whois ")
