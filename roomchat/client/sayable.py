"""What can be said at all: refused here, it need not be kept and sent first."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from roomchat.errors import BadCommand, Denied, LineTooLong, Refused, TextTooLong
from roomchat.protocol import ACTION, Say, Whisper

N_BYTES = 24  # bytes that the number of a message adds to it

_decoder: msgspec.json.Decoder[Say | Whisper] = msgspec.json.Decoder(Say | Whisper)


def check_sayable(command: Say | Whisper, max_text: int, max_line: int) -> None:
    """Raise Denied if the server could not read it, and would refuse it without naming its number.

    Args:
        command: before it is numbered.
        max_text, max_line: what the server takes: characters, bytes.
    """
    if len(command.text) > max_text:
        raise _denied(TextTooLong(limit=max_text, length=len(command.text)))
    try:
        encoded = msgspec.json.encode(command)
        _decoder.decode(encoded)
    except (msgspec.MsgspecError, ValueError) as error:  # ValueError: a lone surrogate
        raise _denied(BadCommand(why=error)) from None
    if len(encoded) + N_BYTES > max_line:
        raise _denied(LineTooLong(limit=max_line))


def for_server(command: Say | Whisper, features: frozenset[str]) -> Say | Whisper:
    """What is said in a way that a server with these features knows: one of before has messages only."""
    if command.kind == "action" and "action" not in features:
        return replace(command, kind="message", text=ACTION + command.text)
    return command


def _denied(refusal: Refused) -> Denied:
    return Denied(refusal.code, str(refusal))
