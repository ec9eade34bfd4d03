"""The modules of the page that need no browser, in node."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

UNIT = Path(__file__).parent / "unit"
PATIENCE = 120.0  # seconds; they take about one
FAILED = "failing tests:"  # the last part of what node says, which has all that is needed


def node() -> str:
    """The node that Playwright brings along, so that all have the same; else the one of the system."""
    ours = Path(playwright.__file__).parent / "driver" / "node"
    found = str(ours) if ours.exists() else shutil.which("node")
    if found is None:
        pytest.skip("there is no node: pip install --force-reinstall playwright brings one")
    return found


def test_the_modules_of_the_page() -> None:
    """All files in unit/, in one process. Alone: ``node --test-reporter=spec tests/web/unit/NAME.test.mjs``."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("NODE_")}
    ended = subprocess.run(
        [node(), "--test-reporter=spec", UNIT / "all.mjs"],
        capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False,
    )  # fmt: skip
    said = ended.stdout.rpartition(FAILED)[2].strip() or ended.stdout
    assert ended.returncode == 0, f"\n{said}\n{ended.stderr}"
