"""Tabs of one browser chat while they are closed and loaded again and their server comes and goes; then the log is
looked through for what they said. Not part of the tests: it takes as long as it is told.

    python scripts/browser_faults.py --seconds 60 --seed 1
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from roomchat.server import Server
from roomchat.settings import Settings

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.web.browser import Person, launch

TABS = 4  # at a time
DEEDS = ["say"] * 5 + ["open", "close", "reload", "back", "server"]
SETTLING = 10.0  # seconds at the end, for what waits


class Run:
    """Somebody called ann, with some tabs, and the server that she is on."""

    def __init__(self, person: Person, server: Server, settings: Settings, chance: random.Random) -> None:
        self.person = person
        self.server: Server | None = server
        self.settings = settings
        self.chance = chance
        self.said: list[str] = []  # seen by whoever said it, waiting or not
        self.done: Counter[str] = Counter()
        self.tabs = [person.open()]
        self.tabs[0].get_by_role("textbox", name="Name").fill("ann")
        self.tabs[0].get_by_role("button", name="Come in").click()
        self._ready(self.tabs[0])
        self.tabs[0].wait_for_function("() => navigator.serviceWorker.controller !== null")

    def do(self) -> None:
        """One thing that happens in a browser."""
        deed, tab = self.chance.choice(DEEDS), self.chance.choice(self.tabs)
        match deed:
            case "say":
                self._say(tab)
            case "open" if len(self.tabs) < TABS:
                self.tabs.append(self._ready(self.person.open()))
            case "close" if len(self.tabs) > 1:
                self.tabs.remove(tab)
                tab.close()
            case "reload":
                tab.reload()
                self._ready(tab)
            case "back":
                tab.goto("about:blank")
                tab.go_back()
                self._ready(tab)
            case "server":
                self.turn_server()
            case _:
                return
        self.done[deed] += 1

    def turn_server(self) -> None:
        """Off, or on again."""
        if self.server is not None:
            self.server.stop()
            self.server = None
        else:
            self.server = Server(self.settings)
            self.server.start()

    def _say(self, tab: Page) -> None:
        text = f"line-{self.done['say']}"
        tab.get_by_role("textbox", name="Message").fill(text)
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1)
        self.said.append(text)

    @staticmethod
    def _ready(tab: Page) -> Page:
        expect(tab.get_by_role("heading", name="lobby", level=1)).to_be_visible()
        return tab


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        log = Path(folder) / "log.db"
        server = Server(Settings(port=0, db=str(log), drain=0.05, rate=0))
        server.start()
        settings = Settings(port=server.address[1], db=str(log), drain=0.05, rate=0)
        browser = launch(playwright)
        person = Person(browser, f"http://127.0.0.1:{settings.port}")
        run = Run(person, server, settings, random.Random(options.seed))
        until = time.monotonic() + options.seconds
        while time.monotonic() < until:
            run.do()
        if run.server is None:
            run.turn_server()
        time.sleep(SETTLING)
        browser.close()
        run.turn_server()
        found = said_in(log)
    doubled = [text for text, times in Counter(found).items() if times > 1]
    lost = sorted(set(run.said) - set(found))
    print(dict(run.done), f"{len(found)} lines in the log, lost: {lost}, doubled: {doubled}")
    return bool(lost or doubled or found != run.said)


def said_in(log: Path) -> list[str]:
    """The texts of the lobby, in their order."""
    out = log.with_suffix(".jsonl")
    subprocess.run(
        [sys.executable, "-m", "roomchat", "export", "lobby", "--db", str(log), "-o", str(out)], check=True
    )  # fmt: skip
    entries = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    return [entry["text"] for entry in entries if entry.get("type") == "message"]


if __name__ == "__main__":
    sys.exit(main())
