"""What a terminal sends for keys: what has a meaning passes whole, and nothing of the rest is taken for typing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES

from roomchat.terminal.device.sequences import Known

KEYS = [sequence for sequence in ANSI_SEQUENCES if sequence.startswith("\x1b") and sequence != "\x1b"]
REPORTS = ["\x1b[12;80R", "\x1b[<35;10;5M", "\x1b[<0;10;5m", "\x1b[M !!", "\x1b[32;10;5M"]
PASTE = "\x1b[200~a\x1b[1;7P\x1bOz\r\n\x1b[201~"
NOTHING = [
    "\x1b[1;7P", "\x1bOz", "\x1b[?62;4c", "\x1b]11;rgb:0/0/0\x1b\\", "\x1b]0;x\x07", "\x1bP1$r0m\x1b\\",
    "\x1b[99;5u", "\x1b[?2026;2$y",
]  # fmt: skip
TYPED = ["a", "é", "\r", "\x03", "\x1bb", "\U0001f642"]


def fed(pieces: list[str]) -> str:
    """What comes of these pieces, one after the other, and of a pause behind them."""
    known = Known()
    return "".join([*map(known.feed, pieces), known.flush()])


@pytest.mark.parametrize("sequence", [*KEYS, *REPORTS, PASTE])
def test_what_has_a_meaning_passes_whole(sequence: str) -> None:
    """In one piece, or character by character as over a slow line."""
    assert fed([sequence]) == sequence
    assert fed(list(sequence)) == sequence
    assert fed([f"a{sequence}b"]) == f"a{sequence}b"


@pytest.mark.parametrize("sequence", NOTHING)
def test_what_has_none_leaves_nothing(sequence: str) -> None:
    """In one piece, or character by character."""
    assert fed([f"a{sequence}b"]) == "ab"
    assert fed(["a", *sequence, "b"]) == "ab"


# A paste that has begun ends: until then all of it is text.
WHOLE = [key for key in KEYS if key != "\x1b[200~"]


@given(st.lists(st.sampled_from([*WHOLE, *REPORTS, PASTE, *NOTHING, *TYPED])), st.data())
def test_it_does_not_matter_how_it_is_split(parts: list[str], data: st.DataObject) -> None:
    """Whatever comes together, or apart."""
    whole = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert fed(pieces) == fed([whole]) == "".join(part for part in parts if part not in NOTHING)


@given(st.lists(st.text(st.characters() | st.sampled_from("\x1b[]OPM;<~R\\0"))))
def test_typed_text_is_never_lost(pieces: list[str]) -> None:
    """Without an escape it passes as it is; and so does one behind which nothing comes that ends it."""
    assert fed([piece.replace("\x1b", "") for piece in pieces]) == "".join(pieces).replace("\x1b", "")
    assert isinstance(fed(pieces), str)
    for text in ("\x1b", "\x1bP", "\x1b]", "\x1bPhello", "\x1bx"):
        assert fed([text]) == text
    assert fed(["\x1b["]) == fed(["\x1bO"]) == "\x1b"
