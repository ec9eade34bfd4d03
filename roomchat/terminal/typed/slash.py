"""What a command is that is typed with a slash, and how a person is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from roomchat.errors import RoomchatError
from roomchat.harmless import harmless
from roomchat.protocol import Command
from roomchat.terminal.shown.roster import MAX_DIGITS, Roster
from roomchat.terminal.typed.local import Local


class TypingError(RoomchatError):
    """What was typed can't be sent; the sentence says what to type."""


class NobodyCalled(TypingError):
    """A name is typed that we have not heard of; the server may know more."""


class NotSaid(TypingError):
    """What was to be said is refused before it leaves this machine."""

    def __init__(self, refusal: Exception, text: str) -> None:
        super().__init__(f"Refused: {refusal}")
        self.text = text


Make = Callable[[Roster, list[str]], Command | Local]


@dataclass(frozen=True)
class SlashCommand:
    """One command: how it is typed, what it does, and how it becomes one of the protocol's or of the client's own.

    ``group`` is where help lists it. ``make`` gets the roster and the arguments: at most as many as ``form``
    names, the last one with its spaces.
    """

    group: str
    form: str
    help: str
    make: Make
    example: str = ""
    aliases: tuple[str, ...] = ()
    spare: bool = False  # words behind the arguments are passed over: on IRC they are a goodbye

    @property
    def name(self) -> str:
        """``/dial``."""
        return self.form.split()[0]

    @property
    def arguments(self) -> list[str]:
        """``["UID"]``; those in brackets may be left out."""
        return self.form.split()[1:]


def uid_of(roster: Roster, who: str) -> int:
    """Whom a typed UID or name means; every command that takes one reads it here. Raises TypingError."""
    found = roster.meant(who)
    if len(found) > 1:
        choices = " or ".join(f"{harmless(roster.names.get(uid, 'the UID'))} ({uid})" for uid in found)
        raise NobodyCalled(f"Nothing was sent: {who} could be {choices}. Type the UID.")
    if not found:
        raise NobodyCalled(
            f"No one here is called {who}; /who lists everyone. To reach someone who is offline, type their UID."
        )
    if found == [0]:
        raise TypingError("0 is not a valid UID. /who lists everyone.")
    return found[0]


def number(text: str) -> int:
    """A typed number. Raises TypingError."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise TypingError(f"{text} is not a number.")
    return int(text)
