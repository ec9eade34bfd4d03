"""Whoever does not look is called: by a notification from one tab, the title, and the icon."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from roomchat.server import Server
from tests.peer import Peer
from tests.web.browser import Person
from tests.web.tab import Tab

Serve, Connect, Persons = Callable[..., Server], Callable[..., Peer], Callable[..., Person]

# A browser that nobody sees shows no notifications, and each of its tabs is looked at.
STAGE = """(() => {
  let isLookedAt = false;
  window.Notification = class extends EventTarget {
    static permission = "granted";
    constructor(title, { body }) {
      super();
      const { dataset } = document.documentElement;
      dataset.shown = `${dataset.shown ?? ""}[${title}: ${body}]`;
      window.last = this;
    }
    close() {}
  };
  document.hasFocus = () => isLookedAt;
  window.look = (now) => {
    isLookedAt = now;
    dispatchEvent(new Event(now ? "focus" : "blur"));
  };
  if (origin !== "null") localStorage.setItem("roomchat.settings", '{"notify": "mentions"}');
})()"""
HANDED_OVER = """async () => {
  while ((await navigator.locks.query()).pending.some(({ name }) => name === "roomchat.calls"));
}"""


def test_one_tab_calls_and_none_while_one_is_looked_at(serve: Serve, connect: Connect, person: Persons) -> None:
    """A click leads to the room; when the tab that calls is closed, another one does."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("lobby")
    ann = person(server)
    ann.context.add_init_script(STAGE)
    first = Tab(ann.open()).come_in("ann")
    first.say("/join tea")
    first.is_in("tea")
    second = Tab(ann.open()).inside()
    second.go("tea")
    plain = second.page.locator("link[rel=icon]").get_attribute("href")

    def hear(text: str, count: int, *tabs: Tab) -> None:
        """Bob says it in the lobby, and these tabs have heard of it."""
        bob.send("say", text=text, room="lobby")
        for tab in tabs:
            expect(tab.page).to_have_title(f"({count}) roomchat — #tea")

    hear("hi ann", 1, first, second)
    expect(first.page.locator("html")).to_have_attribute("data-shown", "[bob in lobby: hi ann]")
    expect(second.page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/svg"))
    second.page.evaluate("window.look(true)")
    hear("still there, ann?", 2, first, second)
    second.page.evaluate("window.look(false)")
    hear("nobody speaks of her", 2)
    hear("ann!", 3, first, second)
    expect(first.page.locator("html")).to_have_attribute(
        "data-shown", "[bob in lobby: hi ann][bob in lobby: ann!]"
    )
    first.page.close()
    second.page.evaluate(HANDED_OVER)
    hear("and now, ann?", 4, second)
    expect(second.page.locator("html")).to_have_attribute("data-shown", "[bob in lobby: and now, ann?]")

    second.page.evaluate("window.look(true)")
    second.page.evaluate("void window.last.dispatchEvent(new Event('click'))")
    second.is_in("lobby")
    expect(second.page).to_have_title("roomchat — #lobby")
    assert second.page.locator("link[rel=icon]").get_attribute("href") == plain
