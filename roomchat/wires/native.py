"""The native wire: JSON Lines, described in docs/protocol.md. The server's half and the client's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, cast, get_args

import msgspec

from roomchat.dialect import Malformed, Terms
from roomchat.errors import BadCommand, BadJson, LineTooLong
from roomchat.protocol import (
    AnyCommand,
    AnyEntry,
    AnyEvent,
    Command,
    Count,
    Entry,
    Event,
    HistoryPage,
    Id,
    Statement,
    Unknown,
)
from roomchat.wires.lines import LineSplitter

T = TypeVar("T")


class _OnlyType(msgspec.Struct):
    """The part of an event that is needed to tell its type."""

    type: str


class _OnlyId(msgspec.Struct):
    """The part of a bad command that is needed for its refusal."""

    id: Id = None


# Stateless, so shared by all connections.
_encoder = msgspec.json.Encoder()
_command_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(AnyCommand)
_event_decoder: msgspec.json.Decoder[Statement] = msgspec.json.Decoder(AnyEvent)
_entry_decoder: msgspec.json.Decoder[AnyEntry | Unknown] = msgspec.json.Decoder(AnyEntry)
_type_decoder = msgspec.json.Decoder(_OnlyType)
_EVENTS = frozenset(event.__struct_config__.tag for event in get_args(AnyEvent))
_ENTRIES = frozenset(entry.__struct_config__.tag for entry in (get_args(AnyEntry)))
_id_decoder = msgspec.json.Decoder(_OnlyId)


class _Page(msgspec.Struct, tag_field="type", tag="history"):
    """A page of history whose entries are not looked at yet."""

    room: str
    entries: list[msgspec.Raw]
    more: bool
    re: Id = None


class _Place(msgspec.Struct):
    """What every entry has."""

    room: str
    seq: Count


_page_decoder = msgspec.json.Decoder(_Page)
_place_decoder = msgspec.json.Decoder(_Place)

# ValueError: bytes that are no UTF-8, inside a string. RecursionError: nested too deeply.
_DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)


def encode(value: Command | Statement) -> bytes:
    """A command or an event as a line."""
    return _encoder.encode(value) + b"\n"


def encode_entries(entries: Sequence[Entry]) -> bytes:
    """Entries as lines: what is sent, and what the log keeps.

    Source: docs/performance.md; for a hundred at once less than half the time of one after the other.
    """
    return _encoder.encode_lines(entries)


def decode_entries(lines: bytes) -> list[AnyEntry | Unknown]:
    """Entries of the log; ``Unknown`` stands for each whose kind this version does not know: a later one may have
    written in it. Raises ValueError if they are none."""
    try:
        return _entry_decoder.decode_lines(lines)
    except msgspec.ValidationError:  # of another kind, or broken: the slow way finds out
        return [_entry_of_log(line) for line in lines.splitlines()]
    except _DECODE_ERRORS as error:
        raise ValueError(str(error)) from error


def _entry_of_log(line: bytes) -> AnyEntry | Unknown:
    try:
        entry = _entry(line)
    except _DECODE_ERRORS as error:
        raise ValueError(str(error)) from error
    if entry is None:
        raise ValueError("an entry has no room or no seq")
    return entry


def without(lines: bytes, uid: int) -> bytes:
    """Entries of the log, besides those of one client, and of kinds that are not known. Raises ValueError if they
    are none."""
    return encode_entries(
        [entry for entry in decode_entries(lines) if isinstance(entry, Entry) and entry.uid != uid]
    )


_EMPTY = re.compile(rb"\n\n+")


class _LineDecoder(Generic[T]):
    """Lines into values of one type, or into ``Malformed`` where a line is none."""

    def __init__(
        self,
        decoder: msgspec.json.Decoder[T],
        max_line: int,
        *,
        otherwise: Callable[[bytes, Malformed], T | Malformed | None] = lambda _, refused: refused,
    ) -> None:
        """``otherwise``: what a line that the decoder refuses is taken for; None: it is passed over."""
        self._decoder = decoder
        self._otherwise = otherwise
        self._lines = LineSplitter(max_line)

    def feed(self, data: bytes) -> list[T | Malformed]:
        lines, too_long = self._lines.feed(data)
        values = self._decode(lines) if lines else []
        if too_long:
            values.append(self._too_long())
        return values

    def _decode(self, lines: bytes) -> list[T | Malformed]:
        """All lines at once when they are plainly one value each, for a third of the time; else one by one.

        ``decode_lines`` would also take a value that spans two lines, or two on one line, and then what a peer
        sent would depend on how its bytes were split. Where every line feed but the last stands between ``}`` and
        ``{`` it can't stand inside a value (JSON has a comma there), so as many values as lines is one a line.
        """
        if (
            lines[:1] == b"{"
            and lines[-2:] == b"}\n"
            and lines.count(b"}\n{") == (count := lines.count(b"\n")) - 1
            and (len(lines) <= self._lines.max_line or max(map(len, lines.split(b"\n"))) <= self._lines.max_line)
        ):
            try:
                values = self._decoder.decode_lines(lines)
            except _DECODE_ERRORS:
                pass  # the slow way finds out which line it was
            else:
                if len(values) == count:
                    return cast("list[T | Malformed]", values)
        lines = _EMPTY.sub(b"\n", lines)  # at once: one by one empty lines take 20 ms for 64 KiB
        decoded = map(self._decode_one, lines[:-1].split(b"\n"))
        return [value for value in decoded if value is not None]

    def _decode_one(self, line: bytes) -> T | Malformed | None:
        """None for a line that is passed over: a blank one, or one that need not be understood."""
        if len(line) > self._lines.max_line:
            return self._too_long()
        if not line.strip(b" \t\r"):
            return None
        try:
            return self._decoder.decode(line)
        except msgspec.ValidationError as error:
            return self._otherwise(line, Malformed.of(BadCommand(why=str(error)[:200]), _id_of(line)))
        except _DECODE_ERRORS:
            return Malformed.of(BadJson())

    def _too_long(self) -> Malformed:
        return Malformed.of(LineTooLong(limit=self._lines.max_line))


def _from_later(line: bytes, refused: Malformed) -> Statement | Malformed | None:
    """What a later server may send: an entry of another kind, alone or in a page; or another kind of event, which
    is passed over."""
    kind = _type_of(line)
    if kind == "history":
        return _page(line) or refused
    return refused if kind is None or kind in _EVENTS else _unknown(line)


def _page(line: bytes) -> HistoryPage | None:
    """A page entry by entry, so that one of another kind costs only itself; None if it is none."""
    try:
        page = _page_decoder.decode(line)
        entries = [_entry(bytes(entry)) for entry in page.entries]
    except _DECODE_ERRORS:
        return None
    known = [entry for entry in entries if entry is not None]
    return HistoryPage(room=page.room, entries=known, more=page.more, re=page.re)


def _entry(data: bytes) -> AnyEntry | Unknown | None:
    """One entry; None for something of another kind without a place. Raises ``_DECODE_ERRORS`` for a bad one of a
    kind that is known."""
    kind = _type_of(data)
    return _entry_decoder.decode(data) if kind is None or kind in _ENTRIES else _unknown(data)


def _unknown(data: bytes) -> Unknown | None:
    """Something of another kind; None if it is no entry."""
    try:
        place = _place_decoder.decode(data)
    except _DECODE_ERRORS:
        return None
    return Unknown(place.room, place.seq)


def _type_of(line: bytes) -> str | None:
    try:
        return _type_decoder.decode(line).type
    except _DECODE_ERRORS:
        return None


def _id_of(line: bytes) -> Id:
    try:
        return _id_decoder.decode(line).id
    except _DECODE_ERRORS:
        return None


class NativeWire:
    """The server's half: commands in, events out.

    Only the connection's I/O thread calls ``receive_data``; the encoders have no state.
    """

    dialect = "native"
    terms = Terms()
    pace = 0.0
    greeting = b""
    farewell = b""
    counted = None
    no_echo = 0

    def __init__(self, max_line: int) -> None:
        self._commands: _LineDecoder[Command] = _LineDecoder(_command_decoder, max_line)

    def receive_data(self, data: bytes) -> list[Command | Malformed]:
        """Feed bytes as they came from the peer; return the commands they complete.

        A line that is no command, or longer than ``max_line`` bytes, stands as a ``Malformed`` in its place; the
        rest still works. Empty lines are skipped.

        Source: docs/protocol.md, "Framing".
        """
        return self._commands.feed(data)

    def end_data(self) -> list[Command | Malformed]:
        return []

    def reply(self, event: Statement) -> bytes:
        return encode(event)

    def encode(self, event: Event) -> bytes:
        return encode(event)

    def encode_log(self, lines: bytes) -> bytes:
        return lines


class NativeClientWire:
    """The client's half: events in, commands out."""

    # Far above what a server sends: a client's memory is bounded too, whatever it is connected to.
    MAX_LINE = 1024 * 1024  # bytes

    def __init__(self) -> None:
        self._events: _LineDecoder[Statement] = _LineDecoder(_event_decoder, self.MAX_LINE, otherwise=_from_later)

    def receive_data(self, data: bytes) -> list[Statement | Malformed]:
        """Feed bytes as they came from the server; return the events they complete.

        A later server may send more: entries of a kind that is not known are ``Unknown``, other events of such a
        kind are passed over.
        """
        return self._events.feed(data)

    def encode(self, command: Command) -> bytes:
        return encode(command)
