"""A server that takes every message for a new one, whatever its n."""

from __future__ import annotations

from roomchat.chat import commands
from roomchat.cli import main


def always(batch: object, session: object, n: int | None) -> bool:
    return True


assert hasattr(commands, "is_next"), "the mutant would change nothing"
commands.is_next = always
main()
