"""The chat in a tab, as somebody uses it who can't see it: by roles and by the names that things have for them."""

from __future__ import annotations

import re
from typing import Self

from playwright.sync_api import Locator, Page, expect


class Tab:
    """One tab; what it has is looked for anew each time, and waited for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rooms = page.get_by_role("navigation", name="Rooms and whispers")
        self.box = page.get_by_role("textbox", name="Message")
        self.messages = page.get_by_role("article")
        self.note = page.get_by_role("form", name="Write").get_by_role("status")  # above the box

    # ------------------------------------------------------------ coming in

    def come_in(self, name: str) -> Self:
        """As a guest."""
        return self.submit(name).inside()

    def submit(self, name: str, *passwords: str) -> Self:
        """Fill in what stands there, and press the button."""
        entrance = self.page.get_by_role("main", name="Come in").locator("form")
        for label, text in zip(("Name", "Password", "Password again"), (name, *passwords), strict=False):
            entrance.get_by_label(label, exact=True).fill(text)
        entrance.get_by_role("button").click()
        return self

    def way(self, name: str) -> None:
        """Choose how to come in."""
        self.page.get_by_role("group", name="How to come in").get_by_role("button", name=name).click()

    def inside(self) -> Self:
        """Wait until one can write, and is in a room for it."""
        expect(self.box).to_be_editable()
        expect(self.box).to_have_attribute("placeholder", re.compile("Message ."))
        return self

    @property
    def number(self) -> int:
        """By which others call whoever is here."""
        button = self.page.get_by_role("button", name=re.compile("Your number is [1-9]"))
        found = re.search(r"\d+", button.inner_text())  # which waits for it
        assert found is not None
        return int(found[0])

    # ------------------------------------------------------------ talking

    def say(self, *lines: str) -> None:
        """Type each of them and send it."""
        for line in lines:
            self.box.fill(line)
            self.box.press("Enter")
            expect(self.box).to_have_value("")

    def message(self, text: str) -> Locator:
        """The rows with this and nothing else as their text."""
        return self.messages.filter(has=self.page.get_by_text(text, exact=True))

    def sees(self, *texts: str) -> None:
        """Each of them is there, once."""
        for text in texts:
            expect(self.message(text)).to_have_count(1)

    # ------------------------------------------------------------ going about

    def room(self, name: str) -> Locator:
        """In the list on the left."""
        return self.rooms.get_by_role("button").filter(has=self.page.get_by_text(name, exact=True))

    def go(self, name: str) -> None:
        """To a room that one is in."""
        self.room(name).click()
        self.is_in(name)

    def is_in(self, name: str) -> None:
        """That room is what is looked at."""
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()

    def menu(self, button: str, entry: str) -> None:
        """Choose from the menu of a button."""
        self.page.get_by_role("button", name=button).click()
        self.page.get_by_role("menuitem", name=entry).click()

    def dialog(self, name: str) -> Locator:
        """A dialog that is open."""
        return self.page.get_by_role("dialog", name=name)
