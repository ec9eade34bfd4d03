"""Names: what may be one, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from precis_i18n import get_profile

from roomchat.chat.names import normal, normal_person, normal_room
from roomchat.errors import BadName
from roomchat.harmless import harmless
from roomchat.protocol import is_pair, other_of, pair_of, pair_room


@pytest.mark.parametrize(
    ("name", "shown", "key"),
    [
        ("Ann", "Ann", "ann"),
        ("ＡＮＮ", "ANN", "ann"),
        ("A\u030angstro\u0308m", "Ångström", "ångström"),
        ("Ångström", "Ångström", "ångström"),
        ("ΣΊΣΥΦΟΣ", "ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Straße", "Straße", "straße"),
        ("анна", "анна", "анна"),
        ("李小龍", "李小龍", "李小龍"),
        ("عمر", "عمر", "عمر"),
        ("a.b-c_d+1!", "a.b-c_d+1!", "a.b-c_d+1!"),
        ("नेपा\u200dली".replace("\u200d", ""), "नेपाली", "नेपाली"),
    ],
)
def test_a_name_is_shown_as_it_came_and_compared_without_case(name, shown, key):
    """A name has a form to show, composed and of normal width, and a form to compare, in lower case."""
    assert normal(name, 32, "name") == (shown, key)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("a b", "space"),
        ("a\u00a0b", "can't have"),
        ("a\nb", "control"),
        ("\x1b[31m", "control"),
        ("a\u202eb", "can't have"),
        ("a\u200bb", "can't have"),
        ("a\u200db", "can't have"),
        ("a\u00adb", "can't have"),
        ("😀", "symbol"),
        ("ﬃ", "can't have"),
        ("aا", "reading directions"),
        ("שלום עולם", "a space"),
        ("\ud800", "can't have"),
        ("\uffff", "can't have"),
        ("a" * 33, "more than 32"),
        ("a" * 60_000, "more than 32"),
    ],
    ids=ascii,
)
def test_what_is_no_name_is_refused_with_the_reason(name, why):
    """Spaces, controls, symbols, invisible characters, and too many of any make no name; the reason is given."""
    with pytest.raises(BadName, match=why) as refusal:
        normal(name, 32, "name")
    assert len(str(refusal.value)) < 500
    assert harmless(str(refusal.value)) == str(refusal.value)


def test_the_limit_holds_for_what_is_shown():
    """A name that grows when it is composed is measured as it is shown."""
    assert normal("\u0958" * 16, 32, "name")[0] == "\u0915\u093c" * 16
    with pytest.raises(BadName, match="more than 32"):
        normal("\u0958" * 32, 32, "name")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("7", "no letter"),
        ("0002", "no letter"),
        ("４２", "no letter"),
        ("१२", "no letter"),
        ("-1", "no letter"),
        ("1.5", "no letter"),
        ("--", "no letter"),
        ("//", "no letter"),
        (":", "no letter"),
        ("[]", "no letter"),
        ("@ann", "begins with @"),
        ("＠ann", "begins with @"),
        ("@7", "no letter"),
        ("#tea", "begins with #"),
        ("/quit", "begins with /"),
        ("-ann", "begins with -"),
        ("[ops]", "begins with "),
        ("<ann>", "begins with <"),
        ("ann:", "ends with :"),
        ("ann：", "ends with :"),
        ("ann,", "ends with ,"),
        ("server", "server itself"),
        ("SERVER", "server itself"),
        ("ｓｅｒｖｅｒ", "server itself"),
    ],
)
def test_what_could_be_taken_for_something_else_names_nobody(name: str, why: str) -> None:
    """A number is a UID, a sign begins a command, a colon ends who is spoken to. Rooms may be called so."""
    with pytest.raises(BadName, match=why):
        normal_person(name, 32)
    if not name.startswith(("@", "＠")):
        normal_room(name, 32)


@pytest.mark.parametrize(
    "name", ["ann", "c++", "4you", "_ann_", "李小龍", "ann-send", "0x2a", "नेपाली", "ann.b", "í", "١ع"[1:]]
)
def test_what_has_a_letter_and_begins_like_a_word_names_someone(name: str) -> None:
    """In any script."""
    assert normal_person(name, 32) == normal(name, 32, "name")


@pytest.mark.parametrize("name", ["@1-2", "@", "@den", "＠1-2", "＠den", "＠"])
def test_the_sign_of_rooms_of_two_begins_no_other_name(name):
    """A room that anyone may join never has a name that begins like a room of two, in whatever spelling."""
    with pytest.raises(BadName, match="room"):
        normal_room(name, 32)


# Letters, marks and digits of every script, and some of all else.
TEXT = st.text(
    st.characters(categories=["L", "M", "N"]) | st.characters() | st.sampled_from("@＠İıßẞςſK\u200c\u200d\u094d"),
    max_size=40,
)


@pytest.mark.parametrize("name", ["+7/plans", "+07/plans", "+0/plans", "\uff0b7/plans", "+\u096d/plans"])
def test_nothing_that_looks_like_a_private_room_is_an_open_one(name: str) -> None:
    """Also with digits that are not those of a UID."""
    with pytest.raises(BadName, match="private rooms"):
        normal_room(name, 32)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT)
def test_a_name_that_is_taken_stays_what_it_is(text):
    """Whatever comes is refused, or is a name that means the same when it comes back as it was shown."""
    try:
        shown, key = normal(text, 32, "name")
    except BadName:
        return
    assert normal(shown, 32, "name") == (shown, key)
    assert 1 <= len(shown) <= 32
    assert harmless(shown).replace("\u200c", "") == shown.replace("\u200c", "")
    assert not any(character.isspace() for character in shown)


@given(st.integers(1, 2**53 - 1), st.integers(1, 2**53 - 1))
def test_a_pair_has_one_room(one, other):
    """The room of two is the same whoever asks, tells whose it is, and is nobody else's."""
    room = pair_room(one, other)
    assert room == pair_room(other, one)
    assert pair_of(room) == (min(one, other), max(one, other))
    assert pair_of(room[1:]) is None
    assert (other_of(room, one), other_of(room, other)) == (other, one)
    assert is_pair(room)
    assert not is_pair(room[1:])


@pytest.mark.parametrize("room", ["tea", "@", "@3", "@3-", "@x-3", "@3-7-9", "@٣-7", f"@{9**20}-3"])
def test_other_rooms_belong_to_no_pair(room):
    """However they are called, and however long the numbers in it are."""
    assert pair_of(room) is None
    assert other_of(room, 7) == 7


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_a_name_of_ascii_is_what_the_profiles_make_of_it(text: str) -> None:
    """They are not asked for it: most names are of that kind."""

    def enforced(profile: str) -> str | None:
        try:
            return get_profile(profile).enforce(text)
        except UnicodeEncodeError:
            return None

    try:
        found: tuple[str | None, str | None] = normal.__wrapped__(text, len(text), "name")
    except BadName:
        found = None, None
    assert found == (enforced("UsernameCasePreserved"), enforced("UsernameCaseMapped"))
