"""How the page can be used: on the smallest phone, by keys alone, by who sees little, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from roomchat.server import Server
from tests.peer import Peer
from tests.web.axe import violations
from tests.web.browser import Person
from tests.web.tab import Tab

Serve, Connect, Persons = Callable[..., Server], Callable[..., Peer], Callable[..., Person]

PHONE = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}
# What stands out of the screen to a side, though it is to be seen.
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const box = element.getBoundingClientRect();
  return element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !element.closest("[inert]") && box.width > 1 && (box.left < -1 || box.right > innerWidth + 1);
}).map((element) => element.outerHTML.slice(0, 120))"""
SMALL = """() => [...document.querySelectorAll("button, input, textarea, a[href]")].filter((element) => {
  const box = element.getBoundingClientRect();
  return element.checkVisibility() && !element.closest("[inert], .messages") && box.width > 1
    && (box.width < 24 || box.height < 24);
}).map((element) => element.outerHTML.slice(0, 120))"""

COLOUR = """(name) => {
  const one = document.body.appendChild(document.createElement("i"));
  one.style.color = `var(${name})`;
  const { color } = getComputedStyle(one);
  one.remove();
  return color;
}"""


def fits(page: Page) -> None:
    """Nothing is cut off at a side, and what is pressed is large enough to be hit (WCAG 2.2, 2.5.8: 24 px)."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(SMALL) == []


def test_a_small_phone(serve: Serve, connect: Connect, person: Persons) -> None:
    """All can be done by touch on 320 pixels: the lists come in from the sides, dialogs fill the screen."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("lobby")
    bob.send("say", room="lobby", text="w" * 200 + " https://tea.test/" + "x" * 200)
    ann = Tab(person(server, **PHONE).open())
    fits(ann.page)
    ann.come_in("ann")
    expect(ann.messages.filter(has_text="www")).to_have_count(1)
    fits(ann.page)
    ann.box.fill("from a phone")
    ann.page.get_by_role("button", name="Send").tap()
    ann.sees("from a phone")
    ann.page.get_by_role("button", name="Rooms", exact=True).tap()
    expect(ann.page.get_by_role("button", name="Your number is 2")).to_be_visible()
    fits(ann.page)
    ann.page.get_by_role("button", name="Call a number").tap()
    pad = ann.dialog("Call a number")
    fits(ann.page)
    pad.get_by_role("button", name="1", exact=True).tap()
    pad.get_by_role("button", name="Call", exact=True).tap()
    ann.is_in("r1")  # the lobby is nobody's: a call leads out of it
    ann.page.get_by_role("button", name="People: 2 here").tap()
    ann.page.get_by_role("list", name="People").get_by_role("button", name="bob").tap()
    fits(ann.page)
    ann.dialog("Person").get_by_role("button", name="Whisper").tap()
    ann.is_in("bob")
    ann.box.fill("psst")
    ann.page.get_by_role("button", name="Send").tap()
    assert bob.until("message", text="psst")


