"""The parts of the screen without a terminal: folding, colours, what Tab offers, what waits, what was typed."""

from __future__ import annotations

import pytest
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.utils import get_cwidth

from roomchat import protocol
from roomchat.client.client import Client
from roomchat.protocol import (
    Banned,
    Join,
    Joined,
    Left,
    MemberJoined,
    Message,
    Person,
    Say,
    Welcome,
    Whisper,
)
from roomchat.terminal.device.theme import NAME_COLOURS, colour_depth, fragment_style
from roomchat.terminal.runner import CommandRunner
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import Line, StyledText, fold, line
from roomchat.terminal.shown.links import LINK, linked
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.shown.told import told
from roomchat.terminal.typed.commands import COMMANDS, MISSING, NAMES, parse, settled
from roomchat.terminal.typed.complete import candidates, hint
from roomchat.terminal.typed.help import page
from roomchat.terminal.typed.input import InputQueue, Typed
from roomchat.terminal.typed.local import (
    BlockPerson,
    Clear,
    CloseWindow,
    Connect,
    Copy,
    Help,
    Mentions,
    Names,
    ScrollBack,
    Search,
    SetAway,
    Several,
    SwitchRoom,
    Whois,
)
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import PlainDisplay
from tests.test_client import WELCOME

TIME = "2026-01-01T12:30:00.000Z"


@pytest.fixture
def roster() -> Roster:
    """Of ann, who is 7, knows bob, who is 3, and is in tea with bert, who is 12."""
    roster = Roster()
    roster.update(WELCOME)
    roster.update(Joined(room="tea", members=[Person(7, "ann"), Person(12, "bert")], members_total=2, last_seq=4))
    return roster


def rows(one: Line, width: int) -> list[str]:
    return ["".join(piece.text for piece in row) for row in fold(one, width, get_cwidth)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("12 bob: short", 20, ["12 bob: short"]),
        ("12 bob: two words more", 18, ["12 bob: two words ", "        more"]),
        ("12 bob: exactly so", 18, ["12 bob: exactly so"]),
        ("12 bob: unbreakableword", 18, ["12 bob: unbreakabl", "        eword"]),
        ("12 bob: \u4f60\u597d\u4f60\u597d\u4f60", 17, ["12 bob: \u4f60\u597d\u4f60\u597d", " " * 8 + "\u4f60"]),
        ("12 bob: on a very narrow one", 12, ["12 bob: on a", "  very ", "  narrow one"]),
        ("12 bob: e\u0301e\u0301e\u0301e\u0301", 18, ["12 bob: e\u0301e\u0301e\u0301e\u0301"]),
    ],
)  # fmt: skip
def test_lines_are_folded_under_their_text(text: str, width: int, expected: list[str]) -> None:
    """At spaces where there are some, and never within a character."""
    assert rows(Line((StyledText("", text),), indent=8), width) == expected


def test_a_long_link_goes_from_edge_to_edge() -> None:
    """For the mouse; a short one is kept whole, and what follows stands under the text again."""
    link = "https://example.org/" + "x" * 25
    text = f"see {link} and https://a.example then"
    one = line(("", "12 bob: "), *linked("", text), indent=8)
    assert rows(one, 30) == [
        "12 bob: see https://example.or",
        "g/" + "x" * 25 + " ",
        "        and https://a.example ",
        "        then",
    ]
    urls = [[style.partition(LINK)[2] for style, _ in row if LINK in style] for row in fold(one, 30, get_cwidth)]
    assert urls == [[link], [link], ["https://a.example"], []]


def test_styles_survive_folding() -> None:
    """A word that moves to the next row keeps its look."""
    folded = fold(line(("dim", "one "), ("mention", "two three"), indent=4), 9, get_cwidth)
    assert folded == [
        [StyledText("dim", "one "), StyledText("mention", "two ")],
        [StyledText("", "    "), StyledText("mention", "three")],
    ]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_names_can_be_read_on_black_and_on_white() -> None:
    """Each colour has a contrast of at least 3.8 against both, and is one of the 256."""
    for colour in NAME_COLOURS:
        assert min(1.05 / (luminance(colour) + 0.05), (luminance(colour) + 0.05) / 0.05) >= 3.8
        assert all(int(colour[at : at + 2], 16) in {0, 95, 135, 175, 215, 255} for at in (1, 3, 5))


