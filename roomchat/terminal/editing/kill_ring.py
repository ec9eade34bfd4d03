"""What was taken out of lines, to be put back: one ring for all windows."""

from __future__ import annotations

MAX_KILLS = 60  # more than anybody goes back


class KillRing:
    """Texts, the newest last. Belongs to the main thread."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._back = 0  # how far ``older`` has gone

    def add(self, text: str, *, joins: bool = False, in_front: bool = False) -> None:
        """One more.

        Args:
            text: what was taken out; nothing is not kept.
            joins: it was taken out right after the last one, and is one with it.
            in_front: it stood before the cursor, and so before what it joins.
        """
        if not text:
            return
        if joins and self._texts:
            last = self._texts.pop()
            text = text + last if in_front else last + text
        self._texts = [*self._texts[1 - MAX_KILLS :], text]
        self._back = 0

    def newest(self) -> str:
        """The last one, or where ``older`` has gone."""
        return self._texts[-1 - self._back] if self._texts else ""

    def older(self) -> str:
        """The one before; behind the oldest, the newest again."""
        if self._texts:
            self._back = (self._back + 1) % len(self._texts)
        return self.newest()
