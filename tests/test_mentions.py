"""Whether a text speaks of somebody."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.terminal.shown.mentions import is_mentioned

# Those of the page are the same.
EXAMPLES = json.loads((Path(__file__).parent / "web" / "unit" / "mentions.json").read_text())


@pytest.mark.parametrize(("name", "text"), EXAMPLES["found"])
def test_a_name_is_found(name: str, text: str) -> None:
    """In scripts with and without spaces, however its letters are composed."""
    assert is_mentioned(name, text)


@pytest.mark.parametrize(("name", "text"), EXAMPLES["not_found"])
def test_a_part_of_something_else_is_no_name(name: str, text: str) -> None:
    """Longer names, hosts, links, and letters of another script."""
    assert not is_mentioned(name, text)


@pytest.mark.parametrize("text", ["x" * 200_000, "\u0301" * 200_000, "ann" * 70_000, "www" * 70_000])
def test_a_long_word_takes_no_longer_than_a_long_text(text: str) -> None:
    """Where the time grew with the square of its length, this would take minutes."""
    assert not is_mentioned("ann", text)
    assert is_mentioned("ann", f"{text} ann")


NAMES = st.text(st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=8)


@given(NAMES, st.text(max_size=20), st.text(max_size=20))
def test_whoever_is_spoken_to_by_name_is_mentioned(name: str, before: str, after: str) -> None:
    """A name between spaces is one, in any script and composition; and nothing breaks on any text."""
    for form in ("NFC", "NFD"):
        assert is_mentioned(name, f" {unicodedata.normalize(form, name)} ")
    is_mentioned(name, f"{before}{name}{after}")
    is_mentioned(before, after)
