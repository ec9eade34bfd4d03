"""The terminal itself, as the screen writes to it."""

from __future__ import annotations

from prompt_toolkit.output.vt100 import Vt100_Output


class ScreenOutput(Vt100_Output):
    """A terminal that is not asked where its cursor is: a late answer would stand among what is typed."""

    @property
    def responds_to_cpr(self) -> bool:
        """Not asked."""
        return False
