"""What of others' text reaches a terminal or a log."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.harmless import harmless

# The browser's rules are tested by the same ones.
EXAMPLES = json.loads((Path(__file__).parent / "web" / "unit" / "harmless.json").read_text())
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}

# Format characters that are left as they are.
KEPT = {
    0x200C, 0x200D,  # part and join letters, hold emoji together
    *range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD,  # visible: frame numbers
    *range(0x13430, 0x13440),  # arrange Egyptian hieroglyphs
    *range(0x1BCA0, 0x1BCA4),  # arrange shorthand
}  # fmt: skip

# Not assigned today, and invisible by default if they ever are (Default_Ignorable_Code_Point).
RESERVED = {0x2065, *range(0xE0000, 0xE0080)}


def test_what_is_replaced_is_what_unicode_says():
    """Of all of Unicode the controls, surrogates, line separators and format characters are replaced, but for the
    listed ones, and nothing else is."""
    replaced = {code for code in range(0x110000) if harmless(chr(code)) != chr(code)}
    categories = {code: unicodedata.category(chr(code)) for code in range(0x110000)}
    never = {code for code, category in categories.items() if category in ("Cc", "Cs", "Zl", "Zp")}
    formats = {code for code, category in categories.items() if category == "Cf"}
    unassigned = {code for code, category in categories.items() if category == "Cn"}
    assert replaced - (RESERVED & unassigned) == never | (formats - KEPT)
    assert replaced >= RESERVED


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["about"])
def test_examples_that_the_browser_shares(example):
    """What the terminal makes harmless looks the same in the page."""
    assert harmless(example["text"]) == example["harmless"]


@given(st.text(st.characters() | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_nothing_harmful_is_left(text):
    """What goes on has no control, surrogate, line end or bidi control, and would not be changed again."""
    safe = harmless(text)
    assert not [c for c in safe if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [c for c in safe if unicodedata.bidirectional(c) in BIDI]
    assert harmless(safe) == safe
    safe.encode()


@pytest.mark.parametrize(
    "text",
    [
        "Plain text, with \"signs\" & <tags> 100%!",
        "Zażółć gęślą jaźń – “quoted”…",
        "Ελληνικά, Кириллица, Հայերեն, ქართული",
        "שלום עולם, مرحبا بالعالم، ۱۲۳",
        "हिन्दी क्\u200dष, বাংলা, தமிழ், ไทย, မြန်မာ",
        "می\u200cخواهم",
        "中文，日本語、한국어",
        "👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 👍🏽 🇨🇭 ❤️",
        "e\u0301 n\u0303 \u00a0\u3000",
    ],
)  # fmt: skip
def test_ordinary_text_stays_as_it_is(text):
    """Text of many scripts, and emoji with their joiners, are not touched."""
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[2J\x07", "␛[2J␇"),
        ("one\r\ntwo\tthree", "one␍␊two␉three"),
        ("\x00\x7f", "␀␡"),
        ("\x9b31m\x85", "<U+009B>31m<U+0085>"),
        ("abc\u202ecba", "abc<U+202E>cba"),
        ("\u2066x\u2069", "<U+2066>x<U+2069>"),
        ("a\u200bb\ufeff", "a<U+200B>b<U+FEFF>"),
        ("\U000e0041", "<U+E0041>"),
        ("\ud83d", "<U+D83D>"),
    ],
    ids=ascii,
)
def test_what_is_replaced_can_be_seen(text, safe):
    """Each harmful character becomes something that shows what it was."""
    assert harmless(text) == safe
