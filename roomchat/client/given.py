"""What a program gives to the library, looked at before it is sent: else bytes would be said as base64."""

from __future__ import annotations

import inspect
from typing import TypeVar

import msgspec

from roomchat.errors import BadCommand, Denied
from roomchat.protocol import Bye, Command, Hello, Say, Whisper

C = TypeVar("C", bound=Command)


def check(kind: type, /, **values: object) -> None:
    """Raise TypeError unless all of the values, by the names of their parameters, are of that type or None."""
    for name, value in values.items():
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is int)):
            raise TypeError(f"{name} must be {_A[kind]}, not {type(value).__name__}.")


def check_special(*, request_timeout: object, on_event: object, trust: object) -> None:
    """As ``check``, for arguments of a client that may be of several types."""
    if isinstance(request_timeout, bool) or not isinstance(request_timeout, int | float):
        raise TypeError(f"request_timeout must be a number, not {type(request_timeout).__name__}.")
    if on_event is not None and (not callable(on_event) or inspect.iscoroutinefunction(on_event)):
        raise TypeError("on_event must be an ordinary function; docs/library.md shows one for asyncio.")
    if not isinstance(trust, bool | str):
        raise TypeError(f"trust must be True, False, or a fingerprint, not {type(trust).__name__}.")


def checked(command: C) -> C:
    """The command, if a server can read it.

    Raises:
        TypeError: it is no command, or a field of it has another type.
        Denied: a value is out of its bounds, or text that is no Unicode.
    """
    if not isinstance(command, Command):
        raise TypeError(f"A command of roomchat.protocol is needed, not {type(command).__name__}.")
    kind = type(command)
    try:
        # Encoded first it would pass: bytes become text there.
        msgspec.convert(
            {name: getattr(command, name) for name in kind.__struct_fields__}
            | {kind.__struct_config__.tag_field: kind.__struct_config__.tag},
            kind,
        )
        msgspec.json.encode(command)
    except msgspec.ValidationError as error:
        if ", got `" in str(error):
            raise TypeError(f"{kind.__name__}: {error}.") from None
        raise _denied(error) from None
    except (ValueError, OverflowError) as error:  # ValueError: a lone surrogate
        raise _denied(error) from None
    return command


def asking(command: Command) -> Command:
    """A command that asks, as ``checked``: not one that must be numbered and kept, or begins or ends a session.

    Raises:
        TypeError, Denied: as ``checked``.
    """
    if (method := _METHODS.get(type(command))) is not None:
        raise TypeError(f"{type(command).__name__} has a method of its own: {method}().")
    return checked(command)


def _denied(error: Exception) -> Denied:
    return Denied(BadCommand.code, str(BadCommand(why=error)))


_A = {str: "a str", int: "an int"}
_METHODS: dict[type[Command], str] = {Say: "say", Whisper: "whisper", Hello: "open", Bye: "close"}
