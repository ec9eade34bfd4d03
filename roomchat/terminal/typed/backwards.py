"""A room's log, read from its end to its beginning."""

from __future__ import annotations

from roomchat.client.client import Client
from roomchat.protocol import PAGE, AnyEntry, History, HistoryPage, Unknown


class Backwards:
    """Pages of one room's log, the newest first. Belongs to one thread, which it may let wait.

    Args:
        room: whose log.
        before: the seq that reading begins in front of; None: behind the newest.
    """

    def __init__(self, room: str, before: int | None = None) -> None:
        self.room = room
        self.before = before
        self.at_start = False  # nothing was said before what was read

    def page(self, client: Client, limit: int = PAGE) -> list[AnyEntry | Unknown]:
        """The next entries towards the beginning, at most ``limit``, oldest first; none behind the last of them.

        Raises:
            ConnectError: there is no connection, or no answer.
            Denied: the server does not show that log; there is nothing more to read then.
        """
        if self.at_start:
            return []
        self.at_start = True  # unless an answer says otherwise
        answer = client.request(History(room=self.room, before=self.before, limit=min(limit, PAGE)))
        if not isinstance(answer, HistoryPage) or not answer.entries:
            return []
        first = answer.entries[0].seq
        if self.before is not None and first >= self.before:  # a server that goes in circles
            return []
        self.before, self.at_start = first, not answer.more
        return answer.entries

    def read_again(self, before: int) -> None:
        """Go on in front of an entry that was read already."""
        self.before, self.at_start = before, False
