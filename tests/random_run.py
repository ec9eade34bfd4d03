"""A random conversation with a hub, from a seed; run as a program it prints what came of it, as fingerprints.

Two processes with other hash seeds must print the same.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

from roomchat.chat.fingerprint import of_effects, of_state
from roomchat.chat.inputs import Connected, Disconnected
from roomchat.protocol import Bye, Delete, Dial, Hello, Join, Leave, Name, Read, Rooms, Say, Whisper, Who
from tests.memory import Chat

PEOPLE = 6


def run(seed: int, steps: int) -> Iterator[str]:
    """The fingerprints of the effects of each batch, and of the state behind them."""
    chance = random.Random(seed)
    chat = Chat(resume_window=20, max_rooms=4, history=3, large_room=3, max_clients=5)
    tokens: dict[str, str] = {}  # of who was here once
    links: dict[str, int] = {}  # of who is connected
    number = 0
    for _ in range(steps):
        chat.now += chance.choice([0, 0, 1, 30])
        chat.disk_works = chance.random() < 0.9
        inputs = []
        for _ in range(chance.randrange(1, 6)):
            who = f"p{chance.randrange(PEOPLE)}"
            if who not in links:
                number += 1
                links[who] = number
                named = {} if who in tokens else {"name": who}
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
                    Who(),
                    Rooms(),
                    Bye(),
                    Disconnected("gone"),
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
                elif event.get("code") in ("unknown_token", "name_taken"):
                    tokens.pop(who, None)
            if link in chat.closed:
                del links[who]
        yield of_state(chat.hub)


if __name__ == "__main__":
    for fingerprint in run(int(sys.argv[1]), int(sys.argv[2])):
        print(fingerprint)
