"""What a person wants deleted: which of their messages that is, asked back where it may be another one."""

from __future__ import annotations

from roomchat.client.client import Client
from roomchat.entries import said
from roomchat.errors import ConnectError
from roomchat.protocol import Spoken
from roomchat.terminal.shown.lines import cell
from roomchat.terminal.shown.render import said_before
from roomchat.terminal.typed.backwards import Backwards
from roomchat.terminal.typed.local import DeleteMessage
from roomchat.terminal.typed.matching import has_words
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import Display
from roomchat.terminal.windows.lookups import DATED, MAX_LOOKED_AT
from roomchat.terminal.windows.windows import Windows


class Deleting:
    """Belongs to the thread that sends.

    Args:
        display: where it is asked back.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._asked: Spoken | None = None  # shown, and deleted if /delete comes right behind it

    def typed(self, what: object) -> None:
        """Something is done: only right behind the question the next /delete is its answer."""
        if not isinstance(what, DeleteMessage):
            self._asked = None

    def run(self, client: Client, words: str, room: str | None) -> None:
        """Delete the last message of this person in a room; the last one with these words, or what a search has
        found, is shown first.

        Raises:
            TypingError: there is none. ConnectError: not now.
            Denied: the server refused, which is shown as an event.
        """
        display = self._display
        if room is None:
            raise TypingError("You are not in a room. Type /join ROOM to join one.")
        if not display.connected:
            raise ConnectError("There is no connection now; try again when it is back.")
        if "delete" not in client.features:
            raise TypingError("This server is older, and can't delete messages.")
        asked, self._asked = self._asked, None
        if asked is not None and not words and asked.room == room:
            self._delete(client, asked)
            return
        hit = 0 if words else self._hit(room)
        found = self._entry(client, room, hit) if hit else self._own(client, room, words)
        if not words and not hit:
            self._delete(client, found)
            return
        self._asked = found
        with display.lock:
            display.show_lines(list(said_before([found], display.roster, display.focus, DATED)))
            display.show("Type /delete now to delete this message for everyone; anything else keeps it.")

    def _delete(self, client: Client, entry: Spoken) -> None:
        """For everyone; and from what was typed here."""
        client.delete(entry.seq, entry.room)
        if entry.uid == client.uid:
            self._display.unsay(said(entry)[1])

    def _hit(self, room: str) -> int:
        """The seq of the message that a search has led to; 0: none."""
        window = self._display.of(room) if isinstance(self._display, Windows) else None
        return window.hit if window is not None else 0

    def _own(self, client: Client, room: str, words: str) -> Spoken:
        """The last one of this person, among as many as one search looks at."""
        log, looked_at = Backwards(room), 0
        while not log.at_start and looked_at < MAX_LOOKED_AT:
            page = log.page(client)
            looked_at += len(page)
            for entry in reversed(page):
                is_own = isinstance(entry, Spoken) and entry.uid == client.uid
                if is_own and isinstance(entry, Spoken) and (not words or has_words(words, said(entry)[1])):
                    return entry
        raise TypingError(f"Nothing of yours is left here{f' with: {cell(words)}' if words else ' to delete'}.")

    def _entry(self, client: Client, room: str, seq: int) -> Spoken:
        """The one that a search has found."""
        for entry in Backwards(room, seq + 1).page(client, 1):
            if isinstance(entry, Spoken) and entry.seq == seq:
                return entry
        raise TypingError("That message is deleted already.")