def test_keys_alone(serve: Serve, connect: Connect, person: Persons) -> None:
    """From the entrance to a message, a menu and back, with no mouse; the focus is never lost."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("tea")
    ann = Tab(person(server).open())
    keys = ann.page.keyboard
    expect(ann.page.get_by_label("Name", exact=True)).to_be_focused()
    keys.type("ann")
    keys.press("Enter")
    expect(ann.box).to_be_focused()
    keys.type("/join tea")
    keys.press("Enter")
    ann.is_in("tea")
    keys.type("hello")
    keys.press("Enter")
    ann.sees("hello")
    keys.press("Alt+1")
    ann.is_in("lobby")
    keys.press("Control+k")
    keys.type("tea")
    keys.press("Enter")
    ann.is_in("tea")
    expect(ann.box).to_be_focused()
    keys.press("Alt+d")
    keys.type(str(bob.uid))
    keys.press("Escape")
    expect(ann.box).to_be_focused()
    menu = ann.page.get_by_role("button", name="Menu of the room")
    for _ in range(40):
        keys.press("Shift+Tab")
        if menu.evaluate("(element) => element === document.activeElement"):
            break
    keys.press("Enter")
    expect(ann.page.get_by_role("menuitem").first).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Escape")
    expect(menu).to_be_focused()
    keys.press("ArrowUp")


def test_a_drawer_has_the_focus(serve: Serve, person: Persons) -> None:
    """By keys, where things move: into it, into its menu, and one step back with each Escape."""
    server = serve()
    small = {"viewport": {"width": 640, "height": 400}, "reduced_motion": "no-preference"}
    ann = Tab(person(server, **small).open()).come_in("ann")
    keys = ann.page.keyboard
    rooms = ann.page.get_by_role("button", name="Rooms", exact=True)
    rooms.focus()
    keys.press("Enter")
    expect(ann.page.get_by_role("button", name="Your number is 1")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(ann.page.get_by_role("menuitem").first).to_be_focused()
    keys.press("Escape")
    expect(ann.page.get_by_role("button", name="You and settings")).to_be_focused()
    keys.press("Escape")
    expect(rooms).to_be_focused()


def test_a_long_name_leaves_room(serve: Serve, person: Persons) -> None:
    """On the card of whoever has it: that one is a guest stands in one line."""
    ann = Tab(person(serve()).open()).come_in("Bartholomew-the-very-long-named1")
    ann.page.wait_for_function(
        "() => ((one) => one.offsetHeight < 24 && one.offsetWidth)(document.querySelector('.plate-name .soft'))"
    )


def test_what_is_new_stands_out(serve: Serve, connect: Connect, person: Persons) -> None:
    """In the list of rooms: what is unread, and where one is, have colours of their own."""
    server = serve()
    bob = connect(server, "bob")
    ann = Tab(person(server).open()).come_in("ann")
    ann.say("/join tea", "/join tools")
    ann.is_in("tools")
    bob.join("lobby")
    bob.send("say", room="lobby", text="hello")
    expect(ann.rooms.get_by_role("button", name=re.compile("lobby.*1 unread"))).to_have_css(
        "color", colour(ann.page, "--text")
    )
    expect(ann.room("tea")).to_have_css("color", colour(ann.page, "--text-soft"))
    expect(ann.room("tools")).to_have_css("color", colour(ann.page, "--on-accent-ground"))
    ann.room("tea").hover()
    expect(ann.room("tea")).to_have_css("color", colour(ann.page, "--text"))


def colour(page: Page, name: str) -> str:
    """A colour of tokens.css, as a browser writes it."""
    return page.evaluate(COLOUR, name)


def test_touch_is_never_dense(serve: Serve, person: Persons) -> None:
    """Lines are as high as a finger needs, also for who has chosen dense ones."""
    ann = Tab(person(serve(), **PHONE).open()).come_in("ann")
    ann.page.evaluate("document.documentElement.dataset.density = 'dense'")
    ann.page.get_by_role("button", name="Rooms", exact=True).tap()
    assert ann.room("lobby").evaluate("(row) => row.offsetHeight") >= 44


def test_a_short_window_has_all_keys(serve: Serve, person: Persons) -> None:
    """Of the dial pad: at 200 % on a small screen, and on a phone held sideways. What is wrong is seen, too."""
    server = serve()
    sideways = {"viewport": {"width": 800, "height": 360}, "has_touch": True, "is_mobile": True}
    for options in {"viewport": {"width": 640, "height": 400}}, sideways:
        page = Tab(person(server, **options).open()).come_in(f"ann{len(options)}").page
        page.keyboard.press("Alt+d")
        pad = page.get_by_role("dialog", name="Call a number")
        expect(pad.get_by_role("button", name="Call", exact=True)).to_be_in_viewport(ratio=1)
        fits(page)
        pad.get_by_role("button", name="Call", exact=True).click()
        expect(pad.get_by_role("alert")).to_be_in_viewport(ratio=0.9)


def test_the_focus_comes_back_to_a_message_made_anew(serve: Serve, connect: Connect, person: Persons) -> None:
    """It was deleted while a dialog stood above it: the focus is on it again, and nothing has moved."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("lobby")
    ann = Tab(person(server).open()).come_in("ann")
    for number in range(40):
        bob.send("say", room="lobby", text=f"tea {number}")
    ann.sees("tea 39")
    ann.message("tea 39").focus()
    ann.page.keyboard.press("Enter")
    ann.page.get_by_role("menuitem", name="bob (1)").click()
    expect(ann.dialog("Person")).to_be_visible()
    bob.send("delete", room="lobby", seq=bob.until("message", text="tea 39")["seq"])
    expect(ann.page.locator(".tombstone")).to_have_count(1)
    ann.page.keyboard.press("Escape")
    expect(ann.page.locator(".tombstone")).to_be_focused()
    expect(ann.page.locator(".tombstone")).to_be_in_viewport()


def test_axe_finds_nothing(serve: Serve, connect: Connect, person: Persons) -> None:
    """In the entrance, a room with all kinds of things in it, and the dialogs; light and dark."""
    server = serve(motd="Be kind.")
    bob = connect(server, "bob")
    bob.join("lobby")
    ann = Tab(person(server).open())
    page = ann.page
    clean(page)
    ann.come_in("ann")
    for text in ("Look: https://tea.test/ `code`", "ann, for you", "/me waves", "line\nline", "\N{HOT BEVERAGE}"):
        bob.send("say", room="lobby", text=text)
    bob.send("whisper", uid=ann.number, text="psst")
    ann.say("mine")
    ann.sees("mine")
    clean(page)
    for button in ("Call a number", "Join or make a room", "Find a person", "Search", "bob (1)"):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        clean(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    ann.menu("You and settings", "Settings")
    clean(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu of the room").click()
    clean(page)


def clean(page: Page) -> None:
    """By all rules; in the dark what can differ there."""
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, "color-contrast") == []
    page.emulate_media(color_scheme="light")
