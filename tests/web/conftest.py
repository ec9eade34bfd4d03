"""One browser for all tests of the page, and a fresh context of it for each person in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from roomchat.server import Server
from tests.web.browser import MISSING, PATIENCE, Person, executable, launch

FAILED = pytest.StashKey[bool]()
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser come first: xdist gives the first part of all tests to one worker, so that one browser
    is started and not one a worker, and the longest tests do not come last. Without one they are skipped."""
    items.sort(key=lambda item: not _wants_browser(item))
    if items and _wants_browser(items[0]) and executable() is None:
        for item in filter(_wants_browser, items):
            item.add_marker(pytest.mark.skip(reason=MISSING))


def _wants_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The one Chromium of this worker. It ends with the last of the tests here: until then Playwright's loop is
    the running one of this thread, so that nothing else of asyncio could run."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def person(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Person]]:
    """Make people who chat with a browser.

    At the end nothing may have been wrong in any: no error, no violation of the policy, no dialog of the browser.
    Of a test that failed, pictures are kept, and their paths are printed.
    """
    people: list[Person] = []

    def make(server: Server | str, **options: object) -> Person:
        url = server if isinstance(server, str) else f"http://127.0.0.1:{server.address[1]}"
        people.append(Person(browser, url, **options))
        return people[-1]

    yield make
    wrong = [text for one in people for text in one.unexpected()]
    if wrong or request.node.stash.get(FAILED, False):
        for one in people:
            print(*one.picture(tmp_path), sep="\n")
    for one in people:
        one.context.close()
    assert wrong == []
