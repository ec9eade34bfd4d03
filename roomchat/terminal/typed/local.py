"""What a person can ask for that the client does by itself; everything else that is typed is the server's."""

from __future__ import annotations

from dataclasses import dataclass

from roomchat.protocol import Command


@dataclass(frozen=True)
class Connect:
    """To a server, or again to the same one."""

    address: str | None


@dataclass(frozen=True)
class SwitchRoom:
    """To the window of a room or of a number; neither: tell which there are. ``text`` is said there at once."""

    room: str | None = None
    text: str | None = None
    number: int | None = None


@dataclass(frozen=True)
class CloseWindow:
    """A window of whispers is no longer wanted; ``None``: the one that is looked at."""

    room: str | None = None


@dataclass(frozen=True)
class Several:
    """Commands to carry out in order, as if each were typed: into several rooms."""

    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Names:
    """Who is in a room; ``None``: in the one that is looked at."""

    room: str | None = None


@dataclass(frozen=True)
class Whois:
    """What is known of someone."""

    uid: int


@dataclass(frozen=True)
class ScrollBack:
    """What was said before what is shown: so many messages; ``None``: a page."""

    count: int | None = None


@dataclass(frozen=True)
class Search:
    """Messages with these words, in the room that is looked at or in all; no words: the next hit."""

    words: str = ""
    everywhere: bool = False


@dataclass(frozen=True)
class DeleteMessage:
    """A message of this person: the last one here, or the last one with these words."""

    words: str = ""


@dataclass(frozen=True)
class Mentions:
    """The messages that speak of this person, and the whispers."""


@dataclass(frozen=True)
class Copy:
    """A message into the clipboard: 1 is the last one, 2 the one before."""

    number: int = 1


@dataclass(frozen=True)
class Clear:
    """An empty window; what was in it is still there to scroll back to."""


@dataclass(frozen=True)
class Help:
    """The page of help, or of one command: its name without the slash."""

    topic: str = ""


@dataclass(frozen=True)
class BlockPerson:
    """Show nothing more of someone; ``None``: tell who is blocked."""

    uid: int | None = None


@dataclass(frozen=True)
class UnblockPerson:
    """Show them again."""

    uid: int


@dataclass(frozen=True)
class SetAway:
    """Tell the room, and who whispers; without a text while away: be back."""

    text: str | None


@dataclass(frozen=True)
class LogIn:
    """Into an account, in the place of whoever one is; ``None``: into that of this name."""

    name: str | None = None


@dataclass(frozen=True)
class RegisterHere:
    """An account, with an invite where the server wants one."""

    invite: str | None = None


@dataclass(frozen=True)
class NewPassword:
    """Another password."""


@dataclass(frozen=True)
class LogOut:
    """The end of a device's session: of that number, of all others, or of this one."""

    device: int | None = None
    others: bool = False


@dataclass(frozen=True)
class ListDevices:
    """Where one is logged in."""


@dataclass(frozen=True)
class EndAccount:
    """No account any more."""


LookUp = Names | Whois | ScrollBack | Search | Mentions | Copy | Clear
OfAccount = RegisterHere | NewPassword | LogOut | ListDevices | EndAccount
Local = (
    Connect
    | LogIn
    | OfAccount
    | SwitchRoom
    | CloseWindow
    | Several
    | DeleteMessage
    | Help
    | BlockPerson
    | UnblockPerson
    | SetAway
    | LookUp
)
