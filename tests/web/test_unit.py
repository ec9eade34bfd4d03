"""The modules of the page that need no browser, in node."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

from scripts.pack_page import minified

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


def run(unit: Path) -> None:
    """All files in ``unit``, in one process."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("NODE_")}
    ended = subprocess.run(
        [node(), "--test-reporter=spec", unit / "all.mjs"],
        capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False,
    )  # fmt: skip
    said = ended.stdout.rpartition(FAILED)[2].strip() or ended.stdout
    assert ended.returncode == 0, f"\n{said}\n{ended.stderr}"


def test_the_modules_of_the_page() -> None:
    """Alone: ``node --test-reporter=spec tests/web/unit/NAME.test.mjs``."""
    run(UNIT)


def test_the_modules_as_they_are_minified(tmp_path: Path) -> None:
    """They do the same: a minifier that is wrong would be so in places that no test in a browser comes to."""
    pytest.importorskip("minify", reason="there is no minifier for this machine")
    tests = UNIT.parent.parent
    shutil.copytree(UNIT, tmp_path / "tests" / "web" / "unit")
    shutil.copytree(tests / "transcripts", tmp_path / "tests" / "transcripts")
    shutil.copy(UNIT.parent / "steps.mjs", tmp_path / "tests" / "web")
    for path in (tests.parent / "roomchat" / "web").rglob("*.js"):
        copy = tmp_path / path.relative_to(tests.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(minified(path.name, path.read_text(encoding="utf-8")), encoding="utf-8")
    run(tmp_path / "tests" / "web" / "unit")
