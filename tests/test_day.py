"""A day in the life: two people, three rooms, a night, a server that restarts, and lines that waited."""

from __future__ import annotations

from roomchat import Client
from roomchat.protocol import History, HistoryPage
from tests.emulator import ENTER, Emulated, alt
from tests.test_back import END, HOME, House, house, prompt, until_kept

__all__ = ["house"]  # the fixture
NIGHT = 530  # messages


def said(chat: Client, room: str) -> list[str]:
    """The last texts of a room."""
    page = chat.request(History(room=room, limit=10))
    assert isinstance(page, HistoryPage)
    return [one.text for one in page.messages]


def morning(house: House) -> None:
    """Ann and bob talk; ann leaves with half a line in ops."""
    ann = house.ann("--room", "tea,ops,tart")
    ann.until("[tart]")
    ann.type("/room tea" + ENTER)
    ann.until("[tea]")
    house.bob.say("good morning, ann", "tea")
    ann.until("good morning, ann")
    ann.type("and to you" + ENTER)
    ann.until("ann: and to you")
    ann.type(alt("2"))
    ann.until("[ops]")
    ann.type("half a li")
    ann.type(alt("1"))
    ann.until("[tea]")
    assert "half a li" not in prompt(ann), "a line belongs to its window"
    until_kept(house, ann, "half a li")
    ann.type("/quit see you tomorrow" + ENTER)
    assert ann.wait() == 0


def night(house: House) -> None:
    """Much is said; the server is stopped and started."""
    with Client(house.address, "owl", state=False) as owl:
        owl.join("tea")
        for number in range(NIGHT // 2):
            owl.say(f"night {number}")
        assert owl.flush(60)
        for number in range(NIGHT // 2, NIGHT):
            house.bob.say(f"night {number}", "tea")
        house.bob.say("ann: where is the report?", "ops")
        assert house.bob.flush(60)
    house.stop()
    house.start()


def day(house: House) -> None:
    """Ann is where she was; finds who wants her, where she stopped, and what was said first."""
    ann = house.ann()
    ann.until("[tea]")
    ann.until(f"night {NIGHT - 1}")
    ann.until("1!")  # in ops
    ann.type(HOME)
    ann.until("--- the beginning ---")
    ann.until("--- new since")
    ann.until("night 0")
    ann.type(END)
    ann.until(f"night {NIGHT - 1}")
    ann.type(alt("a"))
    ann.until("[ops] half a li")
    ann.until("ann: where is the report?")
    ann.type("ne, and a report" + ENTER)
    ann.until("ann: half a line, and a report")
    ann.type(alt("1"))
    ann.until("[tea]")
    ann.type("/search good morning" + ENTER)
    ann.until("1 of 1: good morning")
    ann.until("ann: and to you")
    ann.type(END)
    ann.until(f"night {NIGHT - 1}")
    evening(house, ann)


def evening(house: House, ann: Emulated) -> None:
    """The server goes; what is typed waits, also for a person who leaves and comes back."""
    house.stop()
    ann.until("connection lost")
    for line in ("one more thing", "and another"):
        ann.type(line + ENTER)
        ann.until(f"... {line}")
    ann.type("/quit" + ENTER)
    ann.until("2 lines are not sent yet")
    ann.type("/quit" + ENTER)
    assert ann.wait() == 0
    ann = house.ann()
    ann.until("... and another")
    ann.until("[tea]")
    house.start()
    ann.until("ann: one more thing")
    ann.until("ann: and another")
    ann.until(lambda screen: "..." not in "\n".join(screen.shown))
    assert said(house.bob, "tea")[-2:] == ["one more thing", "and another"]
    assert said(house.bob, "ops")[-2:] == ["ann: where is the report?", "half a line, and a report"]
    ann.type("/quit" + ENTER)
    assert ann.wait() == 0


def test_a_day(house: House) -> None:
    """Nothing is out of reach, lost, doubled, or in another room."""
    morning(house)
    night(house)
    day(house)
