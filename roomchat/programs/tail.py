"""``roomchat tail``: what is said in a room, a line a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionEnded, ConnectionLost
from roomchat.client.oneshot import OTHER_ANSWER, connect_once
from roomchat.entries import Table, deed, deeds, said, spoken
from roomchat.errors import ConnectError
from roomchat.harmless import harmless, harmless_json
from roomchat.protocol import PAGE, AnyEntry, Deed, Entry, Gap, History, HistoryPage, Joined, Spoken
from roomchat.wires.native import encode


@dataclass(frozen=True)
class Start:
    """The beginning: the last ``history`` messages, after a seq, or at a time (ms since 1970)."""

    history: int = 10
    after: int | None = None
    since: int | None = None


class Tail:
    """Follows one room, over lost connections as well. One thread calls ``run``; any other may call ``end``.

    Args:
        address: of the server.
        name: the name to use; ``others``: whether to add a number if it is taken.
        write: gets each line, with its line feed; False ends it.
        status: gets sentences about the connection.
        timeout: seconds that the server has to answer at the beginning.
        trust, password: as for ``Client``.
    """

    def __init__(
        self,
        address: str,
        name: str,
        *,
        others: bool,
        write: Callable[[bytes], bool],
        status: Callable[[str], None],
        timeout: float,
        trust: bool | str = False,
        password: str | None = None,
    ) -> None:
        self._address = address
        self._name = name
        self._others = others
        self._write = write
        self._status = status
        self._timeout = timeout
        self._trust = trust
        self._password = password
        self._client: Client | None = None
        self._ended = False
        self.began = False  # whether it was in the room

    def run(self, room: str, start: Start, *, as_json: bool) -> None:
        """Follow until ``end``, until nobody takes the lines, or until the server does not want us any more.

        Raises:
            ConnectError: nobody answers at the beginning, or the server does not take us back.
            Denied: the server refuses.
        """
        client = self._client = connect_once(
            self._address, self._name, others=self._others, request_timeout=self._timeout, trust=self._trust,
            password=self._password,
        )  # fmt: skip
        try:
            joined = _join(client, room, start)
            self.began = True
            begun, since = False, start.since
            for event in client.events():
                if self._ended:
                    return
                begun |= event is joined  # before it stands what came while the beginning was looked for
                if not begun:
                    continue
                if isinstance(event, Entry) and event.room == joined.room and since is not None:
                    if event.seq <= joined.last_seq and _is_before(event, since):
                        continue
                    since = None  # from here on all, whatever the clock was put to later
                if not self._show(event, joined.room, as_json):
                    return
        finally:
            client.close(timeout=0.5)

    def end(self) -> None:
        """Make ``run`` end soon."""
        self._ended = True
        if self._client is not None:
            self._client.close(timeout=0.5)

    def _show(self, event: ClientEvent, room: str, as_json: bool) -> bool:
        match event:
            case Entry() | Gap() if event.room == room:
                line = json_line(event) if as_json else text_line(event)
                return not line or self._write(line)
            case ConnectionLost():
                self._status(f"{harmless(event.reason)} Trying again; nothing will be missing.")
            case ConnectionBack():
                self._status("Connected again.")
            case ConnectionEnded():
                raise ConnectError(harmless(event.reason))
        return True


def json_line(event: AnyEntry | Gap) -> bytes:
    """A message as `roomchat export` writes it, or a gap as the server sends it."""
    return harmless_json(encode(event))


def text_line(event: AnyEntry | Gap) -> bytes:
    """One line whatever the entry says, fit for a terminal: its line feeds are shown as signs; nothing for a kind
    that is not shown."""
    if isinstance(event, Gap):
        hole = f"Messages after {event.after} and before {event.before} are missing"
        line = f"({hole}: the server no longer keeps them.)"
    elif type(event) not in _SHOWN:
        return b""
    else:
        try:
            time = datetime.fromisoformat(event.ts).astimezone().isoformat(" ", "seconds")
        except (ValueError, OverflowError):
            time = event.ts
        line = f"{time} {_SHOWN[type(event)](event)}"
    return f"{harmless(line)}\n".encode()


def _spoken(entry: Spoken) -> str:
    star, text = said(entry)
    return f"{star}{entry.name} {text}" if star else f"{entry.name}: {text}"


def _deed(entry: Deed) -> str:
    return f"-- {entry.name} {deed(entry)}"


_SHOWN: Table[str] = spoken(_spoken) | deeds(_deed)


def _join(client: Client, room: str, start: Start) -> Joined:
    if start.after is not None:
        return client.join(room, after=start.after)
    if start.since is None:
        return client.join(room, history=start.history)
    joined = client.join(room, history=0)
    after = _last_before(client, joined, start.since)
    client.leave(joined.room)  # only who comes in can have the log from a place on
    return client.join(joined.room, after=after)


def _last_before(client: Client, joined: Joined, since: int) -> int:
    """A seq with all messages from a time on behind it, by halving: some 20 questions for a million.

    It is the last such one, but where a page has nothing that this version knows: then an earlier one.
    """
    before, from_then = 0, joined.last_seq + 1
    while from_then - before > 1:
        middle = (before + from_then) // 2
        page = _page(client, joined.room, middle, 1)
        if not page.messages and page.more:
            page = _page(client, joined.room, middle, PAGE)
        if not page.messages and page.more:
            from_then = middle  # it may be; what comes too early is passed over when it comes
        elif page.messages and not _is_before(page.messages[-1], since):
            from_then = min(middle, page.messages[-1].seq)
        else:
            before = middle
    return before


def _page(client: Client, room: str, upto: int, limit: int) -> HistoryPage:
    page = client.request(History(room=room, before=upto + 1, limit=limit))
    if not isinstance(page, HistoryPage):
        raise ConnectError(OTHER_ANSWER)
    return page


def _is_before(entry: Entry, since: int) -> bool:
    return _milliseconds(entry.ts) < since


def _milliseconds(timestamp: str) -> float:
    try:
        return datetime.fromisoformat(timestamp).timestamp() * 1000
    except (ValueError, OverflowError):
        raise ConnectError(f"The server sent {harmless(timestamp)!r}, which is not a time.") from None
