"""What a person looks up, told as lines: who is there, what was said before. For plain mode: nothing scrolls."""

from __future__ import annotations

from collections.abc import Sequence

from roomchat.client.client import Client
from roomchat.entries import said
from roomchat.errors import ConnectError
from roomchat.protocol import PAGE, AnyEntry, Entry, Spoken, Unknown, Who, WhoPage, is_pair
from roomchat.terminal.shown.lines import cell
from roomchat.terminal.shown.render import said_before
from roomchat.terminal.shown.words import counted, room_name, will_see_later
from roomchat.terminal.typed.backwards import Backwards
from roomchat.terminal.typed.local import Clear, Copy, LookUp, Mentions, Names, ScrollBack, Search, Whois
from roomchat.terminal.typed.matching import has_words
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import Display

MAX_HITS = 20  # of one /search: a screen; the next one goes on
MAX_LOOKED_AT = 5_000  # messages for one /search: 50 pages, a second or two; the next one goes on
MAX_HISTORY = 5_000  # messages for one /history
MAX_MENTIONS = 50  # that are told again
DATED = "%Y-%m-%d %H:%M"  # of what may have been said on any day


class Lookups:
    """Belongs to the thread that sends.

    Args:
        display: where it is told.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._words = ""  # looked for
        self._found = 0  # with these words, so far
        self._logs: list[Backwards] = []  # where the last search has not come to the beginning
        self._read: Backwards | None = None  # how far /history has gone back

    def run(self, client: Client, what: LookUp, room: str | None) -> None:
        """Look it up.

        Args:
            client: who asks.
            what: is asked.
            room: where it was typed.
        Raises:
            TypingError, ConnectError: it can't be done, or not now.
            Denied: the server refused, which is shown as an event.
        """
        match what:
            case Names():
                client.send(Who(room=what.room or self._here(room)))
            case Whois():
                self._tell(self._whois(client, what.uid))
            case ScrollBack():
                self._scroll_back(client, self._here(room), what.count)
            case Search():
                self._search(client, what, room)
            case Mentions():
                self._tell_mentions()
            case Copy():
                self._copy(client, self._here(room), what.number)
            case Clear():
                raise TypingError("Lines that were printed stay; your terminal may clear its screen with Ctrl-L.")

    def typed(self, what: object) -> None:
        """Something is done: only right behind another /history the next one goes on where that ended."""
        if not isinstance(what, ScrollBack):
            self._read = None

    def _here(self, room: str | None) -> str:
        if room is None:
            raise TypingError("You are not in a room. Type /join ROOM to join one.")
        return room

    def _tell(self, text: str) -> None:
        self._display.show(text)

    def _quote(self, entries: Sequence[Entry | Unknown]) -> None:
        display = self._display
        with display.lock:
            display.show_lines(list(said_before(entries, display.roster, display.focus, DATED)))

    # ------------------------------------------------------------ people

    def _whois(self, client: Client, uid: int) -> str:
        """What the server says of someone, or else what we remember."""
        display, roster = self._display, self._display.roster
        if uid == roster.uid:
            return f"You are {cell(roster.names.get(uid, ''))} ({uid})."
        self._check_connected()
        page = client.request(Who(after=uid - 1))
        found = page.clients[:1] if isinstance(page, WhoPage) else []
        person = found[0] if found and found[0].uid == uid else None
        name = cell(person.name if person is not None else roster.names.get(uid, ""))
        if not name:
            return f"No one here has the UID {uid}, and it is not known who had. /who lists everyone."
        who = f"{name} ({uid})"
        if person is None:
            return f"{who} is not here. {will_see_later(name)}"
        rooms = [cell(room) for room in display.rooms() if uid in roster.here(room) and not is_pair(room)]
        away = ", but the connection was lost" if person.away else ""
        shared = f" You are both in: {', '.join(rooms)}." if rooms else ""
        blocked = f" You have blocked {name}." if uid in display.focus.blocked else ""
        return f"{who} is here{away}.{shared}{blocked}"

    # ------------------------------------------------------------ what was said

    def _scroll_back(self, client: Client, room: str, count: int | None) -> None:
        if count == 0:
            raise TypingError("Usage: /history [N], where N is at least 1.")
        again = self._read is not None and self._read.room == room
        log = self._read if self._read is not None and again else Backwards(room)
        wanted = min(PAGE if count is None else count, MAX_HISTORY)
        found: list[AnyEntry | Unknown] = []
        while len(found) < wanted and not log.at_start:
            self._check_connected()
            found[:0] = log.page(client, wanted - len(found))
        self._read = log
        name = room_name(room, self._display.roster)
        if not found:
            self._tell(f"--- nothing {'else ' if again else ''}has been said in {name} ---")
            return
        before = ", before those" if again else ""
        self._tell(f"--- last {_messages(sum(isinstance(one, Spoken) for one in found))} in {name}{before} ---")
        self._quote(found)
        further = "" if log.at_start else "; /history again goes further back"
        self._tell(f"--- end of history{further} ---")

    def _search(self, client: Client, what: Search, room: str | None) -> None:
        """Tell what has the words in it, the newest first; behind a bound, /search alone goes on."""
        if what.words:
            rooms = client.rooms if what.everywhere else [self._here(room)]
            self._words, self._logs, self._found = what.words, [Backwards(one) for one in rooms], 0
        elif not self._words:
            raise TypingError("Usage: /search WORDS, or /search -all WORDS to look in all your rooms.")
        hits = looked_at = 0
        while self._logs and hits < MAX_HITS and looked_at < MAX_LOOKED_AT:
            self._check_connected()
            log = self._logs[0]
            page = log.page(client)
            found = [entry for entry in reversed(page) if self._is_hit(entry)]
            if len(found) > MAX_HITS - hits:
                del found[MAX_HITS - hits :]
                log.read_again(found[-1].seq)
            self._quote(found)
            hits, looked_at = hits + len(found), looked_at + len(page)
            if log.at_start:
                self._logs.remove(log)
        self._found += hits
        self._tell(f"--- {self._progress()} ---")

    def _is_hit(self, entry: AnyEntry | Unknown) -> bool:
        blocked = self._display.focus.blocked
        return isinstance(entry, Spoken) and entry.uid not in blocked and has_words(self._words, entry.text)

    def _progress(self) -> str:
        found = f"{_messages(self._found) if self._found else 'no message'} with: {cell(self._words)}"
        if not self._logs:
            return f"end of search: {found}"
        return f"{found}, so far; /search looks further back"

    # ------------------------------------------------------------ single messages

    def _tell_mentions(self) -> None:
        with self._display.lock:
            newest = [*self._display.wanting][-MAX_MENTIONS:]
            entries = [entry for entry in newest if entry.uid not in self._display.focus.blocked]
        if not entries:
            self._tell("Nobody has mentioned you, or whispered to you, since you came.")
            return
        self._tell(f"--- {_messages(len(entries))} that mention you, and whispers ---")
        self._quote(entries)

    def _copy(self, client: Client, room: str, number: int) -> None:
        """There is no clipboard here; the message alone, without time and name, is easy to take with any means."""
        if not 1 <= number <= PAGE:
            raise TypingError(f"Usage: /copy [N], where N is from 1 to {PAGE}.")
        self._check_connected()
        spoken = [entry for entry in Backwards(room).page(client) if isinstance(entry, Spoken)]
        if number > len(spoken):
            raise TypingError(
                f"There are only {_messages(len(spoken))} here." if spoken else "Nothing has been said here."
            )
        self._display.show(said(spoken[-number])[1], "")

    def _check_connected(self) -> None:
        """A person who looks something up does not wait for a server that is away."""
        if not self._display.connected:
            raise ConnectError("There is no connection now; try again when it is back.")


def _messages(number: int) -> str:
    return counted(number, "message")
