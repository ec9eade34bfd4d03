"""Every refusal of roomchat: a code that a program can match, and a sentence that a person can act on.

``Refused`` and below travel over the wire as an ``error`` event; ``StartError`` ends ``roomchat serve`` and
``ConnectError`` ends ``roomchat join`` with its sentence and exit code 1.
"""

from __future__ import annotations

from roomchat.errors.accounts import *  # noqa: F403
from roomchat.errors.base import *  # noqa: F403
from roomchat.errors.base import Refused, RoomchatError
from roomchat.errors.cluster import *  # noqa: F403
from roomchat.errors.connecting import *  # noqa: F403
from roomchat.errors.rooms import *  # noqa: F403

# The line is not a command.


class BadJson(Refused):
    code = "bad_json"
    sentence = "This line is not JSON in UTF-8."


class BadCommand(Refused):
    code = "bad_command"
    sentence = "This is not a command the server knows: {why}."


class LineTooLong(Refused):
    code = "too_long"
    sentence = "A line may have at most {limit} bytes; this one was skipped to its end."


# The command is well formed, but may not be carried out.


class TextTooLong(Refused):
    code = "too_long"
    sentence = "A message may have at most {limit} characters; this one has {length}."


class EmptyText(Refused):
    code = "empty_text"
    sentence = "An empty message says nothing."


class BadName(Refused):
    code = "bad_name"
    sentence = "{name!r} can't be a {what}: {why}."


class NameTaken(Refused):
    code = "name_taken"
    sentence = "Someone here is called {name} already; choose another name."


class NotRegistered(Refused):
    code = "not_registered"
    sentence = "Say hello first."


class AlreadyRegistered(Refused):
    code = "already_registered"
    sentence = "You have already said hello; your UID is {uid}."


class UnsupportedProtocol(Refused):
    code = "unsupported_protocol"
    sentence = "This server speaks version {supported} of the protocol, not {asked}."


class UnknownToken(Refused):
    code = "unknown_token"
    sentence = "This server has no session with that token; say hello without one."


class NoSuchClient(Refused):
    code = "no_such_client"
    sentence = "Nobody has the UID {uid}."


class Offline(Refused):
    code = "offline"
    sentence = "{who} is offline."


class SelfTarget(Refused):
    code = "self_target"
    sentence = "{uid} is your own UID."


class NoSuchRoom(Refused):
    code = "no_such_room"
    sentence = "There is no room {room}."


class NotInRoom(Refused):
    code = "not_in_room"
    sentence = "You are not in {room}."


class PairRoom(Refused):
    code = "private_room"  # of 0.1.0, where rooms of two were called so
    sentence = "{room} can't be joined or left: a room with @ is for two people who whisper."


class YouBlocked(Refused):
    code = "blocked"
    sentence = "You have blocked {who}; unblock them first."


class TooManyBlocked(Refused):
    code = "too_many_blocked"
    sentence = "You can block {limit} people; unblock one first."


class NoSuchMessage(Refused):
    code = "no_such_message"
    sentence = "There is no message {seq} in {room}."


class NotYours(Refused):
    code = "not_yours"
    sentence = "Only whoever said it, or a moderator, can delete it."


class TooManyRooms(Refused):
    code = "too_many_rooms"
    sentence = "You can be in {limit} rooms at a time; leave one first."


class TooManyPrivate(TooManyRooms):
    sentence = "You can own {limit} private rooms; make somebody else the owner of one first."


class OutOfOrder(Refused):
    code = "out_of_order"
    sentence = "The next message must have n {expected}, but this one has {n}; send again from n {expected} on."


class LogUnreadable(Refused):
    code = "log_unreadable"
    sentence = "The server can't read its log now; connect again later."
    closes = True


class StorageUnavailable(Refused):
    code = "storage_unavailable"
    sentence = "The server can't write to its disk now, so nothing was stored; try again."


# The connection itself is refused: it is closed after the error.


class ServerFull(Refused):
    code = "server_full"
    sentence = "The server is full (limit: {limit}); try again later."
    closes = True


class ShutOut(Refused):
    code = "shut_out"
    sentence = "You are banned from this server{until}{reason}."
    closes = True


class TooManyConnections(Refused):
    code = "too_many_connections"
    sentence = "There are {limit} connections from your address already; close one first."
    closes = True


class WireOff(Refused):
    code = "wire_off"
    sentence = "This server does not speak the protocol {wire}, only: {spoken}."
    closes = True


class TlsRequired(Refused):
    code = "tls_required"
    sentence = (
        "This server does not talk to you in clear text. Come encrypted: roomchat join tls://HOST:PORT (one "
        "that can't is too old), or openssl s_client -quiet -connect HOST:PORT"
    )
    closes = True


class HelloTimeout(Refused):
    code = "hello_timeout"
    sentence = "You did not say who you are within {seconds:g} seconds."
    closes = True


class Replaced(Refused):
    code = "replaced"
    sentence = "Your session continues on another connection."
    closes = True


class StartError(RoomchatError):
    """The server can't start; the sentence says what to do."""


class StateError(RoomchatError):
    """The client's state can't be saved."""


class Denied(RoomchatError):
    """The server refused a request of this client; ``code`` is one of those above."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SettingsError(RoomchatError):
    """The person's settings file can't be used; the sentence says why."""


class ExportError(RoomchatError):
    """There is nothing to export; the sentence says what to do."""


class LogError(RoomchatError):
    """The log on disk could not be written or read; the sentence has the system's reason."""
