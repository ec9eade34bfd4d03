"""Everyone on the server, page by page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from roomchat.client.client import Client
from roomchat.errors import Denied
from roomchat.protocol import Event, Person, Who, WhoPage


def people(client: Client) -> Iterator[Sequence[Person]]:
    """The pages of those who are on the server, each when the roster has heard of it: it is an event as any other.

    Raises:
        ConnectError: it does not answer in time.
    """
    after, last = -1, 0
    while last > after:
        after = last
        page: Event | None = None
        with contextlib.suppress(Denied):  # it does not tell
            page = client.request(Who(after=after))
        if isinstance(page, WhoPage) and page.clients:
            last = page.clients[-1].uid
            yield page.clients
