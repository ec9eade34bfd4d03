"""A random conversation with a hub, from a seed; run as a program it prints what came of it, as fingerprints.

Two processes with other hash seeds must print the same.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from roomchat.account import Invite
from roomchat.chat.fingerprint import of_effects, of_state
from roomchat.chat.inputs import Administer, Connected, Disconnected
from roomchat.protocol import (
    Block,
    Bye,
    ChangePassword,
    Delete,
    Devices,
    Dial,
    Hello,
    Join,
    Leave,
    Logout,
    Name,
    Read,
    Register,
    Rooms,
    Say,
    Unblock,
    Unregister,
    Whisper,
    Who,
    administration,
)
from roomchat.protocol.administration import HubCommands
from tests.memory import Chat, hash_of

PEOPLE = 6
NAMES = ["ann", "\u0430nn", "Ann", "bob", "b0b", "p1"]
PASSWORDS = ["correct horse", "battery staple"]
INVITES = ["one", "two"]


def admins(chance: random.Random) -> HubCommands:
    """What an admin asks."""
    uid, name = chance.randrange(1, PEOPLE + 2), chance.choice(NAMES)
    whom: dict[str, Any] = chance.choice([{"uid": uid}, {"name": name}])
    return chance.choice(
        [
            administration.MakeAccount(name=name, password_hash="of " + chance.choice(PASSWORDS)),
            administration.PutPassword(**whom, password_hash="of " + PASSWORDS[0], logout=chance.random() < 0.5),
            administration.RenameAccount(**whom, to=chance.choice(NAMES)),
            administration.RemoveAccount(**whom),
            administration.OfferInvite(token_hash=hash_of(chance.choice(INVITES)), uses=1, seconds=60),
            administration.RevokeInvite(id=hash_of(chance.choice(INVITES)).hex()[:8]),
            administration.Ban(**whom, seconds=chance.choice([None, 30]), newcomers=chance.random() < 0.2),
            administration.Unban(**chance.choice([whom, {"address": "10.0.0.1"}])),
            administration.GiveRoom(room=chance.choice("abc"), **whom),
            administration.RemoveRoom(room=chance.choice("abc")),
            administration.DeleteMessage(room=chance.choice("ab"), seq=chance.randrange(1, 5)),
            administration.ListPresent(after=0, upto=uid),
            administration.ShowRoom(room=chance.choice("abc")),
        ]
    )


def run(seed: int, steps: int, look: Callable[[Chat], object] = id) -> Iterator[str]:
    """The fingerprints of the effects of each batch, and of the state behind them, which may be looked at."""
    chance = random.Random(seed)
    chat = Chat(
        resume_window=20.0,
        away_after=2.0,
        max_rooms=4,
        history=3,
        large_room=3,
        max_clients=5,
        max_devices=3,
        accounts="invite",
    )
    for token in INVITES:
        chat.registry.set_invite(hash_of(token), Invite(uses=5, ends=2_000_000))
    chat.registry.begin()
    tokens: dict[str, str] = {}  # of who was here once
    links: dict[str, int] = {}  # of who is connected
    number = questions = 0
    for _ in range(steps):
        chat.now += chance.choice([0, 0, 1, 30])
        chat.disk_works = chance.random() < 0.9
        inputs = []
        for _ in range(chance.randrange(1, 6)):
            if chance.random() < 0.05:
                questions -= 1
                inputs.append((questions, Administer("root", admins(chance))))
                continue
            who = f"p{chance.randrange(PEOPLE)}"
            if who not in links:
                number += 1
                links[who] = number
                named: dict[str, Any] = {} if who in tokens else {"name": who}
                if chance.random() < 0.3:
                    named = {"name": chance.choice(NAMES), "password": chance.choice(PASSWORDS)}
                    if chance.random() < 0.5:
                        named |= {"register": True, "invite": chance.choice(INVITES)}
                    tokens.pop(who, None)
                rooms = {chance.choice("abc"): chance.randrange(3)} if chance.random() < 0.5 else None
                hello = Hello(protocol=1, token=tokens.get(who), rooms=rooms, **named)
                inputs += [(number, Connected("10.0.0.1")), (number, hello)]
                continue
            uid = chance.randrange(1, PEOPLE + 2)
            command = chance.choice(
                [
                    Join(room=chance.choice("abc")),
                    Leave(room=chance.choice("abc")),
                    Say(text=f"{chance.random()}", room=chance.choice(["a", "b", None])),
                    Read(room=chance.choice("ab"), seq=chance.randrange(9)),
                    Whisper(uid=uid, text="psst"),
                    Dial(uid=uid),
                    Name(name=f"{who}{chance.randrange(3)}"),
                    Delete(room=chance.choice(["a", "b", None]), seq=chance.randrange(5)),
                    chance.choice([Block, Unblock])(uid=uid),
                    Who(),
                    Rooms(),
                    Bye(),
                    Disconnected("gone"),
                    Register(password=chance.choice(PASSWORDS), invite=chance.choice(INVITES)),
                    ChangePassword(old=chance.choice(PASSWORDS), new=chance.choice(PASSWORDS)),
                    Devices(),
                    Logout(device=chance.choice([None, 1, 2, 3])),
                    Logout(others=True),
                    Unregister(password=chance.choice(PASSWORDS)),
                ]
            )
            inputs.append((links[who], command))
            if isinstance(command, Bye | Disconnected):
                del links[who]
        for effects in chat.all_of(*inputs):
            yield of_effects(effects)
        for who, link in [*links.items()]:
            for event in chat.take(link):
                if event["type"] == "welcome":
                    tokens[who] = event["token"]
                elif event.get("code") in ("unknown_token", "name_taken", "name_owned"):
                    tokens.pop(who, None)
            if link in chat.closed:
                del links[who]
        look(chat)
        yield of_state(chat.hub)


if __name__ == "__main__":
    for fingerprint in run(int(sys.argv[1]), int(sys.argv[2])):
        print(fingerprint)
