"""Whatever is wrong in a browser is seen by who watches it, so that the other tests can say that nothing was."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.web.browser import Person

PAGE = """<!doctype html><title>wrong</title><link rel=icon href="data:,">
<script src=/one.js></script><script>console.log("inline")</script><p style="color: red">styled</p>
<img src="http://other.test/x.png">"""
SCRIPT = """console.warn("careful"); alert("hello");
setTimeout(() => { document.title = "late"; throw new Error("late"); });
Promise.reject(new Error("promised"));"""
POLICY = "default-src 'none'; script-src 'self'; img-src data:"


def test_what_is_wrong_is_seen(browser: Browser) -> None:
    """A warning, an error that nobody caught, a dialog, a request to another host, and what the policy forbids."""
    ann = Person(browser, "http://wrong.test")
    ann.context.route(
        re.compile("one.js$"), lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript")
    )
    ann.context.route(
        re.compile("/$"),
        lambda route: route.fulfill(
            body=PAGE, headers={"content-security-policy": POLICY}, content_type="text/html"
        ),
    )
    page = ann.open()
    expect(page).to_have_title("late")
    ann.context.close()
    seen = "\n".join(ann.wrong)
    for wrong in (
        "careful",
        "dialog: hello",
        "late",
        "promised",
        "request: http://other",
        "forbidden: script-src",
        "forbidden: style-src",
    ):
        assert wrong in seen
    ann.expected = [".*"]
    assert ann.unexpected() == []
