"""Names that look alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.chat.confusables import CONFUSABLES
from roomchat.chat.looks import collisions, looks, skeleton
from roomchat.chat.names import normal_person
from roomchat.errors import BadName


def alike(one: str, other: str) -> bool:
    """Whether an account with one of these names keeps others from the other."""
    return not set(looks(*normal_person(one, 32))).isdisjoint(looks(*normal_person(other, 32)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann", "\u0430nn"),  # Cyrillic
        ("paypal", "p\u0430yp\u0430l"),
        ("Alice", "aIice"),  # a capital I
        ("ALICE", "aIice"),
        ("ALICE", "a1ice"),
        ("lan", "Ian"),
        ("bob", "b0b"),
        ("barney", "bamey"),  # rn
        ("omega", "\u03bfmega"),  # Greek
        ("zo\u00e9", "zoe\u0301"),
        ("ann", "\uff41nn"),  # full width: they are one name
    ],
)
def test_what_looks_alike_has_a_look_in_common(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ann", "anna"), ("all", "ali"), ("zoe", "zo\u00e9"), ("bob", "rob"), ("\u0430\u043d\u043d\u0430", "anna")],
)
def test_what_does_not_has_none(one: str, other: str) -> None:
    assert not alike(one, other)


@given(st.text(max_size=8))
def test_a_skeleton_does_not_depend_on_the_form_of_a_text(text: str) -> None:
    """Composed or taken apart."""
    assert skeleton(unicodedata.normalize("NFC", text)) == skeleton(text)


@given(st.text(min_size=1, max_size=8))
def test_the_same_name_looks_the_same(text: str) -> None:
    """Whatever its case and width: whoever is one for the server looks like one."""
    try:
        shown, key = normal_person(text, 32)
        swapped, other = normal_person(text.swapcase(), 32)
    except BadName:
        return
    if key == other:
        assert not set(looks(shown, key)).isdisjoint(looks(swapped, other))


def test_the_table_is_well_formed() -> None:
    """Each character stands in it once."""
    pairs = [word.split(":") for word in CONFUSABLES.split()]
    characters = [code for _, codes in pairs for code in codes.split(",")]
    assert len(characters) == len(set(characters)) > 1500


def test_old_names_that_look_alike_are_found() -> None:
    """They could be had before; those that can't be had now are nobody's look."""
    names = [(1, "ann"), (2, "bob"), (3, "\u0430nn"), (4, "b0b"), (5, "cat"), (6, "two words")]
    assert collisions(names, 32) == [(1, 3), (2, 4)]
