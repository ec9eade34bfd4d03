"""What axe-core finds wrong with a page. It is in the package axe-playwright-python: no npm is needed for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

RUN = """async (rules) => (await axe.run(document, {
  resultTypes: ["violations"], ...(rules.length && { runOnly: { type: "rule", values: rules } }),
})).violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html.slice(0, 200)) }))"""


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """Against all rules, those of best practice too, or only some: each with the elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    return page.evaluate(RUN, rules)


@cache
def _source() -> str:
    folder = Path(axe_playwright_python.__file__).parent
    return (folder / "axe.min.js").read_text(encoding="utf-8")
