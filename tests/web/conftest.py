"""One browser for all tests of the page, and a fresh context of it for each person in a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from roomchat.server import Server
from tests.web.browser import MISSING, PATIENCE, Person, launch, loop_of

FAILED = pytest.StashKey[bool]()
_LOOP: list[asyncio.AbstractEventLoop | None] = [None]  # Playwright's, while no test with a browser runs
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser come first: xdist gives the first part of all tests to one worker, so one browser is
    started and not one a worker, and the longest tests do not come last."""
    items.sort(key=lambda item: "browser" not in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Browser | None]:
    with loop_of(_LOOP):
        playwright = sync_playwright().start()
        browser = launch(playwright)
    yield browser
    with loop_of(_LOOP):
        if browser is not None:
            browser.close()
        playwright.stop()


@pytest.fixture
def browser(_chromium: Browser | None) -> Iterator[Browser]:
    """The one Chromium of this worker; where there is none, the test is skipped."""
    if _chromium is None:
        pytest.skip(MISSING)
    with loop_of(_LOOP):
        yield _chromium


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
