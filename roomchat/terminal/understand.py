"""What a typed line asks for, also if it names somebody of whom only the server knows."""

from __future__ import annotations

import contextlib

from roomchat.protocol import Command
from roomchat.terminal.typed.commands import parse
from roomchat.terminal.typed.everyone import people
from roomchat.terminal.typed.local import Local
from roomchat.terminal.typed.slash import NobodyCalled
from roomchat.terminal.windows.display import Display


def understand(typed: str, display: Display) -> Command | Local | None:
    """What a typed line asks for.

    Nobody tells us of people who came later and are in no room of ours. So for a name that we have not heard we
    page through the people on the server until it is found; the person, who did not ask for the list, does not see
    it.

    Raises:
        TypingError: it can't be understood.
        ConnectError: the server does not answer in time.
    """
    try:
        return parse(typed, display.roster)
    except NobodyCalled:
        if display.client is None or not display.connected:
            raise
    for _ in people(display.client):
        with contextlib.suppress(NobodyCalled):
            return parse(typed, display.roster)
    return parse(typed, display.roster)
