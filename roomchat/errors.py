"""Every refusal of roomchat: a code that a program can match, and a sentence that a person can act on.

``Refused`` and below travel over the wire as an ``error`` event; ``StartError`` ends ``roomchat serve`` and
``ConnectError`` ends ``roomchat join`` with its sentence and exit code 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar


class RoomchatError(Exception):
    """The base of all that follows; ``str()`` of it is a whole sentence."""


class Refused(RoomchatError):
    """A command that is not carried out. The keyword arguments fill in the sentence."""

    code: ClassVar[str]
    sentence: ClassVar[str]
    closes: ClassVar[bool] = False  # whether the server closes the connection after it

    def __init__(self, **details: object) -> None:
        super().__init__(self.sentence.format(**details))


def refusals(base: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """All refusals, for the documentation and its test."""
    for kind in base.__subclasses__():
        yield kind
        yield from refusals(kind)


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


class NoSuchMessage(Refused):
    code = "no_such_message"
    sentence = "There is no message {seq} in {room}."


class NotYours(Refused):
    code = "not_yours"
    sentence = "Only whoever said it can delete it."


class TooManyRooms(Refused):
    code = "too_many_rooms"
    sentence = "You can be in {limit} rooms at a time; leave one first."


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


class ConnectError(RoomchatError):
    """The client can't reach a server, or lost it; the sentence says what to do."""


class NoTls(ConnectError):
    """The program that answers does not speak TLS."""

    def __init__(self, *, address: object, why: object, met: bool = False) -> None:
        """``met``: whether it did before; then nobody is shown a way without."""
        plain = str(address).removeprefix("tls://")
        super().__init__(
            f"The program at {address} does not speak TLS ({why}), as the server there did before. Somebody may "
            "sit in between, so nothing was sent."
            if met
            else f"The program at {address} does not speak TLS ({why}). If you trust the network on the way, "
            f"tcp://{plain} connects in clear text."
        )


class Distrusted(ConnectError):
    """The server is not who it should be, as far as can be told. Nothing was sent to it."""

    sentence: ClassVar[str]

    def __init__(self, **details: object) -> None:
        super().__init__(self.sentence.format(**details))


class UnknownServer(Distrusted):
    """It is met for the first time, and no authority vouches for it."""

    code = "unknown_server"
    sentence = (
        "{address} is not known yet. Its key has the fingerprint {fingerprint}. If that is the one that "
        "`roomchat serve` prints there, run: roomchat trust {address}"
    )

    def __init__(self, *, address: object, fingerprint: str) -> None:
        super().__init__(address=address, fingerprint=fingerprint)
        self.address = address
        self.fingerprint = fingerprint


class ChangedKey(Distrusted):
    """It has another key than before."""

    sentence = (
        "The key of {address} is not the one that it had: it was {old}, and is {new}. Somebody may sit in "
        "between, so nothing was sent. If you know why the server has a new key, run: roomchat trust {address}"
    )

    def __init__(self, *, address: object, old: str, new: str) -> None:
        super().__init__(address=address, old=old, new=new)
        self.fingerprint = new


class Unverified(Distrusted):
    """An authority vouched for it, and does not any more."""

    sentence = (
        "The certificate of {address} can't be verified any more ({why}), so nothing was sent. If you know why "
        "it has another certificate, run: roomchat trust {address}"
    )


class InClear(Distrusted):
    """It was met encrypted, and is now to be talked to in clear text."""

    sentence = (
        "{address} was met encrypted before, so it is not talked to in clear text, in which anybody on the way "
        "could read what proves who you are. If that is right all the same, run first: roomchat trust --forget "
        "{address}"
    )


class ReadTimeout(ConnectError):
    """The server sent nothing within the waiting time."""


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
