"""What the chat and the wires tell each other beside the protocol's words: values that no client ever sees."""

from __future__ import annotations

from msgspec import Struct

from roomchat.errors import Refused
from roomchat.protocol import Event, Id


class Terms(Struct, frozen=True):
    """What a dialect asks of the chat for its connections; the native one has the whole of it."""

    resume: bool = True  # its seat waits when its connection is lost; else the client is gone with it
    echo: bool = True  # what a client says comes back to it as the message; else only word that it was said
    pages: bool = False  # what was said before a join comes as one page, not message by message
    early_bye: bool = True  # a bye is taken before the hello, too; else it is refused as all else is
    one_room: bool = False  # its people are in the lobby and nowhere else: to dial them is to go there
    lobby: bool = False  # a newcomer is brought into the lobby; else its client joins by itself


class Answer(Event):
    """In the place of a command, and then of the reply to it: what a wire answers by itself, in its turn."""

    data: bytes
    closes: bool = False  # the connection ends with it


class Malformed(Struct, eq=False, tag_field="type", tag="malformed"):
    """In the place of a command: bytes that were none. It is refused in its turn, so replies keep their order."""

    code: str
    message: str
    closes: bool = False
    id: Id = None

    @classmethod
    def of(cls, refusal: Refused, id: Id = None) -> Malformed:
        """To be refused so."""
        return cls(refusal.code, str(refusal), refusal.closes, id)
