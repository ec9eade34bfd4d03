"""The session of the page does what that of the client does, whatever comes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session_steps import Steps
from tests.web.test_unit import PATIENCE, UNIT, node

Json = dict[str, Any]
Run = Callable[[Json], list[Json]]

ROOMS = st.sampled_from(["tea", "Tea", "cake", "7", "@1-2", "@1-3", "+1/plans"])
SEQS = st.integers(1, 6)
NUMBERS = st.integers(1, 4)
UIDS = st.integers(1, 3)
PERSON = st.fixed_dictionaries({"uid": UIDS, "name": st.sampled_from(["ann", "bob", "cat"])})
CODES = ["too_long", "storage_unavailable", "out_of_order", "unknown_token", "name_owned", "too_many_rooms"]
IDS = st.sampled_from(["read", "look:0", "look:1", 1, "caught-up"])


def made(kind: str, optional: dict[str, Any] | None = None, **fields: Any) -> st.SearchStrategy[Json]:
    """Events of a type."""
    return st.fixed_dictionaries({"type": st.just(kind), **fields}, optional=optional or {})


ENTRY = {"room": ROOMS, "seq": SEQS, "uid": UIDS}
COUNTED = {"n": NUMBERS, "device": st.just(2)}  # that of the client, or another one
ENTRIES = st.one_of(
    made("message", COUNTED, **ENTRY),
    made("message", None, **ENTRY | {"uid": st.just(1), "n": NUMBERS}),  # ours, mostly
    made("action", COUNTED, **ENTRY),
    made("tombstone", COUNTED, **ENTRY),
    made("sticker", None, **ENTRY),  # of a later server
    made("deleted", None, **ENTRY, name=st.just("bob"), ts=st.just(""), of=SEQS),
)
EVENTS = st.one_of(
    ENTRIES, ENTRIES, ENTRIES,
    made(
        "welcome",
        {"epoch": st.just("other"), "account": st.just(True), "device": st.just(2), "blocked": st.just([3])},
        last_n=st.integers(0, 4),
    ),
    made("pong"),
    made("pong"),
    made(
        "joined", {"read": SEQS, "device": st.just(2), "re": st.just(1), "by": UIDS, "members": st.lists(PERSON)},
        room=ROOMS, last_seq=st.integers(0, 60),
    ),
    made("left", {"reason": st.sampled_from(["kicked", "banned", "removed"])}, room=ROOMS),
    made("gap", room=ROOMS, after=st.just(0), before=SEQS),
    made("read", {"re": IDS}, room=ROOMS, read=SEQS),
    made("renamed", uid=UIDS, old=st.just("x"), name=st.sampled_from(["ann", "eve"])),
    made("blocked", uid=UIDS),
    made("unblocked", uid=UIDS),
    made("registered", uid=st.just(1), name=st.just("ann")),
    made("logged_out", devices=st.lists(st.integers(1, 2))),
    made(
        "history", {"re": IDS | st.just("look:0")},
        room=ROOMS, entries=st.lists(ENTRIES, max_size=3), more=st.booleans(),
    ),
    made("error", {"n": NUMBERS, "re": IDS}, code=st.sampled_from(CODES)),
)  # fmt: skip
SAID = st.one_of(
    st.fixed_dictionaries({"text": st.just("one"), "room": ROOMS}, optional={"kind": st.just("action")}),
    st.fixed_dictionaries({"text": st.just("psst"), "uid": UIDS}),
)
STEPS = st.one_of(
    st.fixed_dictionaries({"in": EVENTS}),
    st.fixed_dictionaries({"in": EVENTS}),
    st.fixed_dictionaries({"say": SAID}),
    st.just({"hello": True}),
    st.just({"due": True}),
    st.fixed_dictionaries({"read": st.tuples(ROOMS, SEQS)}),
    st.fixed_dictionaries({"answers": st.sampled_from([*CODES, "server_full"])}),
)
AGAIN = [{"again": True}, {"hello": True}, {"in": {"type": "welcome", "last_n": 2}}]  # another program goes on
BEGIN = [{"hello": True}, {"in": {"type": "welcome"}}]
LOGINS = st.sampled_from([{}, {}, {"password": "secret 123"}, {"password": "secret 123", "register": True}])


@pytest.fixture(scope="module")
def in_node() -> Iterator[Run]:
    """Runs of the page's session: all in one process."""
    command = [node(), UNIT.parent / "steps.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def run(steps: Json) -> list[Json]:
            stdin.write(json.dumps(steps) + "\n")
            stdin.flush()
            answers: list[Json] = json.loads(stdout.readline())
            return answers

        yield run
        stdin.close()
        process.wait(PATIENCE)


@settings(max_examples=150)
@given(LOGINS, st.lists(st.lists(STEPS, max_size=12), min_size=1, max_size=3))
def test_both_sessions_do_the_same(in_node: Run, login: Json, parts: list[list[Json]]) -> None:
    """Step by step, and at the end of each part, where another program goes on, they know the same."""
    steps: list[Json] = [*BEGIN]
    for part in parts:
        steps += [*part, {"state": True}, *AGAIN]
    taken = Steps(login)
    ours = [taken.take(step) for step in steps]
    for step, expected, answer in zip(steps, ours, in_node({"login": login, "steps": steps}), strict=True):
        for elsewhere in ("names", "blocked"):  # of others the page's chat model knows
            expected.pop(elsewhere, None)
        assert answer == expected, step
