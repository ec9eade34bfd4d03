"""Measures the page in a browser: when it is painted first, from a server on this machine; and its messages, with
10,000 of them: frames, long tasks, elements and memory.

    python scripts/measure_page.py

For the messages it shows their pane alone (scripts/page/), over an engine that makes them up: no server and no
network.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

from playwright.sync_api import BrowserContext, CDPSession, Page, Route, sync_playwright

from roomchat.server import Server
from roomchat.settings import Settings

HERE = Path(__file__).parent
WEB = HERE.parent / "roomchat" / "web"
KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
URL = "http://localhost/harness/messages.html?count=10000"
SIZE = {"width": 1280, "height": 800}
OPTIONS = ["--enable-precise-memory-info", "--js-flags=--expose-gc"]
VISITS = 15
PAINTS = "performance.getEntriesByType('paint').map(({ name, startTime }) => [name, startTime])"
COSTS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")


def answer(route: Route) -> None:
    """A file of the page, or of what stands around the pane here."""
    path = route.request.url.partition("://")[2].partition("/")[2].partition("?")[0]
    is_harness = path.startswith("harness/")
    file = HERE / "page" / path.removeprefix("harness/") if is_harness else WEB / path
    if file.is_file():
        route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])
    else:
        route.fulfill(status=404)


def main() -> None:
    """Print a table, a line for each thing that happens."""
    name = next(filter(shutil.which, ("chromium", "chromium-headless-shell", "google-chrome")), None)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=name and shutil.which(name), args=OPTIONS + root)
        print("| | something is painted, ms | the entrance, ms |")
        print("| --- | ---: | ---: |")
        with Server(Settings(port=0)) as server:
            url = f"http://localhost:{server.address[1]}/"
            browser.new_context().new_page().goto(url)  # the browser itself gets ready
            print(visits(url, "first visit", browser.new_context))
            again = browser.new_context()
            paints(again, url)
            print(visits(url, "again", lambda: again), end="\n\n")
        page = browser.new_page(viewport={"width": SIZE["width"], "height": SIZE["height"]})
        page.route("**/*", answer)
        page.goto(URL)
        page.wait_for_selector(".said")
        print(f"Chromium {browser.version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
        print("| | frames | p50 ms | p99 ms | longest ms | tasks over 50 ms | of a core | elements | memory MiB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        session = page.context.new_cdp_session(page)
        session.send(
            "Performance.enable", {"timeDomain": "threadTicks"}
        )  # the thread's own time, whoever else runs
        for phase in page.evaluate("phases"):
            print(row(phase, page, session), flush=True)
        browser.close()


def visits(url: str, kind: str, context: Callable[[], BrowserContext]) -> str:
    """How long until something is painted, and until there is something to read: the middle of several."""
    seen = [paints(context(), url) for _ in range(VISITS)]
    return f"| {kind} | {median(first for first, _ in seen):.0f} | {median(last for _, last in seen):.0f} |"


def paints(context: BrowserContext, url: str) -> tuple[float, float]:
    """When a page was painted first, and first with something in it: milliseconds since it was asked for."""
    page = context.new_page()
    page.goto(url)
    page.wait_for_function("() => performance.getEntriesByType('paint').length > 1")
    found = dict(page.evaluate(PAINTS))
    page.close()
    return found["first-paint"], found["first-contentful-paint"]


def row(phase: str, page: Page, session: CDPSession) -> str:
    """Have something happen, and tell how it went."""
    before = costs(session)
    seen = page.evaluate("(name) => phase(name)", phase)
    spent = {name: value - before[name] for name, value in costs(session).items()}
    memory = page.evaluate("gc(), performance.memory.usedJSHeapSize") / 2**20
    frames = sorted(seen["frames"])
    busy = spent["TaskDuration"] / (sum(frames) / 1000)
    numbers = (
        f"{len(frames)} | {at(frames, 0.5):.1f} | {at(frames, 0.99):.1f} | {frames[-1]:.1f} | {len(seen['long'])}"
    )
    if os.environ.get("DETAILS"):
        print(json.dumps(spent))
    return f"| {phase} | {numbers} | {busy:.0%} | {seen['nodes']} | {memory:.1f} |"


def costs(session: CDPSession) -> dict[str, float]:
    """Seconds of processor time of the page's main thread since it began, by what they were spent on."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in found if one["name"] in COSTS}


def at(values: list[float], share: float) -> float:
    """That percentile of sorted values."""
    return values[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
