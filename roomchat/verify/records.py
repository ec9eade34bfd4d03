"""The records that each client writes at once: with the log itself, all the evidence that the checker accepts."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

MAX_TEXT = 24  # characters of a text that are written down as they are


class Record(Struct, tag_field="type", tag=str.lower, gc=False):
    """One thing that happened to a client."""


class Started(Record):
    """A new run of the client, with the seat that it has got, and on which device of its person. What it was doing
    before ended in the middle."""

    uid: int
    device: int = 1


class Joined(Record):
    """It was let into a room whose newest message was ``last_seq``: it must see all that come after it."""

    room: str
    last_seq: int


class Saying(Record):
    """It is about to say something. If nothing follows, it may have been said or not."""

    room: str
    text: str


class Said(Record):
    """Its library has taken the text, under this number: it must get into the log, or be refused."""

    n: int
    text: str


class Seen(Record):
    """It was shown a message; or that the words of one are ``gone``; or that those of the message ``of`` have been
    deleted."""

    room: str
    seq: int
    uid: int
    text: str
    gone: bool = False
    of: int = 0


class Deleting(Record):
    """It is about to delete what it has said. If nothing follows, it may be deleted or not."""

    room: str
    seq: int


class Marked(Record):
    """It was told that its person has read the room up to there, on whatever device."""

    room: str
    read: int


class Stayed(Record):
    """At its end, before it goes into them again: the rooms that it is in."""

    rooms: list[str]


class Asking(Record):
    """It is about to ask to come into the room where order is kept; the first time, or after it was put out."""

    room: str


class Entered(Record):
    """It was let into that room, or into a private one, whose newest entry was ``last_seq``. ``by_other``: because
    another device of the person asked."""

    room: str
    last_seq: int
    by_other: bool = False


class Heard(Record):
    """Something of such a room has come to it: the entry ``seq``, or something beside the log (0)."""

    room: str
    seq: int


class Inviting(Record):
    """It is about to ask a client into a private room."""

    room: str
    uid: int


class Answered(Record):
    """It was told that what it has asked for is done: that ``entry`` of the room tells so."""

    room: str
    entry: int


class Gap(Record):
    """It was told that the messages between these two, without both, are gone."""

    room: str
    after: int
    before: int


class Refused(Record):
    """It was told that what it said will not be in the log. ``n`` is None where it was about something else."""

    n: int | None
    code: str


class Unanswered(Record):
    """It has asked for something that must be answered, and was not, for as long as its library waits."""

    what: str
    reason: str


class Lost(Record):
    """Its connection was lost; its library connects again by itself."""

    reason: str


class Ended(Record):
    """Its library has given up: the server does not take it back."""

    reason: str


class Quiet(Record):
    """It has said its last; ``done``: all that it said has come back or was refused."""

    done: bool


class Finished(Record):
    """It has taken all that was sent to it, and ends."""


AnyRecord = (
    Started | Joined | Saying | Said | Seen | Deleting | Marked | Stayed | Gap | Refused | Lost | Ended | Quiet
    | Finished | Unanswered | Asking | Entered | Heard | Inviting | Answered
)  # fmt: skip

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def brief(text: str) -> str:
    """The form of a text in records: itself, or if it is long its beginning and its hash."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}#{sha256(text.encode()).hexdigest()[:8]}"


def beginning(text: str) -> str:
    """The part of a text that no other text begins with, as it is said or in records: ``bot-1 says 17 ``."""
    name, says, number, *_ = f"{text} ".split(" ")
    return f"{name} {says} {number} "


class Recorder:
    """The end of a client's file of records. Any thread may call ``write``: a record is one system call, so it is
    whole or not there, and survives the end of the process in any way."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, record: AnyRecord) -> None:
        """Write it down, now."""
        os.write(self._file, _encoder.encode(record) + b"\n")

    def close(self) -> None:
        """No more."""
        os.close(self._file)


class Tail:
    """Reads a client's records while they are written. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0  # bytes that were read

    def read(self) -> list[AnyRecord]:
        """Those that are new since the last time; none while there is no file."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return _decoder.decode_lines(whole)
