"""A process with a few clients that talk and write down what they see; it may be killed at any moment.

Started by the run, again and again, with the same folder: it goes on where it was. Lines on its standard input
tell it what to do; at their end it ends.

    burst ROOM          each of its clients says something
    flood ROOM COUNT    one of its clients says so many long messages at once
    quiet               say no more, and wait until everything has come back
    finish ROOM=SEQ...  wait until all this is seen, take what else was sent, and end
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionEnded, ConnectionLost
from roomchat.errors import Busy, ConnectError, Denied, HelloTimeout, StorageUnavailable
from roomchat.protocol import Delete, Deleted, Error, Gap, Joined, ReadMarker, Spoken, Tombstone
from roomchat.verify import records
from roomchat.verify.allowance import ASK, FLOOD, JOIN, Allowance
from roomchat.verify.records import Recorder, Tail, brief
from roomchat.verify.steward import Steward

PASSWORD = "of no use to anybody"  # of accounts on a server that is gone with the run
# Seconds for an answer. Faults may come so close together that several servers get something done in one second of
# four, for a minute or two; and before an answer comes whatever was said before it, as fast as a person may.
ANSWER = 240.0
RETRY = 0.1  # seconds between two attempts to connect for the first time
MAX_PASTE = 5  # messages at once, at the most
LONG = 8000  # characters of a message of a flood, just what a server takes
WIDE = "\N{MUSICAL SYMBOL G CLEF}"  # a character of four bytes
DELETE = 0.5  # of all times that something is said: deleting something behind it
MAX_OWN = 20  # of its messages, the last ones, that it may delete
READ = 0.5  # of all times that something is said: saying behind it that the room is read
MAX_BACK = 20  # messages: how far before the newest that was seen
REJOIN = 0.05  # of all times that something is said: going into the room again before


class Person(NamedTuple):
    """What the devices of a person share."""

    has_account: threading.Event
    allowance: Allowance


class Bot:
    """One client: a thread that talks, a thread that listens. Any thread may call its methods."""

    def __init__(self, name: str, address: str, options: argparse.Namespace, person: Person) -> None:
        """Nothing happens before ``start``.

        Args:
            name: of the client; its records are in ``folder/NAME.jsonl``, its state in ``folder/state``. PERSON.N
                is a device of an account, of which the first one makes it.
            address: of the server, and in which way it is reached.
            options: of the command line.
            person: whose device this is.
        """
        self.name = name
        self._person, _, device = name.rpartition(".")  # without a person: the name is a guest's
        self._makes_account = bool(self._person) and device == "1"
        self._has_account, self._allowance = person
        self._address = address
        self._rooms: list[str] = options.rooms.split(",")
        self._patience: float = options.patience
        self._pause = (MAX_PASTE + 1) / 2 / options.rate  # seconds between two pastes, on average
        folder: Path = options.folder
        kept = Tail(folder / f"{name}.jsonl").read()
        self._count = sum(isinstance(record, records.Saying) for record in kept)
        self._random = random.Random(f"{options.seed} {name[-2:]} {self._count}")
        self._deletes = random.Random(f"{options.seed} {name[-2:]} {self._count} deletes")
        self._seed = f"{options.seed} {name[-2:]} {self._count}"
        self._order: str = options.order
        self._steward: Steward | None = None
        self._has_own = name.endswith(("1", "4", "7"))  # a private room
        self._own: deque[tuple[str, int]] = deque(maxlen=MAX_OWN)  # (room, seq) of what it said last
        self._recorder = Recorder(folder / f"{name}.jsonl")
        self._state = folder / "state" / device  # no two of a person have one session
        self._marks = random.Random(f"{options.seed} {name[-2:]} {self._count} marks")
        self._reached = threading.Condition()  # guards the next
        self._seqs = dict.fromkeys(self._rooms, 0)  # the highest seen in each room
        for record in kept:
            if isinstance(record, records.Seen):
                self._seqs[record.room] = max(record.seq, self._seqs[record.room])
        self._quiet = threading.Event()
        self._over = threading.Event()
        self._talking = threading.Lock()  # one message at a time, so that its records stand together
        self._threads = [
            threading.Thread(target=self._talk, name=f"{name}-talks"),
            threading.Thread(target=self._listen, name=f"{name}-listens"),
        ]

    def start(self) -> None:
        """Connect, as often as it takes, go into the rooms, and talk."""
        self._chat = self._connect()
        self._recorder.write(records.Started(self._chat.uid, self._chat.device))
        if self._order:
            choose = random.Random(f"{self._seed} order")
            self._steward = Steward(
                self._chat, self._recorder, self._order, choose, self._speak, self._allowance, self._has_own
            )
        self._threads[1].start()
        for room in self._rooms:
            if (joined := self._join(room)) is not None:
                self._recorder.write(records.Joined(room, joined.last_seq))
        self._threads[0].start()

    def say(self, room: str, count: int = 1, length: int = 0) -> None:
        """Say so many messages of that length."""
        for _ in range(count):
            if not self._quiet.is_set():
                self._say(room, length, WIDE)

    def quiet(self) -> None:
        """Say no more; wait until all has come back."""
        self._quiet.set()
        self._threads[0].join()
        self._recorder.write(records.Quiet(self._chat.flush(self._patience)))

    def finish(self, last: dict[str, int]) -> None:
        """Wait until all this is seen, and what else is on its way."""
        with self._reached:
            self._reached.wait_for(
                lambda: all(self._seqs[room] >= seq for room, seq in last.items()), self._patience
            )
        self._recorder.write(records.Stayed(self._chat.rooms))
        for room in self._rooms:  # its answer comes behind all that was sent before
            self._join(room)
        self._over.set()
        self._threads[1].join()
        self._recorder.write(records.Finished())
        self._chat.close()
        self._recorder.close()

    # ------------------------------------------------------------ its threads

    def _talk(self) -> None:
        """Say a few things at once, at random, until told to be quiet."""
        choose = self._random
        while not self._quiet.wait(choose.expovariate(1 / self._pause)):
            if not self._allowance.is_there:
                continue
            room = choose.choice(self._rooms)
            if choose.random() < REJOIN:
                self._join(room)
            for _ in range(choose.randint(1, MAX_PASTE)):
                self._say(room, choose.randint(0, 200), ".")
            if self._marks.random() < READ:
                self._allowance.spend(ASK)
                self._chat.read(room, max(1, self._seqs[room] - self._marks.randrange(MAX_BACK)))
            if self._deletes.random() < DELETE and self._own:
                self._delete(*self._own.pop())
            if self._steward is not None:
                self._steward.act()

    def _join(self, room: str) -> Joined | None:
        """Go into a room, again or for the first time. None: there was no answer, which is a violation."""
        self._allowance.spend(JOIN)
        try:
            return self._chat.join(room)
        except ConnectError as error:
            self._recorder.write(records.Unanswered(f"join {room}", str(error)))
            return None

    def _say(self, room: str, length: int, filling: str) -> None:
        self._allowance.spend(FLOOD if length == LONG else ASK)
        with self._talking:
            self._count += 1
            text = f"{self.name} says {self._count} ".ljust(length, filling)
            self._recorder.write(records.Saying(room, brief(text)))
            n = self._chat.say(text, room)
            self._recorder.write(records.Said(n, brief(text)))

    def _delete(self, room: str, seq: int) -> None:
        """Delete what it has said."""
        self._allowance.spend(ASK)
        self._recorder.write(records.Deleting(room, seq))
        with suppress(ConnectError):  # there is no connection now: it is not deleted
            self._chat.send(Delete(room=room, seq=seq))

    def _listen(self) -> None:
        """Write down each event before the next one is asked for."""
        while True:
            over = self._over.is_set()
            for event in self._chat.events(timeout=0.2):
                self._note(event)
            if over:  # asked for once more after that was set: nothing waits
                return

    def _speak(self, room: str) -> None:
        """Something short, for the steward."""
        self._say(room, 0, ".")

    def _note(self, event: ClientEvent) -> None:
        if self._steward is not None and self._steward.note(event):
            return
        match event:
            case Spoken() | Tombstone() | Deleted():
                self._recorder.write(_seen(event))
                if isinstance(event, Spoken) and (event.uid, event.device) == (self._chat.uid, self._chat.device):
                    self._own.append((event.room, event.seq))
                with self._reached:
                    self._seqs[event.room] = max(event.seq, self._seqs.get(event.room, 0))
                    self._reached.notify_all()
            case Joined() | ReadMarker():
                self._recorder.write(records.Marked(event.room, event.read or 0))
            case Gap():
                self._recorder.write(records.Gap(event.room, event.after, event.before))
            case Error() if event.code != StorageUnavailable.code:  # after that one the library tries again
                self._recorder.write(records.Refused(event.n, event.code))
            case ConnectionLost():
                self._recorder.write(records.Lost(event.reason))
            case ConnectionEnded():
                self._recorder.write(records.Ended(event.reason))

    def _connect(self) -> Client:
        if self._person and not self._makes_account:
            self._has_account.wait()
        while True:
            chat = Client(
                self._address, self._person or self.name, state=self._state, trust=True, request_timeout=ANSWER,
                password=PASSWORD if self._person else None, register=self._makes_account,
            )  # fmt: skip
            try:
                chat.open()
            except (ConnectError, Denied) as error:
                if isinstance(error, Denied) and error.code not in {Busy.code, HelloTimeout.code}:
                    raise
                time.sleep(RETRY)
            else:
                self._has_account.set()
                return chat


def _seen(event: Spoken | Tombstone | Deleted) -> records.Seen:
    text = brief(event.text) if isinstance(event, Spoken) else ""
    of = event.of if isinstance(event, Deleted) else 0
    return records.Seen(event.room, event.seq, event.uid, text, gone=isinstance(event, Tombstone), of=of)


def main() -> None:
    """Run the clients that the command line names."""
    parser = argparse.ArgumentParser(description="Clients for `roomchat verify`, which starts this.")
    parser.add_argument("--addresses", required=True, help="separated by commas; its clients take them in turns")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--names", required=True, help="separated by commas")
    parser.add_argument("--rooms", required=True, help="separated by commas")
    parser.add_argument("--rate", type=float, required=True, help="messages a second and client")
    parser.add_argument("--patience", type=float, required=True, help="seconds that the end may take")
    parser.add_argument("--order", default="", help="the room in which order is kept")
    parser.add_argument("--seed", type=int, required=True, help="of what is said, and when")
    options = parser.parse_args()
    threading.excepthook = _end
    people: dict[str, Person] = defaultdict(
        lambda: Person(threading.Event(), Allowance())
    )  # by name; a guest is one, too
    ways = itertools.cycle(options.addresses.split(","))
    bots = [
        Bot(name, next(ways), options, people[name.rpartition(".")[0] or name])
        for name in options.names.split(",")
    ]
    starting = [_in_background(bot.start) for bot in bots]
    for line in sys.stdin:
        for thread in starting:
            thread.join()
        obey(bots, line.split())
        if line.startswith("finish"):
            return
    os._exit(1)  # the run is gone, in the middle of it


def obey(bots: list[Bot], words: list[str]) -> None:
    """Do what a line of standard input says."""
    match words:
        case ["burst", room]:
            for bot in bots:
                bot.say(room)
        case ["flood", room, count]:
            bots[0].say(room, int(count), LONG)
        case ["quiet"]:
            for thread in [_in_background(bot.quiet) for bot in bots]:
                thread.join()
        case ["finish", *places]:
            last = {room: int(seq) for room, seq in (place.split("=") for place in places)}
            for thread in [_in_background(bot.finish, last) for bot in bots]:
                thread.join()


def _in_background(call: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=call, args=arguments)
    thread.start()
    return thread


def _end(fault: threading.ExceptHookArgs) -> None:
    """A thread failed: the process ends with it, so that the run notices."""
    threading.__excepthook__(fault)
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
