"""A browser for tests: a Chromium, driven by Playwright, and what must never be seen in one."""

from __future__ import annotations

import os
import re
import shutil
from functools import cache
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    Playwright,
    Request,
    sync_playwright,
)

# The first is Chromium without the windows, menus and services around its pages: nearly half of the work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MISSING = (
    "there is no browser for the page's tests; to have one: apt install chromium-headless-shell "
    "(or: playwright install chromium)"
)
PATIENCE = 20_000  # milliseconds until what is waited for has failed; a machine may stand still for a while
# Blink says what a policy forbids on the console as well, but not of every kind.
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => console.error(
  `forbidden: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""


@cache
def executable() -> str | None:
    """Where a browser is: the system's, or else one that Playwright has installed; None where there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def launch(playwright: Playwright) -> Browser:
    """A browser that nobody sees."""
    cheap = ["--disable-gpu", "--process-per-site"]  # a seventh less work: nothing is drawn on a screen here
    is_root = os.geteuid() == 0
    return playwright.chromium.launch(
        executable_path=executable(), args=[*cheap, "--no-sandbox"] if is_root else cheap
    )


class Person:
    """Somebody with a browser of their own, as far as anyone can tell: one more context of the one that runs."""

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        """``url`` is where the chat is. ``options`` are those of ``Browser.new_context``."""
        self.url = url
        still = {"reduced_motion": "reduce"}  # nothing is looked at while it moves
        self.context: BrowserContext = browser.new_context(base_url=url, **still | options)
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(TELL_VIOLATIONS)
        self.context.on("console", self._heard)
        self.context.on("page", self._watch)
        self.context.on("request", self._requested)
        self.wrong: list[str] = []  # what was on the console that should not be, in order
        self.expected: list[str] = []  # patterns of what may be there, as when the server is killed

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.wrong.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.wrong.append(f"request: {request.url}")

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        page.on("dialog", self._asked)

    def _asked(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, path: str = "/") -> Page:
        """One more tab."""
        page = self.context.new_page()
        page.goto(path)
        return page

    def unexpected(self) -> list[str]:
        """What is wrong, and not because the test made it so."""
        return [text for text in self.wrong if not any(re.search(one, text) for one in self.expected)]

    def picture(self, folder: Path) -> list[Path]:
        """How each tab looks and what a screen reader would find there, as files."""
        paths = []
        for number, page in enumerate(self.context.pages):
            path = folder / f"{id(self)}-{number}.png"
            try:
                page.screenshot(path=path, timeout=5_000)
                path.with_suffix(".yaml").write_text(page.locator("body").aria_snapshot(timeout=5_000))
            except Error:  # the tab has crashed, or has no document: what is there is all that can be had
                continue
            paths += [path, path.with_suffix(".yaml")]
        return paths
