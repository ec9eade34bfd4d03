"""The native wire: JSON Lines, described in docs/protocol.md. The server's half and the client's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Generic, TypeVar, cast, get_args

import msgspec

from roomchat.errors import BadCommand, BadJson, LineTooLong
from roomchat.protocol import (
    AnyCommand,
    AnyEvent,
    Command,
    Count,
    Event,
    HistoryPage,
    Id,
    Malformed,
    Message,
    Terms,
)
from roomchat.wires.lines import LineSplitter

T = TypeVar("T")


class _OnlyType(msgspec.Struct):
    """As much of an event as telling its type needs."""

    type: str


class _OnlyId(msgspec.Struct):
    """As much of a bad command as its refusal needs."""

    id: Id = None


# Stateless, so shared by all connections.
_encoder = msgspec.json.Encoder()
_command_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(AnyCommand)
_event_decoder: msgspec.json.Decoder[Event | Message] = msgspec.json.Decoder(AnyEvent)
_message_decoder = msgspec.json.Decoder(Message)
_type_decoder = msgspec.json.Decoder(_OnlyType)
_EVENTS = frozenset(event.__struct_config__.tag for event in get_args(AnyEvent))
_id_decoder = msgspec.json.Decoder(_OnlyId)


class _Entries(msgspec.Struct, tag_field="type", tag="history"):
    """A page of history whose entries are not looked at yet."""

    room: str
    messages: list[msgspec.Raw]
    more: bool
    re: Id = None


class PassedOver(HistoryPage, gc=True, tag="history"):
    """A page from which entries of unknown types were taken. ``first`` is the seq of its first entry, of whatever
    type, from which to page on; 0 if it has none."""

    first: Count


class _OnlySeq(msgspec.Struct):
    """As much of an entry as paging needs."""

    seq: Count = 0


_entries_decoder = msgspec.json.Decoder(_Entries)
_seq_decoder = msgspec.json.Decoder(_OnlySeq)

# ValueError: bytes that are no UTF-8, inside a string. RecursionError: nested too deeply.
_DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)


def encode(value: Command | Event | Message) -> bytes:
    """A command or an event as a line."""
    return _encoder.encode(value) + b"\n"


def encode_messages(messages: Sequence[Message]) -> bytes:
    """Messages as lines: what is sent, and what the log keeps.

    Source: docs/performance.md; for a hundred at once less than half the time of one after the other.
    """
    return _encoder.encode_lines(messages)


def decode_message(line: bytes) -> Message:
    """A message of the log. Raises ValueError if it is none."""
    try:
        return _message_decoder.decode(line)
    except _DECODE_ERRORS as error:
        raise ValueError(str(error)) from error


def decode_messages(lines: bytes) -> list[Message]:
    """Messages of the log. Raises ValueError if they are none."""
    try:
        return _message_decoder.decode_lines(lines)
    except _DECODE_ERRORS as error:
        raise ValueError(str(error)) from error


def without(lines: bytes, uid: int) -> bytes:
    """Messages of the log, besides those of one client. Raises ValueError if they are none."""
    return encode_messages([message for message in decode_messages(lines) if message.uid != uid])


_EMPTY = re.compile(rb"\n\n+")


class _LineDecoder(Generic[T]):
    """Lines into values of one type, or into ``Malformed`` where a line is none."""

    def __init__(
        self, decoder: msgspec.json.Decoder[T], max_line: int, *, known: frozenset[str] | None = None
    ) -> None:
        """``known``: the types that there are; a line of another type is passed over, not refused."""
        self._decoder = decoder
        self._known = known
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
        """None for a line that is passed over: a blank one, or of a type that need not be known."""
        if len(line) > self._lines.max_line:
            return self._too_long()
        if not line.strip(b" \t\r"):
            return None
        try:
            return self._decoder.decode(line)
        except msgspec.ValidationError as error:
            if self._is_unknown(line):
                return None
            if self._known is not None and (page := _known_entries(line)) is not None:
                return cast("T", page)
            return Malformed(BadCommand(why=str(error)[:200]), _id_of(line))
        except _DECODE_ERRORS:
            return Malformed(BadJson())

    def _is_unknown(self, line: bytes) -> bool:
        kind = _type_of(line)
        return self._known is not None and kind is not None and kind not in self._known

    def _too_long(self) -> Malformed:
        return Malformed(LineTooLong(limit=self._lines.max_line))


def _known_entries(line: bytes) -> HistoryPage | None:
    """A page of history without its entries of unknown types; None if it is none, or one of them is bad."""
    try:
        page = _entries_decoder.decode(line)
        entries = [entry for entry in page.messages if _type_of(bytes(entry)) in {None, "message"}]
        messages = [_message_decoder.decode(entry) for entry in entries]
        first = _seq_decoder.decode(page.messages[0]).seq if page.messages else 0
    except _DECODE_ERRORS:
        return None
    return PassedOver(room=page.room, messages=messages, more=page.more, first=first, re=page.re)


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
    own = 0

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

    def reply(self, event: Event | Message) -> bytes:
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
        self._events: _LineDecoder[Event | Message] = _LineDecoder(_event_decoder, self.MAX_LINE, known=_EVENTS)

    def receive_data(self, data: bytes) -> list[Event | Message | Malformed]:
        """Feed bytes as they came from the server; return the events they complete. Those of a type that is not
        known are passed over: a later server may send more.
        """
        return self._events.feed(data)

    def encode(self, command: Command) -> bytes:
        return encode(command)
