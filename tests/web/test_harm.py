"""Whatever others write, and whatever is typed, stays text: nothing of it becomes a part of the page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from roomchat.server import Server
from tests.peer import Peer
from tests.web.browser import Person
from tests.web.hostile import ELEMENTS, NAMES, TEXTS, TURNED
from tests.web.tab import Tab

Serve, Connect, Persons = Callable[..., Server], Callable[..., Peer], Callable[..., Person]

HIGH = {"width": 1200, "height": 5000}  # pixels: what is far from what is seen is not in the page
# All kinds of elements that there are, with the names of their attributes; and where links lead.
KINDS = """() => [...document.querySelectorAll("*")].map(
  (element) => [element.localName, ...element.getAttributeNames().sort()].join(" "))"""
LINKS = """() => [...document.querySelectorAll("[href], [src], [action], [formaction], [srcdoc], [data]")].map(
  (element) => [element.localName, element.href || element.src || "?"])"""
# A button, and the field that it leads to; and commands whose words come back.
FIELDS = {
    "Call a number": "Number or name",
    "Join or make a room": "Room",
    "Find a person": "Room or person",
}
COMMANDS = ["join", "dial", "whois", "topic", "name", "kick", "whisper", "private", "delete", "connect"]
NEVER = {
    "script",
    "iframe",
    "object",
    "embed",
    "math",
    "video",
    "source",
    "style",
    "link",
    "meta",
    "base",
    "animate",
    "template",
    "x",
}


def kinds(page: Page) -> set[str]:
    """Of elements in the page."""
    return set(page.evaluate(KINDS))


def harmless(page: Page, before: set[str]) -> None:
    """No element is there that the page itself does not make; none listens by an attribute, and no link does more
    than to lead to a page."""
    for kind in kinds(page):
        tag, *attributes = kind.split()
        assert tag not in NEVER or kind in before, kind
        assert not [name for name in attributes if name.startswith("on")], kind
    for tag, address in page.evaluate(LINKS):
        assert address.startswith(("http://", "https://", "mailto:", "data:image/svg+xml")), (tag, address)


def test_what_others_write_stays_text(serve: Serve, connect: Connect, person: Persons) -> None:
    """Texts of messages and whispers, names of people and rooms, topics, reasons, the server's greeting."""
    server = serve(motd=ELEMENTS[2], lobby="tea")
    ann = Tab(person(server, viewport=HIGH).open()).come_in("ann")
    before = kinds(ann.page)
    eves = [connect(server, name if name[0].isalnum() else f"a{name}") for name in NAMES]
    for eve, name in zip(eves, NAMES, strict=True):
        eve.join("tea")
        eve.send("say", room="tea", text=name)
        eve.join(name)
        eve.send("topic", room=name, topic=ELEMENTS[2])
        eve.send("invite", room=name, uid=ann.number)
    eve = eves[0]
    for text in TEXTS:
        eve.send("say", room="tea", text=text)
        eve.send("whisper", uid=ann.number, text=text)
    eve.send("say", room="tea", text="the last of it")
    ann.sees("the last of it")
    said = "".join(ann.messages.all_inner_texts())
    assert [text for text in ELEMENTS if text not in said] == []
    harmless(ann.page, before)
    for name in NAMES:
        ann.say(f"/join {name}")
        ann.is_in(name)
    harmless(ann.page, before)
    ann.go(f"a{NAMES[0]}")  # the whispers
    expect(ann.page.get_by_text("constructor.constructor")).to_be_visible()
    harmless(ann.page, before)
    ann.go(NAMES[0])
    eve.send("kick", room=NAMES[0], uid=ann.number, reason=ELEMENTS[3])
    expect(ann.page.get_by_text("put you out of")).to_be_visible()
    harmless(ann.page, before)


def test_what_is_typed_stays_text(serve: Serve, person: Persons) -> None:
    """In every field: names, numbers, rooms, topics, searches, commands that do not exist, and the link that opens
    the page; also where it is refused, and comes back in a sentence."""
    one = person(serve())
    page = one.open(f"/#invite={ELEMENTS[2]}")
    before = kinds(page)
    ann = Tab(page)
    ann.way("Guest")
    for text in (ELEMENTS[0], ELEMENTS[2], TURNED[0]):
        ann.submit(text)
        expect(page.get_by_text("can't be a name")).to_be_visible()
        harmless(page, before)
    ann.come_in("ann")
    for button, label in FIELDS.items():
        page.get_by_role("button", name=button, exact=True).click()
        field = page.get_by_role("dialog").get_by_label(label, exact=True)
        for text in (ELEMENTS[2], TURNED[3]):
            field.fill(text)
            field.press("Enter")
            harmless(page, before)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    for command in COMMANDS:
        ann.box.fill(f"/{command} {ELEMENTS[2]}")
        ann.box.press("Enter")
    ann.box.fill(f"/{ELEMENTS[2]}")
    ann.box.press("Enter")
    expect(ann.note).to_contain_text("<img")
    harmless(page, before)
    ann.box.fill(f"/search {ELEMENTS[2]}")
    ann.box.press("Enter")  # one of those above may be refused only now, and come back into the box
    expect(ann.dialog(f"Search: {ELEMENTS[2]}")).to_be_visible()
    harmless(page, before)
