"""How a person leaves the chat, and what becomes of what was typed and not sent."""

from __future__ import annotations

import threading

from roomchat.harmless import harmless
from roomchat.protocol import Join
from roomchat.terminal.arrival import Arrival
from roomchat.terminal.typed.input import InputSource, Question, Typed
from roomchat.terminal.unsent import keep, leads, messages, waiting_lines
from roomchat.terminal.windows.display import Display


class Leaving:
    """The part of ``Terminal`` that ends it."""

    arrival: Arrival
    current_command: str
    display: Display
    returned: list[str]
    _asked: bool
    _interactive: bool
    _interrupted: bool
    _left: threading.Lock
    _source: InputSource
    _typed_is_kept: bool

    def waits(self) -> str:
        """What the person should know before they leave: how many lines can't be sent now."""
        client = self.display.client
        if client is None or self.display.connected:
            return ""
        typed = messages(self.waiting())
        kept = self.arrival.kept and bool(not typed or self._room())
        return waiting_lines(len(client.pending) + len(typed), kept=kept)

    def waiting(self) -> list[Typed]:
        """What was typed and nobody has taken."""
        return [*self.arrival.held, *self._source.waiting()]

    def unsent(self) -> str:
        """When all is over: what was not sent; nothing if all was."""
        unsent = (
            waiting_lines(len(self.display.client.pending), kept=self.arrival.kept)
            if self.display.client is not None
            else ""
        )
        returned = "\n  ".join(["Not sent, and not kept:", *map(harmless, self.returned)]) if self.returned else ""
        return "\n".join(filter(None, [unsent, returned]))

    def _leave(self) -> None:
        """Give the client what waits for it, and say goodbye. On any thread; the second finds nothing to do."""
        with self._left:
            client, waiting = self.display.client, self._source.waiting()
            if client is None or self._typed_is_kept:
                return
            self._typed_is_kept = True
            if self._interactive and (self._interrupted or self.arrival.held):  # else all was sent
                current = [Typed(self.current_command)] if leads(self.current_command, self.display.roster) else []
                waiting = [*current, *self.arrival.held, *waiting]
                self.returned += keep(client, self.display.roster, self._room(), waiting)
            self.display.part()
            client.close(timeout=0.5)

    def _room(self) -> str | None:
        """Where what is typed goes, as far as we know: perhaps we are not in yet."""
        client, first = self.display.client, self.arrival.first
        if first:  # not where the last time has ended
            return first[-1].room if isinstance(first[-1], Join) else None
        return self.display.focus.room or (client.room if client is not None else None)

    def is_on_its_way(self, question: Question | None) -> bool:
        """Whether that is answered, or something that leads elsewhere is being done: what is typed behind it is
        meant for there."""
        waiting = [self.current_command, self._source.taken, *(one.text for one in self.waiting())]
        return question is not None or any(leads(one, self.display.roster) for one in waiting)

    def _may_leave(self) -> bool:
        """Ask once, where somebody can answer."""
        waits = self.waits() if self._interactive and not self._asked else ""
        if waits:
            self._asked = True
            self.display.show(f"{waits} Type /quit again to leave.", "trouble")
        return not waits
