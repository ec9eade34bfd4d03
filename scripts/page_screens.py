"""The pictures of the page, light, dark and on a phone: made by make_screens.py, with the browser of the tests.

They have the fonts of this machine. Those in the repository were made with Debian's fonts-inter as the font of the
system, fonts-noto-color-emoji and fonts-droid-fallback.
"""

from __future__ import annotations

import base64
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from conversation import CALLED, GARDEN, HALF, TOOLS, WHISPERED
from playwright.sync_api import Page, expect, sync_playwright

from roomchat import Client
from tests.program import address_of, serve
from tests.web.browser import Person, launch
from tests.web.tab import Tab

DESK = {"viewport": {"width": 1160, "height": 720}}
PHONE = {"viewport": {"width": 360, "height": 720}, "has_touch": True, "is_mobile": True}
SCALE = 2  # pixels of a picture for one of the page, as on most of today's screens
QUALITY = 82  # of WebP, percent: letters have no visible edges yet


def take(folder: Path) -> None:
    """Play the conversation, and write web-light.webp, web-dark.webp, web-phone.webp and web-dial.webp there."""
    with ExitStack() as stack:
        db = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "chat.db"
        address = address_of(stack.enter_context(serve(db=db)))
        browser = launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        clients = {
            name: stack.enter_context(Client(address, name, state=False, on_event=id)) for name in ("bob", "cleo")
        }
        desk = Person(browser, f"http://{address}", **DESK)
        ann = Tab(desk.open()).come_in("ann")
        chat(ann, clients)
        save(ann.page, folder / "web-light.webp")
        ann.page.emulate_media(color_scheme="dark")
        ann.go("bob")
        ann.sees(WHISPERED)
        ann.go("garden")
        save(ann.page, folder / "web-dark.webp")
        desk.context.close()
        phone = Person(browser, f"http://{address}", **PHONE)
        dan = Tab(phone.open()).come_in("dan")
        dan.box.fill("/join garden")
        dan.page.get_by_role("button", name="Send").tap()
        dan.is_in("garden")
        expect(dan.page.get_by_text(CALLED[1][5:])).to_be_visible()
        dan.page.mouse.move(180, 10)  # away from what shows its tools below it
        dan.page.emulate_media(color_scheme="dark")
        save(dan.page, folder / "web-phone.webp")
        dan.page.emulate_media(color_scheme="light")
        dan.page.get_by_role("button", name="Rooms", exact=True).tap()
        dan.page.get_by_role("button", name="Call a number").tap()
        dan.dialog("Call a number").get_by_role("button", name="2", exact=True).tap()
        save(dan.page, folder / "web-dial.webp")


def chat(ann: Tab, clients: dict[str, Client]) -> None:
    """As in the terminal."""
    for client in clients.values():
        client.join("garden")
    ann.say("/join garden")
    ann.is_in("garden")
    for who, text in [*GARDEN, CALLED]:
        if who in clients:
            clients[who].say(text, room="garden")
        else:
            ann.say(text)
        expect(ann.page.get_by_text(text.removeprefix("/me ")[:20]).first).to_be_visible()
    bob = clients["bob"]
    bob.whisper(ann.number, WHISPERED)
    bob.join("tools")
    ann.say("/join tools")
    ann.go("garden")
    for text in TOOLS:
        bob.say(text, room="tools")
    ann.box.fill(HALF)
    expect(ann.room("tools")).to_have_accessible_name("tools, 2 unread, 1 to you")


def save(page: Page, path: Path) -> None:
    """As WebP, which Playwright does not write by itself, when nothing moves any more."""
    page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running')")
    session = page.context.new_cdp_session(page)
    size = page.viewport_size
    assert size is not None
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": SCALE}
    answer: dict[str, Any] = session.send(
        "Page.captureScreenshot", {"format": "webp", "quality": QUALITY, "clip": clip}
    )
    path.write_bytes(base64.b64decode(answer["data"]))
