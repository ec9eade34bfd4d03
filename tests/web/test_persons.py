"""Who one is in a browser, and what people may do to each other there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from roomchat.server import Server
from tests.admin import run
from tests.peer import Peer
from tests.web.browser import Person
from tests.web.tab import Tab

Serve, Connect, Persons = Callable[..., Server], Callable[..., Peer], Callable[..., Person]

SECRET, WRONG = "a long secret", "another secret"


def test_an_account_is_invited_and_the_same_person_everywhere(
    serve: Serve, person: Persons, tmp_path: Path
) -> None:
    """A link with an invite makes one; its name is taken from then on; a second browser shows what was said in the
    first one; and whoever logs out leaves nothing to the next user of the browser."""
    log = tmp_path / "log.db"
    server = serve(db=str(log), accounts="invite", password_cost="cheapest")
    code = run(log, "invite", "--host", "localhost").stdout.split()[-1]
    home, work = person(server), person(server)
    ann = Tab(home.open(f"/#invite={code}")).submit("ann", SECRET, SECRET).inside()
    assert "invite" not in ann.page.url
    ann.say("/private den")
    ann.is_in("den")
    ann.say("only for me")

    there = Tab(work.open())
    there.submit("ann")
    expect(there.page.get_by_text("ann is an account's name")).to_be_visible()
    there.way("Log in")
    there.submit("ann", WRONG)
    expect(there.page.get_by_label("Password", exact=True)).to_have_accessible_error_message(re.compile("wrong"))
    there.submit("ann", SECRET).inside()
    expect(there.page.get_by_role("list", name="People").get_by_role("button", name="ann")).to_be_visible()
    there.go("den")
    there.sees("only for me")
    assert there.number == ann.number
    there.say("from work")
    ann.sees("from work")

    third = Tab(person(server).open())
    third.way("Log in")
    third.submit("ann", SECRET).inside()
    ann.say("/devices")
    devices = ann.dialog("Devices")
    expect(devices.get_by_role("button", name="Close")).to_be_focused()  # not on what logs somebody out
    devices.get_by_role("button", name="Log out device 3").press("Enter")
    expect(third.page.get_by_text("This device was logged out.")).to_be_visible()
    expect(third.page.get_by_label("Password", exact=True)).to_be_focused()
    ann.page.keyboard.press("Escape")

    ann.menu("You and settings", "Log out")
    ann.page.evaluate(NO_ROOM_IS_NAMED)
    ann.come_in("bob")
    assert ann.number != there.number
    ann.say("hello")
    ann.sees("hello")
    kept = ann.page.evaluate(ALL_THAT_IS_KEPT)
    assert "hello" in kept
    assert [word for word in ("only for me", "from work", "den", SECRET) if word in kept] == []


def test_order_in_a_private_room(serve: Serve, connect: Connect, person: Persons) -> None:
    """One is made, and somebody asked in by their name; nobody else sees it; and they are put out again, by keys
    alone. Who asks back offers it until one is there."""
    server = serve()
    bob, eve = connect(server, "bob"), connect(server, "eve")
    for peer in (bob, eve):
        peer.join("lobby")
    ann = Tab(person(server).open()).come_in("ann")
    expect(ann.page.get_by_role("button", name="People: 3 here")).to_be_visible()
    bob.send("leave", room="lobby")
    expect(ann.page.get_by_role("button", name="People: 2 here")).to_be_visible()
    bob.join("tea")
    ann.page.get_by_role("button", name="Join or make a room").click()
    rooms = ann.page.get_by_role("list", name="All rooms").get_by_role("listitem")
    expect(rooms).to_have_text([re.compile("lobby.*2 people"), re.compile("tea.*1 person")])
    ann.page.get_by_label("Room", exact=True).fill("plans")
    ann.page.get_by_label("Private").check()
    ann.page.get_by_label("Room", exact=True).press("Enter")
    ann.is_in("plans")
    ann.say("just us", "/invite bob")
    room = bob.until("invited")["room"]
    bob.send("join", room=room)
    assert bob.until("message")["text"] == "just us"
    eve.send("join", room=room)
    assert eve.until("error")["code"] == "no_such_room"
    bob.send("say", room=room, text="a secret")
    ann.sees("a secret")
    spoken = ann.page.get_by_text("bob: a secret")
    expect(spoken).to_have_count(1)
    bob.send("delete", room=room, seq=bob.until("message")["seq"])
    ann.sees("(deleted)")
    expect(spoken).to_have_count(0)
    ann.say("/invitation 5 2d")
    expect(ann.page.get_by_text("#join=")).to_be_visible()
    (link,) = re.findall(r"/#join=\S+", ann.page.get_by_text("#join=").inner_text())
    cleo = Tab(person(server).open(link))
    expect(cleo.page.get_by_text("You are invited into a room")).to_be_visible()
    cleo.come_in("cleo")
    cleo.dialog("An invitation").get_by_role("button", name="Join").press("Enter")
    cleo.is_in("plans")
    cleo.say("/leave")
    ann.menu("Menu of the room", "Owner, moderators, bans")
    order = ann.dialog("Order in plans")
    expect(order.get_by_role("listitem").filter(has_text="#1, for 4 more people")).to_contain_text("by ann")
    order.get_by_role("button", name="Take back").press("Enter")
    expect(order.get_by_text("#1")).to_be_hidden()
    ann.page.keyboard.press("Escape")
    people = ann.page.get_by_role("list", name="People")
    people.get_by_role("button", name="bob").press("Enter")
    ann.dialog("Person").get_by_role("button", name="Put out of the room").press("Enter")
    ann.page.get_by_role("dialog").get_by_label("Why").fill("enough")
    ann.page.keyboard.press("Enter")
    assert bob.until("kicked")["reason"] == "enough"
    expect(ann.page.get_by_text("You put bob out")).to_be_visible()
    expect(people.get_by_role("button", name="ann")).to_be_focused()  # bob's is gone
    eve.send("join", room="den", private=True)
    den = eve.until("joined")["room"]
    eve.send("invite", room=den, uid=ann.number)
    expect(ann.page.get_by_role("button", name="Join", exact=True)).to_be_visible()
    ann.say(f"/join {den}")
    expect(ann.page.get_by_role("button", name="Join", exact=True)).to_be_hidden()


def test_where_no_guests_come_in_it_is_said_in_words_of_the_page(serve: Serve, person: Persons) -> None:
    """The server's sentence names options of the terminal; and one goes on where something is to be typed."""
    ann = Tab(person(serve(guests=False)).open()).submit("ann")
    expect(ann.page.get_by_role("alert").filter(has_text="an account only: log in, or register")).to_be_visible()
    expect(ann.page.get_by_label("Password", exact=True)).to_be_focused()


NO_ROOM_IS_NAMED = """async () => {
  while ("roomchat.room" in sessionStorage || "roomchat.calls" in localStorage) {
    await new Promise((go) => setTimeout(go, 10));
  }
}"""
ALL_THAT_IS_KEPT = """async () => {
  const all = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of database.objectStoreNames) {
      const request = database.transaction(store).objectStore(store).getAll();
      all.push(await new Promise((resolve) => { request.onsuccess = () => resolve(request.result); }));
    }
    database.close();
  }
  return JSON.stringify([all, { ...localStorage }, { ...sessionStorage }]);
}"""