def test_a_colour_belongs_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve people with UIDs in a row have twelve colours; NO_COLOR and the option are obeyed."""
    assert len({fragment_style(f"name:{uid}", ColorDepth.DEPTH_8_BIT) for uid in range(1, 13)}) == 12
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colour_depth(None) is ColorDepth.DEPTH_8_BIT
    assert colour_depth(False) is ColorDepth.DEPTH_1_BIT
    monkeypatch.setenv("NO_COLOR", "1")
    assert colour_depth(None) is ColorDepth.DEPTH_1_BIT
    assert colour_depth(True) is ColorDepth.DEPTH_8_BIT


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("/nick eve", parse("/name eve", Roster())),
        ("/list", parse("/rooms", Roster())),
        ("/part tea", parse("/leave tea", Roster())),
        ("/j #tea", parse("/join tea", Roster())),
        ("/msg bob hi  there", parse("/whisper 3 hi  there", Roster())),
        ("/JOIN tea", parse("/join tea", Roster())),
        ("/me waves", Say(text="waves", kind="action")),
        ("/room", SwitchRoom()),
        ("/room 2", SwitchRoom(number=2)),
        ("/room #2", SwitchRoom("2")),
        ("/room @bob", SwitchRoom("@3-7")),
        ("/room @3-7", SwitchRoom("@3-7")),
        ("/win 12", SwitchRoom(number=12)),
        ("/window #tea", SwitchRoom("tea")),
        ("/join #tea,#ops", Several((Join(room="tea"), Join(room="ops")))),
        ("/join tea,TEA,", Join(room="TEA")),
        ("/join ##tea", Join(room="#tea")),
        ("/join 2", Join(room="2")),
        ("/join ,", Join(room=",")),
        ("/say /join is a command", Say(text="/join is a command")),
        ("/close", CloseWindow()),
        ("/close bob", CloseWindow("@3-7")),
        ("/names", Names()),
        ("/names #tea", Names("tea")),
        ("/whois @bob", Whois(3)),
        ("/whois 99", Whois(99)),
        ("/history", ScrollBack()),
        ("/history 5", ScrollBack(5)),
        ("/search", Search()),
        ("/search the budget", Search("the budget")),
        ("/lastlog budget", Search("budget")),
        ("/search -all the  budget", Search("the  budget", everywhere=True)),
        ("/search -ALL", Search("", everywhere=True)),
        ("/search -allow", Search("-allow")),
        ("/mentions", Mentions()),
        ("/copy", Copy(1)),
        ("/copy 3", Copy(3)),
        ("/clear", Clear()),
        ("/help", Help()),
        ("/help j", Help("join")),
        ("/help /JOIN", Help("join")),
        ("/query bob", SwitchRoom("@3-7")),
        ("/query @bob hi there", SwitchRoom("@3-7", "hi there")),
        ("/ignore bob", BlockPerson(3)),
        ("/ignore", BlockPerson()),
        ("/away", SetAway(None)),
        ("/away till four", SetAway("till four")),
        ("/connect", Connect(None)),
        ("/server localhost:99", Connect("localhost:99")),
    ],
)
def test_commands_of_the_client_and_names_from_irc(roster: Roster, typed: str, what: object) -> None:
    """What people know from elsewhere does what they expect."""
    assert parse(typed, roster) == what


def test_every_command_is_a_topic_with_an_example(roster: Roster) -> None:
    """Of help; and no name means two things."""
    roster.last_whisperer = 3
    assert len(set(NAMES)) == len(NAMES)
    assert not set(NAMES) & set(MISSING)
    for command in COMMANDS:
        told = parse(f"/help {command.name[1:]}", roster)
        assert isinstance(told, Help)
        about = [one.plain for one in page(told.topic)]
        assert command.form in about
        assert f"For example: {command.example}" in about
        assert parse(command.example.replace(" 7", " 3"), roster) is not None
    with pytest.raises(TypingError, match="Did you mean /whisper"):
        parse("/help whispr", roster)


def test_help_is_a_page_that_fits() -> None:
    """A command or key is one row of 80 columns; on 40 its meaning folds in a column of its own."""
    commands = [one for one in page() if one.indent]
    assert all(len(rows(one, 80)) == 1 for one in commands)
    assert {one.plain.split("  ")[0].rstrip() for one in commands} >= {command.form for command in COMMANDS}
    for one in commands:
        first, *more = rows(one, 40)
        assert first[one.indent - 1] == " "
        assert all(row.startswith(" " * one.indent) for row in more)
    assert not [one for one in page(keys=False) if "Alt-A" in one.plain]


def test_a_reply_goes_to_who_whispered_last(roster: Roster) -> None:
    """Nobody has: then it is said how else to whisper."""
    with pytest.raises(TypingError, match="Nobody has whispered to you yet"):
        parse("/r yes", roster)
    roster.last_whisperer = 3
    assert parse("/r yes  of course", roster) == Whisper(uid=3, text="yes  of course")
    line = settled("/R yes  of course", roster)
    roster.last_whisperer = 12
    assert parse(line, roster) == Whisper(uid=3, text="yes  of course"), "it was typed before the other whispered"
    assert settled("/r", roster) == "/r"
    assert settled("hello /r you", roster) == "hello /r you"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/jion tea", "There is no command /jion. Did you mean /join?"),
        ("/ment", "Did you mean /mentions?"),
        ("/hist", "Did you mean /history?"),
        ("/qiut", "Did you mean /quit?"),
        ("/" + "x" * 9999, "There is no command /xxxx"),
        ("/", "There is no command /. /help lists all."),
        ("/usr/lib is full", "There is no command /usr/lib. /help lists all. To say it, begin with //."),
        ("/copy two", "two is not a number"),
        ("/room 99999999999999999999", "is not a number"),
        ("/query", "Usage: /query UID [TEXT]"),
    ],
)
def test_what_is_no_command_names_what_there_is(roster: Roster, typed: str, told: str) -> None:
    """The nearest one, or what takes its place here."""
    with pytest.raises(TypingError) as caught:
        parse(typed, roster)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("/wh", ["/whisper ", "/who ", "/whois "]),
        ("/ms", ["/msg "]),
        ("/dial b", ["bert", "bob"]),
        ("/dial 3", ["bob"]),
        ("/whisper bo", ["bob "]),
        ("/whisper bob ask be", ["bert "]),
        ("/join t", ["tea"]),
        ("/join #T", ["#tea"]),
        ("/join ops,t", ["ops,tea"]),
        ("/join #ops,#", ["#ops,#tea"]),
        ("/part #te", ["#tea"]),
        ("/whois be", ["bert"]),
        ("/close bo", ["bob"]),
        ("/he", ["/help "]),
        ("/help /JO", ["join"]),
        ("/reply be", ["bert "]),
        ("/room ", ["tea"]),
        ("/help whi", ["whisper"]),
        ("be", ["bert: "]),
        ("hello @b", ["@bert ", "@bob "]),
        ("hello ", []),
        ("//wh", []),
        ("/nonsense b", []),
        ("/stats b", []),
        ("/me asks (@bo", ["@bob "]),
        ("ann,@bo", ["@bob "]),
        ("mail@bo", []),
        ("two\nlines be", ["bert "]),
        ("/whisper @bo", ["@bob "]),
        ("/whisper bob @", ["@bert ", "@bob "]),
        ("/whois BE", ["bert"]),
        ("/room TE", ["tea"]),
        ("/room #t", ["#tea"]),
        ("/room \uff34", ["tea"]),
        ("/search -all bo", ["bob "]),
        ("/help /whi", ["whisper"]),
        ("/copy b", []),
    ],
)
def test_what_tab_offers(roster: Roster, before: str, offered: list[str]) -> None:
    """Who is in the room comes first; a name gets what follows it."""
    assert [one.text for one in candidates(before, roster, ["tea"], "tea")[1]] == offered


def test_who_had_a_name_before_is_completed_by_uid(roster: Roster) -> None:
    """The name means the one who is here by it now."""
    roster.update(MemberJoined(room="tea", uid=20, name="Bob"))
    assert [one.text for one in candidates("/dial bo", roster, ["tea"], "tea")[1]] == ["Bob", "3"]


def test_a_hint_tells_what_fits() -> None:
    """The commands that begin so, then the one."""
    assert hint("/wh") == "/whisper  /who  /whois"
    assert hint("/whi") == "/whisper UID TEXT: send a message to one person only"
    assert hint("/msg bob") == hint("/whi")
    assert hint("hello") == hint("//who") == hint("/nonsense x") == ""


def test_the_person_is_told_of_rooms_and_of_whom_they_have_blocked() -> None:
    """By number and name, with what is new; or that there is none."""
    shown: list[Line] = []
    display = PlainDisplay(shown.append, clock="%M")
    runner = CommandRunner(display)
    display.roster.update(WELCOME)
    display.client = client = Client("localhost", "ann", state=False)
    for command in (SwitchRoom(), BlockPerson()):
        runner.run(client, command, None)
    for room in ("tea", "cake", "@3-7"):
        client._session.receive(Joined(room=room, members=[], members_total=1, last_seq=0))
    display.focus.blocked.update([3, 9])
    for command in (SwitchRoom(), BlockPerson()):
        runner.run(client, command, None)
    assert [one.plain for one in shown] == [
        "You are not in a room. Type /join ROOM to join one.",
        "You have blocked nobody.",
        "You are in: 1 tea, 2 cake, 3 whisper with bob.",
        "You have blocked: bob (3), UID 9.",
    ]


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [("ann?", True), ("@Ann hi", True), ("hi ANN", True), ("annex", False), ("joann", False), ("bob", False)],
)
def test_a_mention_is_a_whole_word(roster: Roster, text: str, mentioned: bool) -> None:
    """In any case, with or without an @."""
    assert RoomFocus(roster, is_tagged=False).is_mentioned(Message("tea", 9, 3, "bob", TIME, text)) is mentioned


def test_the_view_counts_who_is_here(roster: Roster) -> None:
    """From what is told, without asking."""
    roster.update(MemberJoined(room="tea", uid=20, name="dan"))
    assert roster.totals["tea"] == 3
    roster.update(WELCOME)
    assert isinstance(WELCOME, Welcome)
    assert [name for _, name in roster.people("tea")] == ["bert", "dan", "bob"]


def test_typed_lines_are_taken_before_the_end() -> None:
    """``end`` lets those that wait be taken, ``stop`` does not."""
    typed = InputQueue()
    for text in ("one", "two\nlines"):
        typed.put(Typed(text))
    assert typed.waiting() == [Typed("one"), Typed("two\nlines")]
    typed.end()
    assert list(typed) == [Typed("one"), Typed("two\nlines")]
    typed.put(Typed("three"))
    typed.stop()
    assert list(typed) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/private #plans", protocol.Join(room="plans", private=True)),
        ("/join +1/plans t0ken", protocol.Join(room="+1/plans", invitation="t0ken")),
        ("/join no such room", protocol.Join(room="no such room")),
        ("/invite 7", protocol.InviteTo(uid=7)),
        ("/invitation", protocol.InviteTo()),
        ("/invitation 5 2d", protocol.InviteTo(uses=5, seconds=2 * 86400)),
        ("/invitation 30m", protocol.InviteTo(seconds=1800)),
        ("/uninvite 7", protocol.TakeBack(uid=7)),
        ("/uninvite #2", protocol.TakeBack(number=2)),
        ("/topic", protocol.ShowRules()),
        ("/topic Cakes  and more", protocol.SetTopic(topic="Cakes  and more")),
        ("/topic -", protocol.SetTopic(topic="")),
        ("/rules tea", protocol.ShowRules(room="tea")),
        ("/kick 7 No adverts.", protocol.Kick(uid=7, reason="No adverts.")),
        ("/ban 7", protocol.Ban(uid=7)),
        ("/ban 7 2h", protocol.Ban(uid=7, seconds=7200)),
        ("/ban 7 2h too loud", protocol.Ban(uid=7, seconds=7200, reason="too loud")),
        ("/ban 7 two hours", protocol.Ban(uid=7, reason="two hours")),
        ("/banip 7 1w spam", protocol.Ban(uid=7, seconds=7 * 86400, reason="spam", address=True)),
        ("/unban 7", protocol.Unban(uid=7)),
        ("/mute 7 90s", protocol.Mute(uid=7, seconds=90)),
        ("/unmute 7", protocol.Unmute(uid=7)),
        ("/op 7", protocol.Promote(uid=7)),
        ("/demote 7", protocol.Demote(uid=7)),
        ("/owner 7", protocol.PassOn(uid=7)),
    ],
)
def test_order_is_kept_by_typing(roster: Roster, typed: str, meant: protocol.Command) -> None:
    """People, times and reasons, each of which may be left out."""
    assert parse(typed, roster) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "/kick",
        "/ban nobody",
        "/invitation x",
        "/uninvite #x",
        "/private",
        "/owner 0",
        "/mute 7 5x",
        "/ban 7 30 spam",
    ],
)
def test_order_that_can_not_be_meant(roster: Roster, typed: str) -> None:
    """Is told, and nothing is sent."""
    with pytest.raises(TypingError):
        parse(typed, roster)


def test_who_is_put_out_is_told_by_whom_and_why() -> None:
    """Not what another room's log says, nor what was done to others."""
    roster = Roster()
    roster.uid = 3
    focus = RoomFocus(roster, is_tagged=True)
    room, ts = "tea", "2026-05-01T08:00:00.000Z"
    roster.update(Banned(room, 4, 2, "bob", ts, whom=5, whom_name="dan", reason="shouting"))
    left = Left(room=room, reason="banned")
    assert next(told(left, roster, focus)) == "You were put out of tea."
    roster.update(Banned(room, 5, 2, "bob", ts, whom=3, whom_name="eve", reason="spam"))
    sentence = next(told(left, roster, focus))
    assert sentence.startswith("bob (2) banned you from tea: spam")
    assert next(told(Left(room="ops", reason="kicked"), roster, focus)) == "You were put out of ops."
    assert next(told(Left(room=room), roster, focus)) == "You left tea."
