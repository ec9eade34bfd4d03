"""The messages of a room, over an engine that makes them up."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from scripts.measure_page import answer
from tests.web.browser import Person

COUNT = 1000
# Up through the log, some px a step, and how far what was seen first has moved otherwise than it should.
SCROLL_UP = """async () => {
  const box = document.querySelector(".messages");
  const top = () => box.getBoundingClientRect().top;
  const isSeen = (one) => one.getBoundingClientRect().bottom > top();
  const first = () => [...box.querySelectorAll("article")].find(isSeen);
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  let worst = 0, most = 0, lost = 0;
  while (box.scrollTop > 0 || !pane.timelines.of("tea").shown.isWhole) {
    const { key } = first().dataset, was = first().getBoundingClientRect().top + box.scrollTop;
    box.scrollTop -= 1500;
    const scrolled = box.scrollTop;
    await painted();
    const now = box.querySelector(`[data-key="${key}"]`);
    if (now) worst = Math.max(worst, Math.abs(now.getBoundingClientRect().top + scrolled - was));
    else lost += 1;
    most = Math.max(most, document.querySelectorAll("*").length);
  }
  return { worst, most, lost };
}"""
FOCUSED = """async () => {
  const { el, keyed } = await import("/view/dom.js");
  const list = document.body.appendChild(el("ul"));
  const show = (keys) => {
    keyed(list, [...keys], (key) => key, (key) => el("li", null, el("button", null, key)), () => {});
    return `${list.textContent} ${document.activeElement.textContent}`;
  };
  show("abcd");
  list.children[2].firstElementChild.focus();
  return ["bcd", "xbcd", "xbd", "bdx", "x"].map(show);
}"""
SEEN = """() => [...document.querySelectorAll(".messages article")].map((one) => [
  one.dataset.key, Math.round(one.getBoundingClientRect().top)])"""


def test_what_one_looks_at_stays(person: Callable[..., Person]) -> None:
    """To the pixel: while pages of the past are put above it, while others talk, and when one was in another room.

    And only a part of what is there is on the page.
    """
    ann = person("http://localhost", viewport={"width": 1000, "height": 700})
    ann.context.route("**/*", answer)
    page = ann.open(f"/harness/messages.html?count={COUNT}")
    expect(page.get_by_role("log")).to_contain_text("ann")
    up = page.evaluate(SCROLL_UP)
    assert up["worst"] <= 1, up
    assert up["lost"] == 0, up
    assert up["most"] < 900, up  # all would be some 5,000
    expect(page.get_by_role("heading", name="tea")).to_be_visible()
    before = on_screen(page)
    page.evaluate("for (let left = 2000; left; left -= 1) engine.more()")
    expect(page.get_by_role("button", name=" new")).to_be_visible()
    assert on_screen(page) == before
    page.evaluate("chat.look('ops')")
    expect(page.get_by_role("heading", name="ops")).to_be_visible()
    page.evaluate("chat.look('tea')")
    expect(page.get_by_role("heading", name="tea")).to_be_visible()
    assert on_screen(page) == before
    page.get_by_role("button", name=" new").click()
    expect(page.locator(f'[data-key="seq:{COUNT + 2000}"]')).to_be_in_viewport()
    page.evaluate("engine.more('the newest of all')")
    expect(page.get_by_text("the newest of all")).to_be_in_viewport()
    page.evaluate("pane.goTo('tea', 300)")
    expect(page.locator('[data-key="seq:300"]')).to_be_in_viewport()
    expect(page.locator('[data-key="seq:300"]')).to_be_focused()


def test_one_begins_where_it_is_new(person: Callable[..., Person]) -> None:
    """In a room with more new messages than it can show; they are read when one has come to their end."""
    ann = person("http://localhost", viewport={"width": 1000, "height": 700})
    ann.context.route("**/*", answer)
    page = ann.open("/harness/messages.html?count=100")
    expect(page.get_by_role("log")).to_contain_text("ann")
    page.evaluate("chat.look('ops'); chat.rooms.get('tea').mark = 100; engine.wasRead.clear()")
    page.evaluate("for (let left = 100; left; left -= 1) engine.more()")
    page.evaluate("chat.look('tea')")
    expect(page.get_by_role("log").get_by_text("new since")).to_be_in_viewport()
    expect(page.get_by_role("button", name=" new")).to_be_visible()
    assert not page.evaluate("engine.wasRead.has('tea')")
    page.get_by_role("button", name=" new").click()
    page.wait_for_function("engine.wasRead.has('tea')")


def test_the_focus_stays_in_a_list(person: Callable[..., Person]) -> None:
    """Where it is, whatever comes and goes or is put elsewhere; when that goes, on what stands in its place."""
    ann = person("http://localhost")
    ann.context.route("**/*", answer)
    page = ann.open("/harness/messages.html?count=1")
    assert page.evaluate(FOCUSED) == ["bcd c", "xbcd c", "xbd d", "bdx d", "x x"]


def on_screen(page: Page) -> list[list[object]]:
    """The rows that can be seen, and where."""
    rows: list[list[object]] = page.evaluate(SEEN)
    return [row for row in rows if isinstance(row[1], int) and 0 <= row[1] < 700]
